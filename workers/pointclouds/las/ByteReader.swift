/// Reads little-endian numbers at given places of a file, never outside it.
@safe struct ByteReader {
  let block: ByteBlock

  var count: Int { block.count }

  /// Whether `length` bytes lie at `offset`. Both may be anything a hostile header says.
  func has(_ length: UInt64, at offset: UInt64) -> Bool {
    let (end, overflow) = offset.addingReportingOverflow(length)
    return !overflow && end <= UInt64(count)
  }

  func require(_ length: UInt64, at offset: Int, for what: String) throws(PointCloudError) {
    guard offset >= 0, has(length, at: UInt64(offset)) else {
      throw .truncated(what, at: offset, needs: length, has: max(0, count - max(0, offset)))
    }
  }

  /// A number that lies within the file; `require` has been called for it. Traps otherwise.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count)
    return unsafe Number(littleEndian: block.bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  func double(at offset: Int) -> Double { Double(bitPattern: number(at: offset, as: UInt64.self)) }

  func bytes(_ range: Range<Int>) -> [UInt8] { unsafe Array(block.bytes[range]) }

  /// Text up to the first NUL, as ASCII; other bytes become question marks.
  func text(_ range: Range<Int>) -> String {
    let bytes = bytes(range).prefix { $0 != 0 }
    return String(decoding: bytes.map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self)
  }
}
