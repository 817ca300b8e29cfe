/// Finds chunks without their table, for a file that ends before it: each begins where the decoder of the one before has
/// stopped.
struct ChunkScan {
  private let file: ByteReader
  private let header: LASHeader
  private let record: LASzipRecord

  init(_ file: ByteReader, _ header: LASHeader, _ record: LASzipRecord) {
    self.file = file
    self.header = header
    self.record = record
  }

  /// The chunks up to the first that cannot be read, and why that cannot.
  ///
  /// Damage that the decoder does not notice would give points that are none, so a chunk that reaches out of the bounds
  /// that the header tells ends the search too.
  ///
  /// - Complexity: decodes every chunk once, on the caller's thread.
  func chunks() -> (chunks: [Chunk], reason: String) {
    let count = Int(header.pointCount)
    var (offset, first) = (header.pointDataOffset + (record.chunkSize == nil ? 0 : 8), 0)
    var chunks: [Chunk] = []
    var coder = record.makeCoder(recordLength: header.recordLength, fields: .height)
    while first < count {
      guard offset < file.count, let size = chunkSize(at: offset), size > 0, size <= count - first,
        let end = end(of: size, at: offset, &coder)
      else { return (chunks, "the chunk table and what lies here are damaged") }
      chunks.append(Chunk(bytes: offset..<end, points: first..<first + size))
      (offset, first) = (end, first + size)
    }
    return (chunks, "")
  }

  /// How many points the chunk at `offset` has. Layered ones say it themselves; of the others only the last may be short.
  private func chunkSize(at offset: Int) -> Int? {
    if record.isLayered {
      let place = offset + header.recordLength
      return file.has(4, at: UInt64(place)) ? Int(file.number(at: place, as: UInt32.self)) : nil
    }
    guard let size = record.chunkSize else { return Int(header.pointCount) }
    return size == LASzipRecord.variableChunkSize ? nil : Int(size)
  }

  private func end(of points: Int, at offset: Int, _ coder: inout any ChunkCoder) -> Int? {
    let source = unsafe UnsafeRawBufferPointer(rebasing: file.block.bytes[offset...])
    guard source.count > header.recordLength + 4, points / ChunkTable.pointsPerByteMax < source.count,
      let scratch = try? ByteBlock(count: points * header.recordLength),
      case .complete(let unread) = unsafe coder.decode(source, into: scratch.base, count: points)
    else { return nil }
    let records = PointRecords(block: scratch, start: 0, length: header.recordLength, count: points)
    return isWithinBounds(records) ? file.count - unread : nil
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
