/// Reads little-endian numbers at given places of a file, never outside of what is in memory of it.
@safe struct ByteReader {
  let block: ByteBlock
  /// Where in the file the block begins.
  let start: Int
  /// Bytes of the whole file.
  let count: Int

  /// A reader of a file that is in memory.
  init(block: ByteBlock) { self.init(block: block, start: 0, count: block.count) }

  /// A reader of the part of a file that is in memory.
  init(block: ByteBlock, start: Int, count: Int) {
    self.block = block
    self.start = start
    self.count = count
  }

  /// Which places of the file are in memory.
  var range: Range<Int> { start..<start + block.count }

  /// Whether the file has `length` bytes at `offset`. Both may be anything a hostile header says.
  func has(_ length: UInt64, at offset: UInt64) -> Bool {
    let (end, overflow) = offset.addingReportingOverflow(length)
    return !overflow && end <= UInt64(count)
  }

  func require(_ length: UInt64, at offset: Int, for what: String) throws(PointCloudError) {
    guard offset >= 0, has(length, at: UInt64(offset)) else {
      throw .truncated(what, at: offset, needs: length, has: max(0, count - max(0, offset)))
    }
  }

  /// A number that is in memory; `require` has been called for it. Traps otherwise.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    precondition(offset >= start && offset - start + MemoryLayout<Number>.size <= block.count)
    return unsafe Number(littleEndian: block.bytes.loadUnaligned(fromByteOffset: offset - start, as: Number.self))
  }

  func double(at offset: Int) -> Double { Double(bitPattern: number(at: offset, as: UInt64.self)) }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    unsafe Array(block.bytes[range.lowerBound - start..<range.upperBound - start])
  }

  /// Text up to the first NUL, as ASCII; other bytes become question marks.
  func text(_ range: Range<Int>) -> String {
    let bytes = bytes(range).prefix { $0 != 0 }
    return String(decoding: bytes.map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self)
  }
}
