public import StrataCore

extension MemoryQueue {
  public func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    for job in jobs { try limits.check(job) }
    try requireGeneration()
    return try add(jobs)
  }

  public func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    for job in jobs { try limits.check(job) }
    return try add(jobs)
  }

  private func add(_ added: [QueuedJob]) throws(QueueError) -> [EnqueueVerdict] {
    try open(added.map(\.lane))
    var fresh: [HeldJob] = []
    let verdicts = settingTimers {
      let verdicts = added.map { job -> EnqueueVerdict in
        guard jobs[job.id] == nil else { return .alreadyHeld }
        let held = HeldJob(job)
        jobs[job.id] = held
        fresh.append(held)
        return .enqueued
      }
      return (verdicts, fresh.flatMap { [$0.due, $0.startBy] }.compactMap(\.self))
    }
    // Lane by lane, as they are named, whatever becomes of the jobs that name them.
    var named: [Lane] = []
    for job in added where !named.contains(job.lane) { named.append(job.lane) }
    admit(named.flatMap { lane in fresh.filter { $0.isReady && $0.job.lane == lane } })
    bell.ring()
    return verdicts
  }

  /// Makes those lanes that are new; where there are as many as may be, in place of the oldest that have no jobs.
  private func open(_ asked: [Lane]) throws(QueueError) {
    var new: [Lane] = []
    for lane in asked where !lanes.contains(lane) && !new.contains(lane) { new.append(lane) }
    let families = new.flatMap { [$0] + $0.guests }
    let fresh = min(families.count, max(0, limits.lanesMax - lanesByNumber.count))
    let left = try numbersLeft(families.count - fresh, asked)
    for lane in left.gone {
      order.forget(lane)
      stopKeeping(lane)
    }
    let numbers = Array(lanesByNumber.count..<lanesByNumber.count + fresh) + left.numbers
    lanesByNumber = lanesByNumber.map { $0.flatMap { left.gone.contains($0) ? nil : $0 } }
    lanesByNumber += Array(repeating: nil, count: fresh)
    for (number, lane) in zip(numbers, families) { lanesByNumber[number] = lane }
  }

  /// Numbers that may be had again: of no lane, and of those that have no jobs and are not asked for, the oldest first, each
  /// with its guests, until there are so many. Returns also the lanes that have to go for that.
  private func numbersLeft(_ wanted: Int, _ asked: [Lane]) throws(QueueError) -> (numbers: [Int], gone: [Lane]) {
    let used = Set(jobs.values.map(\.job.lane)).union(asked)
    var (numbers, gone): ([Int], [Lane]) = ([], [])
    for number in lanesByNumber.indices where numbers.count < wanted {
      guard let lane = lanesByNumber[number] else {
        numbers.append(number)
        continue
      }
      guard lane.rank == 0, !used.contains(lane) else { continue }
      gone += [lane] + lane.guests
      numbers += ([lane] + lane.guests).compactMap { lanesByNumber.firstIndex(of: $0) }
    }
    guard numbers.count >= wanted else { throw .tooManyLanes }
    return (numbers, gone)
  }

  /// Lets the tenants of jobs that have become ready be found, and wakes workers for them, lane by lane.
  func admit(_ ready: [HeldJob]) {
    var arrived: [Lane] = []
    for held in ready where !arrived.contains(held.job.lane) { arrived.append(held.job.lane) }
    for lane in arrived {
      let jobs = ready.map(\.job).filter { $0.lane == lane }
      for tenant in Set(jobs.map(\.tenant)) {
        if order.isPlaced(tenant, in: lane) { continue }
        if gates[.tenant(tenant)]?.isParked == true {
          gates[.tenant(tenant)]?.parked.insert(lane)
        } else {
          order.place(tenant, in: lane)
        }
      }
      wakeAll(lane, count: jobs.count { order.isPlaced($0.tenant, in: lane) })
    }
  }

  /// Takes a job out that is not leased.
  func takeOut(_ held: HeldJob) {
    let (lane, tenant) = (held.job.lane, held.job.tenant)
    jobs[held.job.id] = nil
    if held.isReady, ready(in: lane, of: tenant).isEmpty {
      order.remove(tenant, from: lane)
      gates[.tenant(tenant)]?.parked.remove(lane)
    }
    if held.isReady { stopKeeping(lane) }
  }

  public func reprioritise(_ priorities: [JobID: JobPriority]) async throws(QueueError) -> [JobID: PriorityVerdict] {
    try requireGeneration()
    return priorities.reduce(into: [:]) { verdicts, pair in
      jobs[pair.key]?.job.priority = pair.value
      verdicts[pair.key] = jobs[pair.key].map { $0.lease == nil ? .moved : .running } ?? .unknown
    }
  }

  public func cancel(_ ids: [JobID]) async throws(QueueError) -> [CancelVerdict] {
    try requireGeneration()
    var (removed, told): ([JobID], [(WorkerID, JobID)]) = ([], [])
    let verdicts = ids.map { id -> CancelVerdict in
      guard let held = jobs[id] else { return .unknown }
      guard let lease = held.lease else {
        takeOut(held)
        removed.append(id)
        return .removed
      }
      if !lease.isCancelRequested { told.append((lease.worker, id)) }
      jobs[id]?.lease?.isCancelRequested = true
      return .signalled
    }
    if !removed.isEmpty { logUnstarted(removed, .cancelled) }
    for (worker, id) in told { signalled[worker, default: []].append(.cancel(id)) }
    bell.ring()
    return verdicts
  }

  /// The outcomes of jobs that were taken out before any attempt.
  func logUnstarted(_ removed: [JobID], _ ending: AttemptEnding) {
    let tick = tick()
    for (place, id) in removed.enumerated() { logUnstarted(id, ending, position(tick, place)) }
  }

  func logUnstarted(_ id: JobID, _ ending: AttemptEnding, _ position: OutcomePosition) {
    outcomeLog.append(
      QueuedOutcome(
        position: position, job: id, token: FencingToken(rawValue: 0), attempt: 0, ending: ending, isFinal: true,
        worker: nil, tier: nil, startedAt: nil, endedAt: now, report: []))
  }

  public func status(of ids: [JobID]) async throws(QueueError) -> [QueueStatus?] {
    try requireGeneration()
    return ids.map { id in
      guard let held = jobs[id] else { return nil }
      guard let lease = held.lease else {
        if let due = held.due { return .delayed(until: due, attemptsMade: held.attemptsMade) }
        let ahead = ready(in: held.job.lane, of: held.job.tenant).firstIndex { $0.job.id == id }
        return .ready(ahead: ahead ?? 0, attemptsMade: held.attemptsMade)
      }
      return .leased(
        LeaseStatus(
          worker: lease.worker, token: lease.token, attempt: held.attemptsMade + 1, tier: held.lane.tier,
          startedAt: lease.startedAt,
          fraction: lease.fraction, stage: lease.stage, isCancelRequested: lease.isCancelRequested,
          preemptor: lease.preemptor))
    }
  }

  public func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog? {
    try requireGeneration()
    guard let log = liveLogs[job], log.expiresAt.map({ $0 > now }) ?? true else { return nil }
    return LiveLog(token: log.token, bytes: Array(log.bytes.dropFirst(max(0, offset))))
  }

  public func census() async throws(QueueError) -> QueueCensus {
    try requireGeneration()
    var counts: [Lane: QueueCensus.Count] = [:]
    for held in jobs.values {
      if held.isReady { counts[held.job.lane, default: .init()].ready += 1 }
      if held.lease != nil { counts[held.lane, default: .init()].leased += 1 }
    }
    let known = workers.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(limits.censusWorkersMax)
    return QueueCensus(
      lanes: counts, delayed: jobs.values.count { $0.due != nil },
      workers: known.map { id, deadline in
        QueueCensus.Worker(id: id, deadline: deadline, leases: jobs.values.count { $0.lease?.worker == id })
      }, outcomesPending: Set(outcomeLog.map(\.position.startOfEntry)).count, unreadable: unreadableLog.count)
  }
}
