internal import StrataCore

/// A job as Redis keeps it: one packed value, whose layout `scripts/shared/record.lua` describes.
struct JobRecord {
  struct LeasePart {
    let token: FencingToken
    let worker: WorkerID
    let startedAt: Timestamp
  }

  let priority: JobPriority
  let attemptsMax: Int
  let attemptsMade: Int
  let tier: TierName
  let lease: LeasePart?
  let isCancelRequested: Bool
  let payload: [UInt8]

  /// - Returns: nil where the bytes are no record.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let state = reader.number(UInt8.self), let rawPriority = reader.number(UInt8.self),
      let priority = JobPriority(rawValue: Int(rawPriority)), let attemptsMax = reader.number(UInt16.self),
      let attemptsMade = reader.number(UInt16.self), let tierLength = reader.number(UInt8.self)
    else { return nil }
    lease = state == 0 ? nil : Self.lease(&reader)
    guard state == 0 || lease != nil, let tier = reader.text(Int(tierLength)).flatMap(TierName.init(rawValue:)) else {
      return nil
    }
    (self.priority, self.tier) = (priority, tier)
    (self.attemptsMax, self.attemptsMade) = (Int(attemptsMax), Int(attemptsMade))
    isCancelRequested = state == 2
    payload = reader.remainder()
  }

  private static func lease(_ reader: inout ByteReader) -> LeasePart? {
    guard let token = reader.token(), let worker = reader.identifier(WorkerID.self),
      let startedAt = reader.timestamp()
    else { return nil }
    return LeasePart(token: token, worker: worker, startedAt: startedAt)
  }

  /// The record of a job that becomes ready.
  static func ready(_ job: QueuedJob) -> [UInt8] {
    let tier = Array(job.tier.rawValue.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(7 + tier.count + job.payload.count)
    bytes.append(0)
    bytes.append(UInt8(job.priority.rawValue))
    bytes += UInt16(clamping: job.attemptsMax).bigEndianBytes
    bytes += UInt16(clamping: job.attemptsMade).bigEndianBytes
    bytes.append(UInt8(tier.count))
    bytes += tier
    bytes += job.payload
    return bytes
  }

  /// The lease that `bytes` describe, of job `id`.
  static func granted(_ id: JobID, _ bytes: [UInt8]) -> Lease? {
    guard let record = JobRecord(bytes), let part = record.lease else { return nil }
    let job = QueuedJob(
      id: id, tier: record.tier, priority: record.priority, attemptsMax: record.attemptsMax,
      attemptsMade: record.attemptsMade, payload: record.payload)
    return Lease(job: job, token: part.token, attempt: record.attemptsMade + 1)
  }
}
