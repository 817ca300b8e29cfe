internal import StrataCore

/// A job as Redis keeps it: one packed value, whose layout `scripts/shared/record.lua` describes.
struct JobRecord {
  enum State: UInt8 { case ready, leased, cancelling, delayed }

  struct LeasePart {
    let token: FencingToken
    let worker: WorkerID
    let startedAt: Timestamp
  }

  let state: State
  let priority: JobPriority
  let attemptsMax: Int
  let attemptsMade: Int
  let workersLost: Int
  let tenant: TenantID
  let lease: LeasePart?
  let payload: [UInt8]

  /// - Returns: nil where the bytes are no record.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let state = reader.number(UInt8.self).flatMap(State.init(rawValue:)),
      let priority = reader.number(UInt8.self).flatMap({ JobPriority(rawValue: Int($0)) }),
      let attemptsMax = reader.number(UInt16.self), let attemptsMade = reader.number(UInt16.self),
      let workersLost = reader.number(UInt8.self), reader.number(UInt16.self) != nil,
      let tenant = reader.identifier(TenantID.self)
    else { return nil }
    let isLeased = state == .leased || state == .cancelling
    lease = isLeased ? Self.lease(&reader) : nil
    if isLeased, lease == nil { return nil }
    (self.state, self.priority, self.tenant) = (state, priority, tenant)
    (self.attemptsMax, self.attemptsMade) = (Int(attemptsMax), Int(attemptsMade))
    self.workersLost = Int(workersLost)
    payload = reader.remainder()
  }

  private static func lease(_ reader: inout ByteReader) -> LeasePart? {
    guard let token = reader.token(), let worker = reader.identifier(WorkerID.self),
      let startedAt = reader.timestamp(), reader.number(UInt64.self) != nil, reader.number(UInt8.self) != nil
    else { return nil }
    return LeasePart(token: token, worker: worker, startedAt: startedAt)
  }

  /// The record of a job that becomes ready, or waits for its time. The script fills in the number of its lane.
  static func waiting(_ job: QueuedJob) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(25 + job.payload.count)
    bytes.append((job.notBefore == nil ? State.ready : .delayed).rawValue)
    bytes.append(UInt8(job.priority.rawValue))
    bytes += UInt16(clamping: job.attemptsMax).bigEndianBytes
    bytes += UInt16(clamping: job.attemptsMade).bigEndianBytes
    bytes.append(UInt8(clamping: job.workersLost))
    bytes += [0, 0]
    bytes += job.tenant.bytes
    bytes += job.payload
    return bytes
  }

  /// The lease that `bytes` describe, of job `id` in `lane`.
  static func granted(_ id: JobID, _ lane: Lane, _ bytes: [UInt8]) -> Lease? {
    guard let record = JobRecord(bytes), let part = record.lease else { return nil }
    let job = QueuedJob(
      id: id, tenant: record.tenant, lane: lane, priority: record.priority, attemptsMax: record.attemptsMax,
      attemptsMade: record.attemptsMade, workersLost: record.workersLost, payload: record.payload)
    return Lease(job: job, token: part.token, attempt: record.attemptsMade + 1)
  }
}
