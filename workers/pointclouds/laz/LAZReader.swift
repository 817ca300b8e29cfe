import Numerics
import Synchronization

/// Decodes the compressed points of one file.
struct LAZReader {
  let chunks: [Chunk]
  private let file: ByteReader
  private let header: LASHeader
  private let record: LASzipRecord

  var isLayered: Bool { record.isLayered }

  /// Reads the LASzip record and the chunk table, and checks both against the file before anything is allocated.
  init(_ file: ByteReader, _ header: LASHeader, _ records: [VariableLengthRecord]) throws(PointCloudError) {
    guard let laszip = records.first(where: \.isLASzip) else {
      throw .corrupt("the points are said to be compressed, but no LASzip record says how", at: header.headerSize)
    }
    self.file = file
    self.header = header
    record = try LASzipRecord(laszip, header)
    chunks = try ChunkTable(file, header).chunks(chunkSize: record.chunkSize)
  }

  /// Decodes all chunks on at most `threads` threads, and of layered ones only `fields`.
  /// - Throws: `corrupt`, naming the first damaged chunk that was found; `cancelled`.
  func decode(_ fields: PointFields, threads: Int, keepGoing: (Double) -> Bool) throws(PointCloudError) -> PointRecords
  {
    let length = header.recordLength
    let target = try ByteBlock(count: Int(header.pointCount) * length)
    let decoders = CoderPool(record, recordLength: length, fields: fields)
    let faults = Mutex<[PointCloudError]>([])
    let isComplete = parallelFor(
      chunks.count, threads: threads,
      keepGoing: { begun in faults.withLock(\.isEmpty) && keepGoing(Double(begun) / Double(chunks.count)) }
    ) { index in
      guard let fault = decoders.using({ decode(index, into: target, &$0) }) else { return }
      faults.withLock { $0.append(fault) }
    }
    if let fault = faults.withLock({ $0.min { ($0.chunk ?? 0) < ($1.chunk ?? 0) } }) { throw fault }
    guard isComplete else { throw .cancelled }
    return PointRecords(block: target, start: 0, length: length, count: Int(header.pointCount))
  }

  private func decode(_ index: Int, into target: ByteBlock, _ decoder: inout any ChunkCoder) -> PointCloudError? {
    let chunk = chunks[index]
    let source = unsafe UnsafeRawBufferPointer(rebasing: file.block.bytes[chunk.bytes])
    let start = unsafe target.base + chunk.points.lowerBound * header.recordLength
    let outcome = unsafe decoder.decode(source, into: start, count: chunk.points.count)
    return fault(outcome, chunk).map { .corruptChunk(index, at: chunk.bytes.lowerBound, $0) }
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
