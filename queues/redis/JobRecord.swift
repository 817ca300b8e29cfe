internal import StrataCore

/// What the record of a job begins with, and so does its lease: see `scripts/shared/record.lua`.
struct JobHead {
  static let size = 24

  /// The number of its lane, as Redis has it.
  let lane: [UInt8]
  let tenant: TenantID
  let isDelayed: Bool
  let isPreemptible: Bool
  let attemptsMax: Int
  let attemptsMade: Int
  let workersLost: Int

  /// - Returns: nil where the bytes are none.
  init?(_ reader: inout ByteReader) {
    guard let lane = reader.bytes(2), let tenant = reader.identifier(TenantID.self),
      let flags = reader.number(UInt8.self), flags <= 7, let attemptsMax = reader.number(UInt16.self),
      let attemptsMade = reader.number(UInt16.self), let workersLost = reader.number(UInt8.self)
    else { return nil }
    (self.lane, self.tenant) = (Array(lane), tenant)
    (isDelayed, isPreemptible) = (flags & 1 == 1, flags & 4 == 4)
    (self.attemptsMax, self.attemptsMade) = (Int(attemptsMax), Int(attemptsMade))
    self.workersLost = Int(workersLost)
  }
}

/// A job as Redis keeps it: one packed value.
struct JobRecord {
  /// Of what stands before the payload.
  static let headSize = JobHead.size + 1

  let head: JobHead
  let priority: JobPriority
  let payload: [UInt8]

  /// - Returns: nil where the bytes are no record.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let head = JobHead(&reader),
      let priority = reader.number(UInt8.self).flatMap({ JobPriority(rawValue: Int($0)) })
    else { return nil }
    (self.head, self.priority, payload) = (head, priority, reader.remainder())
  }

  /// The record of a job that becomes ready, or waits for its time, but for its lane and tenant, which the script puts
  /// before it.
  static func waiting(_ job: QueuedJob) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headSize - 18 + job.payload.count)
    bytes.append((job.notBefore == nil ? 0 : 1) | (job.startBy == nil ? 0 : 2) | (job.isPreemptible ? 4 : 0))
    bytes += UInt16(clamping: job.attemptsMax).bigEndianBytes
    bytes += UInt16(clamping: job.attemptsMade).bigEndianBytes
    bytes.append(UInt8(clamping: job.workersLost))
    bytes.append(UInt8(job.priority.rawValue))
    bytes += job.payload
    return bytes
  }

  /// The job that `bytes` describe, as its worker gets it.
  static func granted(_ id: JobID, _ lane: Lane, _ bytes: [UInt8]) -> QueuedJob? {
    guard let record = JobRecord(bytes) else { return nil }
    let head = record.head
    return QueuedJob(
      id: id, tenant: head.tenant, lane: lane, priority: record.priority, attemptsMax: head.attemptsMax,
      attemptsMade: head.attemptsMade, workersLost: head.workersLost, isPreemptible: head.isPreemptible,
      payload: record.payload)
  }
}

/// A lease as `scripts/status.lua` tells it: as Redis keeps it, then its worker and its tier.
struct LeaseRecord {
  /// Without its worker and tier.
  static let size = 25 + JobHead.size

  let token: FencingToken
  let startedAt: Timestamp
  let isCancelRequested: Bool
  /// The class of the job that is to have its room; nil of an attempt that may go on.
  let preemptor: PriorityClass?
  let job: JobHead
  let worker: WorkerID
  /// Nil where nobody knows its lane any more.
  let tier: TierName?

  /// - Returns: nil where the bytes are no lease.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.size + 16 else { return nil }
    var reader = ByteReader(bytes)
    guard let token = reader.token(), let startedAt = reader.timestamp(), reader.number(UInt64.self) != nil,
      let flags = reader.number(UInt8.self), let job = JobHead(&reader),
      let worker = reader.identifier(WorkerID.self)
    else { return nil }
    (self.token, self.startedAt, isCancelRequested) = (token, startedAt, flags & 1 == 1)
    preemptor = flags & 8 == 8 ? PriorityClass(rawValue: Int(flags >> 4)) : nil
    (self.job, self.worker) = (job, worker)
    tier = TierName(rawValue: String(decoding: reader.remainder(), as: UTF8.self))
  }
}
