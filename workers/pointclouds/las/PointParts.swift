import Numerics
import Synchronization

/// The parts of a file's points that can be read each on its own: the chunks of a compressed file, stretches of another.
struct PointParts: Sendable {
  let file: InputFile
  let header: LASHeader
  /// How the points are compressed; nil where they are not.
  let compression: LASzipRecord?
  let chunks: [Chunk]

  /// Points in each part of a file that is not compressed: as many as a chunk has as a rule.
  private static let stretchPoints = Int(LASzipRecord.writtenChunkSize)

  init(_ file: InputFile, _ header: LASHeader, _ compression: LASzipRecord?, chunks: [Chunk]) {
    (self.file, self.header) = (file, header)
    (self.compression, self.chunks) = (compression, chunks)
  }

  /// The parts of points that are not compressed, as far as the file has them.
  init(uncompressed file: InputFile, _ header: LASHeader) {
    let (start, length) = (header.pointDataOffset, header.recordLength)
    let count = min(Int(header.pointCount), (file.byteCount - start) / length)
    let chunks = stride(from: 0, to: count, by: Self.stretchPoints).map { first in
      let points = first..<min(count, first + Self.stretchPoints)
      return Chunk(bytes: start + points.lowerBound * length..<start + points.upperBound * length, points: points)
    }
    self.init(file, header, nil, chunks: chunks)
  }

  var count: Int { chunks.last?.points.upperBound ?? 0 }

  /// Reads all points into one block.
  ///
  /// - Parameters:
  ///   - fields: what is decoded of layered points.
  ///   - isSalvaging: whether to leave out damaged parts instead of throwing.
  /// - Throws: `corrupt`, naming the first damaged chunk that was found; `fileAccess`; `cancelled`.
  func read(
    _ fields: PointFields, threads: Int, isSalvaging: Bool = false, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (points: PointRecords, losses: [Loss]) {
    let length = header.recordLength
    let target = try ByteBlock(count: count * length)
    let workspaces = workspaces(fields)
    let faults = Mutex<[Int: PartFault]>([:])
    let isComplete = parallelFor(
      chunks.count, threads: threads,
      keepGoing: { begun in
        let isSound = faults.withLock { $0.values.allSatisfy { isSalvaging && $0.isDamage } }
        return isSound && keepGoing(Double(begun) / Double(chunks.count))
      }
    ) { index in
      workspaces.using { workspace in
        let start = unsafe target.base + chunks[index].points.lowerBound * length
        do throws(PartFault) { try unsafe read(chunks[index], with: workspace, into: start) } catch {
          faults.withLock { $0[index] = error }
        }
      }
    }
    let found = faults.withLock { $0.sorted { $0.key < $1.key } }
    if let (index, fault) = found.first(where: { !isSalvaging || !$0.value.isDamage }) {
      throw fault.error(index, chunks[index])
    }
    guard isComplete else { throw .cancelled }
    let losses = found.map { index, fault in
      Loss(chunk: index, points: chunks[index].points, bytes: chunks[index].bytes, reason: fault.reason)
    }
    let points = PointRecords(block: target, start: 0, length: length, count: count)
    return (points.removing(losses.map(\.points)), losses)
  }

  private func workspaces(_ fields: PointFields) -> IdlePool<PartWorkspace> {
    let (compression, length) = (compression, header.recordLength)
    return IdlePool { PartWorkspace(compression, recordLength: length, fields: fields) }
  }

  /// Makes something of the records of each part by `transform`, on several threads at once, and hands it to `consume` in the order
  /// of the file, on the caller's thread.
  ///
  /// - Complexity: one part for each thread is in memory, with its compressed bytes, and what was made of twice as many parts as there
  ///   are threads.
  func forEachInOrder<Made: Sendable>(
    _ fields: PointFields, threads: Int, keepGoing: (Double) -> Bool,
    _ transform: @Sendable (_ records: PointRecords) throws(PointCloudError) -> Made,
    _ consume: (Made) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    let workspaces = workspaces(fields)
    let isComplete = try parallelInOrder(
      chunks.count, threads: threads, ahead: 2 * threads,
      keepGoing: { keepGoing(Double($0) / Double(chunks.count)) },
      { (index, _) throws(PointCloudError) in
        let result = workspaces.using { workspace in
          Result { () throws(PointCloudError) in
            let records: PointRecords
            do throws(PartFault) { records = try self.records(of: index, workspace) } catch {
              throw error.error(index, chunks[index])
            }
            return try transform(records)
          }
        }
        return try result.get()
      }, { (_, made) throws(PointCloudError) in try consume(made) })
    guard isComplete else { throw .cancelled }
  }

  private func records(of index: Int, _ workspace: PartWorkspace) throws(PartFault) -> PointRecords {
    let (length, points) = (header.recordLength, chunks[index].points)
    let block = try workspace.records(points.count * length)
    try unsafe read(chunks[index], with: workspace, into: block.base)
    return PointRecords(block: block, start: 0, length: length, count: points.count, first: points.lowerBound)
  }

  private func read(
    _ chunk: Chunk, with workspace: PartWorkspace, into target: UnsafeMutableRawPointer
  ) throws(PartFault) {
    let source = try workspace.source(chunk.bytes.count)
    do throws(PointCloudError) { try file.read(chunk.bytes, into: source, at: 0) } catch { throw .failed(error) }
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: source.bytes[..<chunk.bytes.count])
    guard compression != nil else { return unsafe target.copyMemory(from: source.base, byteCount: bytes.count) }
    try unsafe check(workspace.decode(bytes, into: target, count: chunk.points.count), chunk)
  }

  /// LAZ has no checksum, but damage makes the decoder use too many bytes or too few.
  private func check(_ outcome: ChunkOutcome, _ chunk: Chunk) throws(PartFault) {
    switch outcome {
    case .exhausted(let point): throw .damaged("its bytes end at point \(point) of \(chunk.points.count)")
    case .complete(let unread) where compression?.chunkSize != nil && unread > ChunkOutcome.paddingMax:
      throw .damaged("\(unread) of its \(chunk.bytes.count) bytes are left over")
    case .complete: return
    case .damaged(let what): throw .damaged(what)
    }
  }
}

/// Why a part could not be read.
enum PartFault: Error {
  case damaged(String)
  case failed(PointCloudError)

  var isDamage: Bool { if case .damaged = self { true } else { false } }

  var reason: String {
    switch self {
    case .damaged(let what): what
    case .failed(let error): error.message
    }
  }

  func error(_ index: Int, _ chunk: Chunk) -> PointCloudError {
    switch self {
    case .damaged(let what): .corruptChunk(index, at: chunk.bytes.lowerBound, what)
    case .failed(let error): error
    }
  }
}
