internal import StrataCore

/// A job as Redis keeps it: one packed value, whose layout `scripts/shared/record.lua` describes.
struct JobRecord {
  /// Of what stands before the payload.
  static let headSize = 25

  let isDelayed: Bool
  let isPreemptible: Bool
  let priority: JobPriority
  let attemptsMax: Int
  let attemptsMade: Int
  let workersLost: Int
  let tenant: TenantID
  let payload: [UInt8]

  /// - Returns: nil where the bytes are no record.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard reader.number(UInt16.self) != nil, let tenant = reader.identifier(TenantID.self),
      let flags = reader.number(UInt8.self), flags <= 7,
      let priority = reader.number(UInt8.self).flatMap({ JobPriority(rawValue: Int($0)) }),
      let attemptsMax = reader.number(UInt16.self), let attemptsMade = reader.number(UInt16.self),
      let workersLost = reader.number(UInt8.self)
    else { return nil }
    (isDelayed, isPreemptible) = (flags & 1 == 1, flags & 4 == 4)
    (self.priority, self.tenant) = (priority, tenant)
    (self.attemptsMax, self.attemptsMade) = (Int(attemptsMax), Int(attemptsMade))
    self.workersLost = Int(workersLost)
    payload = reader.remainder()
  }

  /// The record of a job that becomes ready, or waits for its time, but for the number of its lane, which the script
  /// puts before it.
  static func waiting(_ job: QueuedJob) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headSize - 2 + job.payload.count)
    bytes += job.tenant.bytes
    bytes.append((job.notBefore == nil ? 0 : 1) | (job.startBy == nil ? 0 : 2) | (job.isPreemptible ? 4 : 0))
    bytes.append(UInt8(job.priority.rawValue))
    bytes += UInt16(clamping: job.attemptsMax).bigEndianBytes
    bytes += UInt16(clamping: job.attemptsMade).bigEndianBytes
    bytes.append(UInt8(clamping: job.workersLost))
    bytes += job.payload
    return bytes
  }

  /// The job that `bytes` describe, as its worker gets it.
  static func granted(_ id: JobID, _ lane: Lane, _ bytes: [UInt8]) -> QueuedJob? {
    guard let record = JobRecord(bytes) else { return nil }
    return QueuedJob(
      id: id, tenant: record.tenant, lane: lane, priority: record.priority, attemptsMax: record.attemptsMax,
      attemptsMade: record.attemptsMade, workersLost: record.workersLost, isPreemptible: record.isPreemptible,
      payload: record.payload)
  }
}

/// A lease as `scripts/status.lua` tells it: as Redis keeps it, and then its worker.
struct LeaseRecord {
  /// Without its worker.
  static let size = 50

  let token: FencingToken
  let startedAt: Timestamp
  let isCancelRequested: Bool
  /// The class of the job that is to have its room; nil of an attempt that may go on.
  let preemptor: PriorityClass?
  /// The number of its lane, as Redis has it.
  let lane: [UInt8]
  let job: JobRecord
  let worker: WorkerID

  /// - Returns: nil where the bytes are no lease.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.size + 16 else { return nil }
    var reader = ByteReader(bytes)
    guard let token = reader.token(), let startedAt = reader.timestamp(), reader.number(UInt64.self) != nil,
      let flags = reader.number(UInt8.self), let head = reader.bytes(JobRecord.headSize),
      let job = JobRecord(Array(head)), let worker = reader.identifier(WorkerID.self)
    else { return nil }
    (self.token, self.startedAt, isCancelRequested) = (token, startedAt, flags & 1 == 1)
    preemptor = flags & 8 == 8 ? PriorityClass(rawValue: Int(flags >> 4)) : nil
    (lane, self.job, self.worker) = (Array(head.prefix(2)), job, worker)
  }
}
