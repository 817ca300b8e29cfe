/// One stretch of points that can be read on its own.
struct Chunk: Hashable {
  /// Where its bytes lie in the file.
  let bytes: Range<Int>
  /// Which points it holds.
  let points: Range<Int>
}

/// Reads where the chunks lie. The table is itself compressed: version, number of chunks, then for each the change of
/// its points (when chunks vary) and of its bytes.
struct ChunkTable {
  private let file: InputFile
  private let header: LASHeader
  private let limits: ReadLimits

  init(_ file: InputFile, _ header: LASHeader, _ limits: ReadLimits) {
    self.file = file
    self.header = header
    self.limits = limits
  }

  func chunks(chunkSize: UInt32?) throws(PointCloudError) -> [Chunk] {
    let count = Int(header.pointCount)
    guard count > 0 else { return [] }
    guard let chunkSize else {
      let whole = Chunk(bytes: header.pointDataOffset..<file.byteCount, points: 0..<count)
      try whole.check(0, recordLength: header.recordLength, limits)
      return [whole]
    }
    let place = try tablePlace()
    let number = Int(try number(at: place + 4, for: "the chunk table") as UInt32)
    let start = header.pointDataOffset + 8
    guard number > 0, number <= place - start else {
      throw .corrupt("the chunk table announces \(number) chunks, which do not fit before it", at: place + 4)
    }
    return try decode(number, at: place, from: start, chunkSize: chunkSize)
  }

  private func number<Number: FixedWidthInteger>(
    at place: Int, for what: String
  ) throws(PointCloudError) -> Number {
    try file.reader(place..<place + MemoryLayout<Number>.size, for: what).number(at: place)
  }

  /// The points begin with the table's place; -1 says that it is in the last eight bytes of the file.
  private func tablePlace() throws(PointCloudError) -> Int {
    var pointer = header.pointDataOffset
    var place: Int64 = try number(at: pointer, for: "the place of the chunk table")
    if place == -1 {
      pointer = file.byteCount - 8
      place = try number(at: pointer, for: "the place of the chunk table")
    }
    guard place >= Int64(header.pointDataOffset + 8), place <= Int64(file.byteCount) else {
      throw .corrupt("the chunk table is said to be at byte \(place) of \(file.byteCount)", at: pointer)
    }
    return Int(place)
  }

  /// No entry takes more: its two numbers have at most 32 bits each, and as many that say how many those are.
  private static let entryBytesMax = 24

  private func decode(
    _ number: Int, at place: Int, from start: Int, chunkSize: UInt32
  ) throws(PointCloudError) -> [Chunk] {
    let end = min(file.byteCount, place + 8 + 64 + number * Self.entryBytesMax)
    let table = try file.read(place + 8..<max(end, place + 12), for: "the chunk table's entries")
    var decoder = unsafe ArithmeticDecoder(table.bytes)
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
        try chunk.check(index, recordLength: header.recordLength, limits)
        chunks.append(chunk)
      }
      (offset, first) = (chunk.bytes.upperBound, last)
    }
    guard first == Int(header.pointCount) else {
      throw .corrupt("the chunks hold \(first) of \(header.pointCount) points", at: place)
    }
    return chunks
  }
}

extension Chunk {
  /// Even identical points cost something: more points than this in a byte are a lie, and not worth their memory.
  static let pointsPerByteMax = 2_048

  /// - Throws: `corrupt` or `limitExceeded`, naming the chunk, where so many points cannot be in so few bytes.
  func check(_ index: Int, recordLength: Int, _ limits: ReadLimits) throws(PointCloudError) {
    let coded = bytes.count - recordLength
    guard coded >= 0, points.count == 1 || points.count / Self.pointsPerByteMax < coded else {
      throw .corruptChunk(index, at: bytes.lowerBound, "\(points.count) points cannot be in \(bytes.count) bytes")
    }
    try limits.checkExpansion(
      of: bytes.count, to: points.count * recordLength, "chunk \(index)", at: bytes.lowerBound)
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
  mutating func code(_ given: Entry, with coder: inout some ArithmeticCoder) -> Entry {
    let isVariable = chunkSize == LASzipRecord.variableChunkSize
    if isVariable {
      points = integers.code(Int32(truncatingIfNeeded: given.points), near: points, context: 0, with: &coder)
    }
    bytes = integers.code(Int32(truncatingIfNeeded: given.bytes), near: bytes, context: 1, with: &coder)
    let count = isVariable ? UInt32(bitPattern: points) : chunkSize
    return Entry(bytes: Int(UInt32(bitPattern: bytes)), points: Int(count))
  }
}
