/// One stretch of compressed points that can be decoded on its own.
struct Chunk: Hashable {
  /// Where its bytes lie in the file.
  let bytes: Range<Int>
  /// Which points it holds.
  let points: Range<Int>
}

/// Reads where the chunks lie. The table is itself compressed: version, number of chunks, then for each the change of
/// its points (when chunks vary) and of its bytes.
struct ChunkTable {
  private let file: ByteReader
  private let header: LASHeader

  init(_ file: ByteReader, _ header: LASHeader) {
    self.file = file
    self.header = header
  }

  func chunks(chunkSize: UInt32?) throws(PointCloudError) -> [Chunk] {
    let count = Int(header.pointCount)
    guard count > 0 else { return [] }
    guard let chunkSize else {
      let whole = Chunk(bytes: header.pointDataOffset..<file.count, points: 0..<count)
      try check(whole, 0)
      return [whole]
    }
    let place = try tablePlace()
    try file.require(8, at: place, for: "the chunk table")
    let number = Int(file.number(at: place + 4, as: UInt32.self))
    let start = header.pointDataOffset + 8
    guard number > 0, number <= place - start else {
      throw .corrupt("the chunk table announces \(number) chunks, which do not fit before it", at: place + 4)
    }
    return try decode(number, at: place, from: start, chunkSize: chunkSize)
  }

  /// The points begin with the table's place; -1 says that it is in the last eight bytes of the file.
  private func tablePlace() throws(PointCloudError) -> Int {
    try file.require(8, at: header.pointDataOffset, for: "the place of the chunk table")
    var pointer = header.pointDataOffset
    var place: Int64 = file.number(at: pointer)
    if place == -1 {
      pointer = file.count - 8
      place = file.number(at: pointer)
    }
    guard place >= Int64(header.pointDataOffset + 8), place <= Int64(file.count) else {
      throw .corrupt("the chunk table is said to be at byte \(place) of \(file.count)", at: pointer)
    }
    return Int(place)
  }

  private func decode(
    _ number: Int, at place: Int, from start: Int, chunkSize: UInt32
  ) throws(PointCloudError) -> [Chunk] {
    try file.require(4, at: place + 8, for: "the chunk table's entries")
    var entries = unsafe ChunkEntries(UnsafeRawBufferPointer(rebasing: file.block.bytes[(place + 8)...]), chunkSize)
    var (offset, first) = (start, 0)
    var chunks: [Chunk] = []
    for index in 0..<number {
      guard let entry = entries.next(), entry.bytes <= place - offset else {
        throw .corruptChunk(index, at: offset, "its entry in the chunk table is impossible")
      }
      let last = min(Int(header.pointCount), first + entry.points)
      let chunk = Chunk(bytes: offset..<offset + entry.bytes, points: first..<last)
      // Some writers end with a chunk that has no points.
      if first < last {
        try check(chunk, index)
        chunks.append(chunk)
      }
      (offset, first) = (chunk.bytes.upperBound, last)
    }
    guard first == Int(header.pointCount) else {
      throw .corrupt("the chunks hold \(first) of \(header.pointCount) points", at: place)
    }
    return chunks
  }

  /// Even identical points cost something: more points than this in a byte are a lie, and not worth their memory.
  private static let pointsPerByteMax = 2_048

  private func check(_ chunk: Chunk, _ index: Int) throws(PointCloudError) {
    let raw = header.recordLength
    let coded = chunk.bytes.count - raw
    guard coded >= 0, chunk.points.count == 1 || chunk.points.count / Self.pointsPerByteMax < coded else {
      throw .corruptChunk(
        index, at: chunk.bytes.lowerBound, "\(chunk.points.count) points cannot be in \(chunk.bytes.count) bytes")
    }
  }
}

/// The entries of a chunk table, each as its change from the one before.
private struct ChunkEntries {
  private var decoder: ArithmeticDecoder
  private let arena = ModelArena()
  private var integers: IntegerDecoder
  private let chunkSize: UInt32
  private var bytes: Int32 = 0
  private var points: Int32 = 0

  /// - Parameter table: must outlive the entries.
  init(_ table: UnsafeRawBufferPointer, _ chunkSize: UInt32) {
    decoder = unsafe ArithmeticDecoder(table)
    integers = IntegerDecoder(arena, bits: 32, contexts: 2)
    arena.reset()
    self.chunkSize = chunkSize
  }

  /// - Returns: nil when the table's bytes have run out.
  mutating func next() -> (bytes: Int, points: Int)? {
    let isVariable = chunkSize == LASzipRecord.variableChunkSize
    if isVariable { points = integers.decode(points, context: 0, from: &decoder) }
    bytes = integers.decode(bytes, context: 1, from: &decoder)
    guard !decoder.isExhausted else { return nil }
    return (Int(UInt32(bitPattern: bytes)), isVariable ? Int(UInt32(bitPattern: points)) : Int(chunkSize))
  }
}
