/// One stretch of compressed points that can be decoded on its own.
struct Chunk: Hashable {
  /// Where its bytes lie in what was read of the file.
  let bytes: Range<Int>
  /// Which points it holds.
  let points: Range<Int>
  /// How far its bytes have been moved towards the start, when only parts of the file were read.
  var shift = 0

  /// Where it begins in the file.
  var place: Int { bytes.lowerBound + shift }
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
    var decoder = unsafe ArithmeticCoder(UnsafeRawBufferPointer(rebasing: file.block.bytes[(place + 8)...]))
    var entries = ChunkEntries(chunkSize)
    var (offset, first) = (start, 0)
    var chunks: [Chunk] = []
    for index in 0..<number {
      let entry = entries.code(ChunkEntries.Entry(), with: &decoder)
      guard !decoder.isExhausted, entry.bytes <= place - offset else {
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
  static let pointsPerByteMax = 2_048

  private func check(_ chunk: Chunk, _ index: Int) throws(PointCloudError) {
    try Self.check(chunk, index, recordLength: header.recordLength)
  }

  static func check(_ chunk: Chunk, _ index: Int, recordLength: Int) throws(PointCloudError) {
    let coded = chunk.bytes.count - recordLength
    guard coded >= 0, chunk.points.count == 1 || chunk.points.count / Self.pointsPerByteMax < coded else {
      throw .corruptChunk(
        index, at: chunk.place, "\(chunk.points.count) points cannot be in \(chunk.bytes.count) bytes")
    }
  }
}

/// The entries of a chunk table, each as its change from the one before.
struct ChunkEntries {
  struct Entry {
    var bytes = 0
    var points = 0
  }

  private let arena = ModelArena()
  private var integers: IntegerCoder
  private let chunkSize: UInt32
  private var bytes: Int32 = 0
  private var points: Int32 = 0

  init(_ chunkSize: UInt32) {
    integers = IntegerCoder(arena, bits: 32, contexts: 2)
    arena.reset()
    self.chunkSize = chunkSize
  }

  /// Codes the next entry, as it is given or as it is read.
  mutating func code(_ given: Entry, with coder: inout ArithmeticCoder) -> Entry {
    let isVariable = chunkSize == LASzipRecord.variableChunkSize
    if isVariable {
      points = integers.code(Int32(truncatingIfNeeded: given.points), near: points, context: 0, with: &coder)
    }
    bytes = integers.code(Int32(truncatingIfNeeded: given.bytes), near: bytes, context: 1, with: &coder)
    let count = isVariable ? UInt32(bitPattern: points) : chunkSize
    return Entry(bytes: Int(UInt32(bitPattern: bytes)), points: Int(count))
  }
}
