import Synchronization

/// Coders waiting for work: their models take megabytes, so each is used again. There are never more than threads.
final class CoderPool: Sendable {
  private struct Idle: @unchecked Sendable { var coders: [any ChunkCoder] = [] }
  private let record: LASzipRecord
  private let recordLength: Int
  private let fields: PointFields
  private let idle = Mutex(Idle())

  init(_ record: LASzipRecord, recordLength: Int, fields: PointFields = .all) {
    self.record = record
    self.recordLength = recordLength
    self.fields = fields
  }

  func using<Result>(_ body: (inout any ChunkCoder) -> Result) -> Result {
    var coder = idle.withLock { $0.coders.popLast() } ?? record.makeCoder(recordLength: recordLength, fields: fields)
    let result = body(&coder)
    nonisolated(unsafe) let used = coder
    idle.withLock { unsafe $0.coders.append(used) }
    return result
  }
}
