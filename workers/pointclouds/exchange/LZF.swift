/// LZF, by which PCD files are compressed: runs of bytes as they are, and copies of what was before (liblzf's format).
enum LZF {
  /// No three bytes make more than 264.
  static let ratioMax = 88

  /// - Parameters:
  ///   - range: where the compressed bytes lie in the file, which has them.
  ///   - count: how many bytes they must make; at most `ratioMax` times as many as there are.
  /// - Throws: `corrupt`, naming the byte, when they make more or fewer, or copy from before the beginning; `limitExceeded` without memory.
  static func expand(_ file: ByteReader, _ range: Range<Int>, count: Int) throws(PointCloudError) -> ByteBlock {
    let output = try ByteBlock(count: count)
    var (place, filled) = (range.lowerBound, 0)
    func damaged() -> PointCloudError { .corrupt("the compressed points are damaged", at: place) }
    func append(_ byte: UInt8) {
      unsafe output.base.storeBytes(of: byte, toByteOffset: filled, as: UInt8.self)
      filled += 1
    }
    while place < range.upperBound {
      let control = Int(file.byte(place))
      place += 1
      if control < 32 {
        guard place + control < range.upperBound, filled + control < count else { throw damaged() }
        for place in place...place + control { append(file.byte(place)) }
        place += control + 1
        continue
      }
      var length = control >> 5
      if length == 7 {
        guard place < range.upperBound else { throw damaged() }
        length += Int(file.byte(place))
        place += 1
      }
      guard place < range.upperBound else { throw damaged() }
      let start = filled - ((control & 31) << 8) - Int(file.byte(place)) - 1
      place += 1
      guard start >= 0, filled + length + 2 <= count else { throw damaged() }
      // What is copied may grow while it is copied.
      for index in start..<start + length + 2 { append(unsafe output.bytes[index]) }
    }
    guard filled == count else { throw damaged() }
    return output
  }
}
