public import StrataCore

extension MemoryQueue {
  public func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    for job in jobs { try limits.check(job) }
    try requireGeneration()
    return add(jobs)
  }

  public func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    for job in jobs { try limits.check(job) }
    return add(jobs)
  }

  private func add(_ added: [QueuedJob]) -> [EnqueueVerdict] {
    var counts: [TierName: Int] = [:]
    let verdicts = added.map { job -> EnqueueVerdict in
      guard jobs[job.id] == nil else { return .alreadyHeld }
      jobs[job.id] = HeldJob(job: job, attemptsMade: job.attemptsMade)
      counts[job.tier, default: 0] += 1
      return .enqueued
    }
    for (tier, count) in counts { wake(tier, count: count) }
    bell.ring()
    return verdicts
  }

  public func cancel(_ ids: [JobID]) async throws(QueueError) -> [CancelVerdict] {
    try requireGeneration()
    var removed: [JobID] = []
    let verdicts = ids.map { id -> CancelVerdict in
      guard let held = jobs[id] else { return .unknown }
      guard let lease = held.lease else {
        jobs[id] = nil
        removed.append(id)
        return .removed
      }
      if !lease.isCancelRequested { signalled[lease.worker, default: []].append(.cancel(id)) }
      jobs[id]?.lease?.isCancelRequested = true
      return .signalled
    }
    if !removed.isEmpty { logRemoval(of: removed) }
    bell.ring()
    return verdicts
  }

  private func logRemoval(of removed: [JobID]) {
    let tick = tick()
    for (place, id) in removed.enumerated() {
      outcomeLog.append(
        QueuedOutcome(
          position: position(tick, place), job: id, token: FencingToken(rawValue: 0), attempt: 0, ending: .cancelled,
          isFinal: true, worker: nil, startedAt: nil, endedAt: now, report: []))
    }
  }

  public func status(of ids: [JobID]) async throws(QueueError) -> [QueueStatus?] {
    try requireGeneration()
    return ids.map { id in
      guard let held = jobs[id] else { return nil }
      guard let lease = held.lease else {
        let ahead = ready(in: held.job.tier).firstIndex { $0.job.id == id }
        return .ready(ahead: ahead ?? 0, attemptsMade: held.attemptsMade)
      }
      return .leased(
        LeaseStatus(
          worker: lease.worker, token: lease.token, attempt: held.attemptsMade + 1, startedAt: lease.startedAt,
          fraction: lease.fraction, stage: lease.stage, isCancelRequested: lease.isCancelRequested))
    }
  }

  public func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog? {
    try requireGeneration()
    guard let log = liveLogs[job], log.expiresAt.map({ $0 > now }) ?? true else { return nil }
    return LiveLog(token: log.token, bytes: Array(log.bytes.dropFirst(max(0, offset))))
  }

  public func census() async throws(QueueError) -> QueueCensus {
    try requireGeneration()
    var tiers: [TierName: QueueCensus.Tier] = [:]
    for held in jobs.values {
      if held.lease == nil {
        tiers[held.job.tier, default: .init()].ready += 1
      } else {
        tiers[held.job.tier, default: .init()].leased += 1
      }
    }
    let known = workers.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(limits.censusWorkersMax)
    return QueueCensus(
      tiers: tiers,
      workers: known.map { id, deadline in
        QueueCensus.Worker(id: id, deadline: deadline, leases: jobs.values.count { $0.lease?.worker == id })
      }, outcomesPending: outcomeLog.count, unreadable: unreadableLog.count)
  }
}
