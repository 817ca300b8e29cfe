/// Finds chunks without their table, for a file that ends before it: each begins where the decoder of the one before has
/// stopped.
struct ChunkScan {
  private let file: InputFile
  private let header: LASHeader
  private let record: LASzipRecord
  private let limits: ReadLimits

  init(_ file: InputFile, _ header: LASHeader, _ record: LASzipRecord, _ limits: ReadLimits) {
    (self.file, self.header) = (file, header)
    (self.record, self.limits) = (record, limits)
  }

  /// The chunks up to the first that cannot be read, and why that cannot.
  ///
  /// Damage that the decoder does not notice would give points that are none, so a chunk that reaches out of the bounds
  /// that the header tells ends the search too.
  ///
  /// - Complexity: decodes every chunk once, on the caller's thread.
  /// - Throws: `fileAccess`, `limitExceeded`.
  func chunks() throws(PointCloudError) -> (chunks: [Chunk], reason: String) {
    let count = Int(header.pointCount)
    var (offset, first) = (header.pointDataOffset + (record.chunkSize == nil ? 0 : 8), 0)
    var chunks: [Chunk] = []
    let coder = record.makeCoder(recordLength: header.recordLength, fields: .height)
    while first < count {
      guard offset < file.byteCount, let size = try chunkSize(at: offset), size > 0, size <= count - first,
        let end = try end(of: size, after: first, at: offset, coder)
      else { return (chunks, "the chunk table and what lies here are damaged") }
      chunks.append(Chunk(bytes: offset..<end, points: first..<first + size))
      (offset, first) = (end, first + size)
    }
    return (chunks, "")
  }

  /// How many points the chunk at `offset` has. Layered ones say it themselves; of the others only the last may be short.
  private func chunkSize(at offset: Int) throws(PointCloudError) -> Int? {
    if record.isLayered {
      let place = offset + header.recordLength
      guard place + 4 <= file.byteCount else { return nil }
      return Int(try file.reader(place..<place + 4, for: "a chunk's size").number(at: place, as: UInt32.self))
    }
    guard let size = record.chunkSize else { return Int(header.pointCount) }
    return size == LASzipRecord.variableChunkSize ? nil : Int(size)
  }

  /// At most so much of the file is read at first to find the end of a chunk; twice as much each time that it was too little.
  private static let windowBytes = 1 << 22
  /// Beside what its points take twice: small chunks do not have so much read again and again.
  private static let windowBytesMin = 1 << 12

  private func end(
    of points: Int, after first: Int, at offset: Int, _ coder: ChunkCoder
  ) throws(PointCloudError) -> Int? {
    let rest = file.byteCount - offset
    guard rest > header.recordLength + 4, points / Chunk.pointsPerByteMax < rest else { return nil }
    try limits.checkExpansion(of: rest, to: points * header.recordLength, "the chunk", at: offset)
    // Many chunks of little each are much, too, and are found by decoding them.
    try limits.checkExpansion(
      of: file.byteCount, to: (first + points) * header.recordLength, "the file", at: offset)
    let scratch = try ByteBlock(count: points * header.recordLength)
    var window = min(rest, Self.windowBytes, Self.windowBytesMin + 2 * points * header.recordLength)
    while true {
      let source = try file.read(offset..<offset + window, for: "a chunk")
      let outcome = unsafe coder.decode(source.bytes, into: scratch.base, count: points)
      if case .complete(let unread) = outcome, unread > 0 || window == rest {
        let records = PointRecords(block: scratch, start: 0, length: header.recordLength, count: points)
        return isWithinBounds(records) ? offset + window - unread : nil
      }
      guard window < rest else { return nil }
      window = min(rest, 2 * window)
    }
  }

  private func isWithinBounds(_ records: PointRecords) -> Bool {
    let axes = [
      (header.minimum.x, header.maximum.x, header.scale.x, header.offset.x),
      (header.minimum.y, header.maximum.y, header.scale.y, header.offset.y),
      (header.minimum.z, header.maximum.z, header.scale.z, header.offset.z),
    ]
    return axes.enumerated().allSatisfy { axis, range in
      let (low, high, scale, offset) = range
      guard low < high else { return true }
      let slack = abs(scale) * 2
      return records.column(at: 4 * axis, threads: 1) { (raw: Int32) in Double(raw) * scale + offset }
        .allSatisfy { $0 >= low - slack && $0 <= high + slack }
    }
  }
}
