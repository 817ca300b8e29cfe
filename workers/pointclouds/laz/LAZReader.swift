import Numerics
import Synchronization

/// Decodes the compressed points of one file.
struct LAZReader {
  let chunks: [Chunk]
  private let file: ByteReader
  private let header: LASHeader
  private let record: LASzipRecord
  /// The points after the last chunk that was found.
  private let missing: Loss?
  /// Why the chunk table could not be used, when the chunks were found without it.
  private(set) var tableFault: String?

  var isLayered: Bool { record.isLayered }

  /// Reads the LASzip record and the chunk table, and checks both against the file before anything is allocated.
  ///
  /// - Parameter isSalvaging: whether to look for chunks where they must lie when the table cannot be read.
  init(
    _ file: ByteReader, _ header: LASHeader, _ records: [VariableLengthRecord], isSalvaging: Bool = false
  ) throws(PointCloudError) {
    self.file = file
    self.header = header
    record = try Self.record(records, header)
    do {
      chunks = try ChunkTable(file, header).chunks(chunkSize: record.chunkSize)
      missing = nil
    } catch {
      guard isSalvaging, error.code == .corrupt || error.code == .truncated else { throw error }
      tableFault = "the chunks were found without their table: \(error.message)"
      let found = ChunkScan(file, header, record).chunks()
      chunks = found.chunks
      let (point, byte) = (chunks.last?.points.upperBound ?? 0, chunks.last?.bytes.upperBound ?? header.pointDataOffset)
      missing =
        point == Int(header.pointCount)
        ? nil
        : Loss(
          chunk: chunks.count, points: point..<Int(header.pointCount), bytes: byte..<file.count, reason: found.reason)
    }
  }

  /// Decodes chunks that were found in another way than by the table.
  init(_ file: ByteReader, _ header: LASHeader, _ record: LASzipRecord, chunks: [Chunk]) {
    self.file = file
    self.header = header
    self.record = record
    self.chunks = chunks
    missing = nil
  }

  static func record(
    _ records: [VariableLengthRecord], _ header: LASHeader
  ) throws(PointCloudError) -> LASzipRecord {
    guard let laszip = records.first(where: \.isLASzip) else {
      throw .corrupt("the points are said to be compressed, but no LASzip record says how", at: header.headerSize)
    }
    return try LASzipRecord(laszip, header)
  }

  /// Decodes all chunks on at most `threads` threads, and of layered ones only `fields`.
  ///
  /// - Parameter isSalvaging: whether to leave out damaged chunks instead of throwing.
  /// - Throws: `corrupt`, naming the first damaged chunk that was found; `cancelled`.
  func decode(
    _ fields: PointFields, threads: Int, isSalvaging: Bool = false, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (points: PointRecords, losses: [Loss]) {
    let length = header.recordLength
    let count = chunks.last?.points.upperBound ?? 0
    let target = try ByteBlock(count: count * length)
    let coders = CoderPool(record, recordLength: length, fields: fields)
    let faults = Mutex<[Int: String]>([:])
    let isComplete = parallelFor(
      chunks.count, threads: threads,
      keepGoing: { begun in
        (isSalvaging || faults.withLock(\.isEmpty)) && keepGoing(Double(begun) / Double(chunks.count))
      }
    ) { index in
      guard let fault = coders.using({ decode(index, into: target, &$0) }) else { return }
      faults.withLock { $0[index] = fault }
    }
    let damaged = faults.withLock { $0.sorted { $0.key < $1.key } }
    if !isSalvaging, let (index, fault) = damaged.first { throw .corruptChunk(index, at: chunks[index].place, fault) }
    guard isComplete else { throw .cancelled }
    let points = PointRecords(block: target, start: 0, length: length, count: count)
    let losses = damaged.map { loss($0.key, $0.value) }
    return (points.removing(losses.map(\.points)), losses + [missing].compactMap { $0 })
  }

  private func loss(_ index: Int, _ fault: String) -> Loss {
    let chunk = chunks[index]
    return Loss(
      chunk: index, points: chunk.points, bytes: chunk.place..<chunk.place + chunk.bytes.count, reason: fault)
  }

  private func decode(_ index: Int, into target: ByteBlock, _ coder: inout any ChunkCoder) -> String? {
    let chunk = chunks[index]
    let source = unsafe UnsafeRawBufferPointer(rebasing: file.block.bytes[chunk.bytes])
    let start = unsafe target.base + chunk.points.lowerBound * header.recordLength
    let outcome = unsafe coder.decode(source, into: start, count: chunk.points.count)
    return fault(outcome, chunk)
  }

  /// LAZ has no checksum, but damage makes the decoder use too many bytes or too few.
  private func fault(_ outcome: ChunkOutcome, _ chunk: Chunk) -> String? {
    switch outcome {
    case .exhausted(let point): "its bytes end at point \(point) of \(chunk.points.count)"
    case .complete(let unread) where record.chunkSize != nil && unread > ChunkOutcome.paddingMax:
      "\(unread) of its \(chunk.bytes.count) bytes are left over"
    case .complete: nil
    case .damaged(let what): what
    }
  }
}
