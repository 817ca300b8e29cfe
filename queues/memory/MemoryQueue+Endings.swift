public import StrataCore

// The ends of attempts.
extension MemoryQueue {
  /// What becomes of a job whose attempt ended.
  enum Sequel {
    case finished(AttemptEnding)
    case readyAgain(attemptsMade: Int, workersLost: Int, delay: Duration = .zero)
    /// It was ended for a job of a higher class: ready again, and it has started in its time.
    case preempted(for: PriorityClass)
    /// It was handed back, and its job is finished: it was to have started by now, and no attempt has begun.
    case late
  }

  /// One attempt's end, decided but not yet done.
  struct Ending {
    let job: JobID
    let ending: AttemptEnding
    let sequel: Sequel
    let report: [UInt8]
  }

  public func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    for result in completions { try limits.check(report: result.report, of: result.lease.job) }
    try requireGeneration()
    return finish(completions)
  }

  /// Finishes leased jobs that succeeded.
  func finish(_ completions: [AttemptResult]) -> [LeaseVerdict] {
    completions.runs { $0.lease.worker }.flatMap { _, results in
      end(results.map(\.lease)) { place, _ in (.succeeded, .finished(.succeeded), results[place].report) }
    }
  }

  public func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    for failure in failures { try limits.check(report: failure.report, of: failure.lease.job) }
    try requireGeneration()
    return failures.runs { $0.lease.worker }.flatMap { _, failures in
      end(failures.map(\.lease)) { place, held in
        let failure = failures[place]
        if failure.ending == .cancelled { return (.cancelled, .finished(.cancelled), failure.report) }
        let sequel = afterFailure(held, .failed, isRetryable: failure.isRetryable, delay: failure.retryDelay)
        return (.failed, sequel, failure.report)
      }
    }
  }

  public func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    for result in results { try limits.check(report: result.report, of: result.lease.job) }
    try requireGeneration()
    return results.runs { $0.lease.worker }.flatMap { _, results in
      end(results.map(\.lease)) { place, held in handBack(held, results[place].report) }
    }
  }

  /// Ends leases that their worker does not know of.
  func takeBack(_ unknown: [LeaseReference]) {
    if unknown.isEmpty { return }
    _ = end(unknown) { _, held in handBack(held, [], isUnknown: true) }
  }

  public func expire(limit: Int) async throws(QueueError) -> Int {
    try requireGeneration()
    let overdue = workers.filter { $0.value <= now }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    let lost = overdue.flatMap(leases(of:))
    let ended = Array(lost.prefix(max(0, limit)))
    let forgotten = overdue.filter { Set(leases(of: $0)).isSubset(of: ended) }
    for worker in forgotten { forgetWorker(worker) }
    _ = end(ended) { _, held in (.expired, afterFailure(held, .expired, isRetryable: true), []) }
    // A signal to a worker that is gone is passed on.
    if !forgotten.isEmpty { wakeOthers() }
    bell.ring()
    return ended.count
  }

  public func noteDead(_ dead: [WorkerID]) async throws(QueueError) -> Int {
    guard !dead.isEmpty else { return 0 }
    try requireGeneration()
    let awaited = Set(dead).filter { workers[$0].map { $0 > now } ?? false }
    for worker in awaited { workers[worker] = now }
    return awaited.count
  }

  public func leave(_ worker: WorkerID) async throws(QueueError) -> Bool {
    try requireGeneration()
    let isForgotten = leases(of: worker).isEmpty
    if isForgotten {
      forgetWorker(worker)
    } else {
      stopWaking(worker)
      signalled[worker]?.removeAll { $0 == .work }
      // Nor does it have room for anything, whoever ends there: preemption would empty it for nobody.
      capacities[worker] = capacities[worker].map {
        WorkerLoad.Capacity(
          wholeRoom: ResourceRequest(cpuMillicores: 0, memoryBytes: 0, gpuThousandths: 0), slotsLeft: 0, keepsFor: nil,
          isDedicated: $0.isDedicated, tiers: $0.tiers)
      }
    }
    wakeOthers()
    bell.ring()
    return isForgotten
  }

  private func wakeOthers() { for lane in lanes { wake(lane, count: ready(in: lane).count) } }

  /// In the order in which they were granted.
  func leases(of worker: WorkerID) -> [LeaseReference] {
    jobs.values.compactMap { held in
      guard let lease = held.lease, lease.worker == worker else { return nil }
      return LeaseReference(job: held.job.id, worker: worker, token: lease.token)
    }.sorted { ($0.token, $0.job) < ($1.token, $1.job) }
  }

  private func forgetWorker(_ worker: WorkerID) {
    workers[worker] = nil
    (signalled[worker], capacities[worker], places[worker]) = (nil, nil, nil)
    stopWaking(worker)
  }

  private func stopWaking(_ worker: WorkerID) {
    (rooms[worker], sparing[worker], dedications[worker]) = (nil, nil, nil)
    for tier in idle.keys { idle[tier]?[worker] = nil }
    for (pool, keeper) in keepers where keeper.worker == worker { stopKeeping(in: pool, but: worker) }
  }

  /// A job that its owner cancelled is finished so; the attempt does not count.
  private func handBack(
    _ held: HeldJob, _ report: [UInt8], isUnknown: Bool = false
  ) -> (AttemptEnding, Sequel, [UInt8]) {
    if held.lease?.isCancelRequested == true { return (.released, .finished(.cancelled), report) }
    if !isUnknown, let preemptor = held.lease?.preemptor { return (.preempted, .preempted(for: preemptor), report) }
    if held.lease?.isLate == true, held.attemptsMade == 0 { return (.released, .late, report) }
    return (.released, .readyAgain(attemptsMade: held.attemptsMade, workersLost: held.workersLost), report)
  }

  /// A job that its owner cancelled is finished so; one with attempts left is tried again, unless it has lost its worker
  /// too often.
  private func afterFailure(
    _ held: HeldJob, _ ending: AttemptEnding, isRetryable: Bool, delay: Duration = .zero
  ) -> Sequel {
    if held.lease?.isCancelRequested == true { return .finished(.cancelled) }
    let made = held.attemptsMade + 1
    let lost = held.workersLost + (ending == .expired ? 1 : 0)
    guard isRetryable, made < held.job.attemptsMax, ending != .expired || lost < limits.workerLossesMax else {
      return .finished(ending)
    }
    return .readyAgain(attemptsMade: made, workersLost: lost, delay: delay)
  }

  /// Ends those of `leases` that are their caller's, as `decide` says, all at one tick.
  private func end(
    _ leases: [LeaseReference], _ decide: (Int, HeldJob) -> (AttemptEnding, Sequel, [UInt8])
  ) -> [LeaseVerdict] {
    var endings: [Ending] = []
    var seen: Set<JobID> = []
    let verdicts = leases.enumerated().map { place, lease -> LeaseVerdict in
      guard let held = owned(lease), seen.insert(lease.job).inserted else { return .stale }
      let (ending, sequel, report) = decide(place, held)
      endings.append(Ending(job: lease.job, ending: ending, sequel: sequel, report: report))
      return .accepted
    }
    if !endings.isEmpty { carryOut(endings) }
    bell.ring()
    return verdicts
  }

  private func carryOut(_ endings: [Ending]) {
    account(
      endings.compactMap { ending in
        jobs[ending.job].map {
          Ended(
            lane: $0.lane, tenant: $0.job.tenant, lease: $0.lease,
            isTelling: [.succeeded, .failed].contains(ending.reported))
        }
      })
    let tick = tick()
    var told = 0
    var events: [(JobID, QueueEvent.Kind)] = []
    var returned: [HeldJob] = []
    // What is finished has no timer when others set theirs.
    for ending in endings where !ending.isReadyAgain { jobs[ending.job]?.startBy = nil }
    settingTimers {
      for ending in endings {
        guard let held = jobs[ending.job], let lease = held.lease else { continue }
        logOutcome(ending, held, lease, position(tick, told))
        told += 1
        if case .late = ending.sequel {
          logUnstarted(ending.job, .expired, position(tick, told))
          told += 1
        }
        if lease.hasReported { liveLogs[ending.job]?.expiresAt = now + limits.liveLogRetention }
        jobs[ending.job] = held.after(ending.sequel, now)
        if let again = jobs[ending.job] {
          returned.append(again)
          events.append((ending.job, ending.preemptor.map { .preempted(for: $0) } ?? .requeued(ending.ending)))
        }
      }
      return ((), returned.compactMap(\.due))
    }
    announce(events, at: tick)
    // A tick has a thousand places, and a late job takes two.
    lastTick = max(lastTick, tick + UInt64(max(0, told - 1) / 1_000))
    admit(returned.filter(\.isReady))
  }

  private func logOutcome(_ ending: Ending, _ held: HeldJob, _ lease: HeldLease, _ position: OutcomePosition) {
    let isFinal = if case .finished = ending.sequel { true } else { false }
    outcomeLog.append(
      QueuedOutcome(
        position: position, job: ending.job, token: lease.token, attempt: held.attemptsMade + 1,
        ending: ending.reported, preemptor: ending.preemptor,
        isFinal: isFinal, worker: lease.worker, tier: held.lane.tier, startedAt: lease.startedAt,
        endedAt: now, report: ending.report))
  }
}

extension MemoryQueue.Ending {
  /// Whether it leaves its job with the time by which that has to start.
  fileprivate var isReadyAgain: Bool { if case .readyAgain = sequel { true } else { false } }

  fileprivate var preemptor: PriorityClass? { if case .preempted(let preemptor) = sequel { preemptor } else { nil } }

  /// The ending that is told.
  fileprivate var reported: AttemptEnding {
    if case .finished(let ending) = sequel { ending } else { ending }
  }
}

extension MemoryQueue.HeldJob {
  /// Nil for one that is finished.
  fileprivate func after(_ sequel: MemoryQueue.Sequel, _ now: Timestamp) -> Self? {
    var held = self
    if case .preempted = sequel {
      held.lease = nil
      return held
    }
    guard case .readyAgain(let made, let lost, let delay) = sequel else { return nil }
    (held.attemptsMade, held.workersLost, held.lease) = (made, lost, nil)
    held.due = delay.wholeMicroseconds > 0 ? now + .microseconds(delay.wholeMicroseconds) : nil
    return held
  }
}
