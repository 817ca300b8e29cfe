public import StrataCore

extension MemoryQueue {
  public func lease(worker: WorkerID, tiers: [TierName], count: Int, for duration: Duration) async throws(QueueError)
    -> LeaseGrant
  {
    try requireGeneration()
    let wanted = tiers.flatMap { ready(in: $0) }.prefix(max(0, count))
    let leases = wanted.isEmpty ? [] : grant(Array(wanted), to: worker)
    for tier in tiers { idle[tier, default: [:]][worker] = leases.count < count ? count - leases.count : nil }
    let deadline = extend(worker, duration)
    bell.ring()
    return LeaseGrant(leases: leases, deadline: deadline)
  }

  private func grant(_ granted: [HeldJob], to worker: WorkerID) -> [Lease] {
    let first = tick(granted.count)
    let leases = granted.enumerated().map { place, held in
      let token = FencingToken(rawValue: first + UInt64(place))
      jobs[held.job.id]?.lease = HeldLease(worker: worker, token: token, startedAt: now)
      return Lease(job: held.job.withAttemptsMade(held.attemptsMade), token: token, attempt: held.attemptsMade + 1)
    }
    announce(leases.map { ($0.job.id, .started(attempt: $0.attempt, worker: worker)) }, at: first)
    return leases
  }

  private func extend(_ worker: WorkerID, _ duration: Duration) -> Timestamp {
    let deadline = now + .microseconds(duration.wholeMicroseconds)
    workers[worker] = deadline
    return deadline
  }

  public func heartbeat(worker: WorkerID, held: [LeaseReference], for duration: Duration) async throws(QueueError)
    -> HeartbeatReply
  {
    try requireGeneration()
    let wasKnown = workers[worker] != nil
    let mine = held.map { owned($0).flatMap { $0.lease?.worker == worker ? $0.lease : nil } }
    let deadline = extend(worker, duration)
    takeBack(leases(of: worker).filter { !held.contains($0) })
    return HeartbeatReply(
      deadline: deadline, wasKnown: wasKnown,
      lost: zip(held, mine).compactMap { $1 == nil ? $0.job : nil },
      cancelRequested: zip(held, mine).compactMap { $1?.isCancelRequested == true ? $0.job : nil })
  }

  public func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    for report in reports { try limits.check(stage: report.stage, of: report.lease.job) }
    try requireGeneration()
    let verdicts: [LeaseVerdict] = reports.map { owned($0.lease) == nil ? .stale : .accepted }
    let accepted = zip(reports, verdicts).filter { $1 == .accepted }.map(\.0)
    if accepted.isEmpty { return verdicts }
    let tick = tick()
    announce(accepted.map { ($0.lease.job, note($0)) }, at: tick)
    bell.ring()
    return verdicts
  }

  private func note(_ report: ProgressReport) -> QueueEvent.Kind {
    let id = report.lease.job
    jobs[id]?.lease?.hasReported = true
    if let fraction = report.fraction, fraction.isFinite { jobs[id]?.lease?.fraction = min(max(fraction, 0), 1) }
    if let stage = report.stage, !stage.isEmpty { jobs[id]?.lease?.stage = stage }
    if !report.log.isEmpty { appendLog(report.log, of: report.lease) }
    return .progress(fraction: jobs[id]?.lease?.fraction, stage: jobs[id]?.lease?.stage)
  }

  private func appendLog(_ bytes: [UInt8], of lease: LeaseReference) {
    let id = lease.job
    var log = liveLogs[id] ?? KeptLog(token: lease.token)
    let isOver = log.expiresAt.map { $0 <= now } ?? false
    if isOver || log.token != lease.token { log = KeptLog(token: lease.token) }
    let room = max(0, limits.liveLogBytesMax - log.bytes.count)
    log.bytes += bytes.prefix(room)
    if room > 0 { log.expiresAt = nil }
    liveLogs[id] = log
  }
}

extension QueuedJob {
  fileprivate func withAttemptsMade(_ made: Int) -> QueuedJob {
    QueuedJob(
      id: id, tier: tier, priority: priority, attemptsMax: attemptsMax, attemptsMade: made, payload: payload)
  }
}
