import FoundationEssentials
package import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Carries outcomes from the queue to the ledger (③): settled first, acknowledged after, so that whatever happens in
/// between is repeated. Settlement is exact under repetition.
package final class Settler: Sendable {
  /// Outcomes of one transaction.
  package static let batchMax = 500
  /// How often it looks for ends that nobody told on: what another controller left behind when it fell.
  static let resolutionInterval = Duration.seconds(5)
  /// How long a call for a drain waits for the one under way.
  static let drainPatience = Duration.seconds(1)
  /// Steps that are taken at once in telling on an end, where somebody waits; the rest is left to `run`.
  static let resolutionStepsMax = 10
  /// Of `run`; who calls for a drain waits for it, and has it at once.
  private static let pace = ReadingPace(restPerItem: .milliseconds(5), restMax: .milliseconds(25))

  private let ledger: any JobLedger
  private let queue: any JobQueue
  private let metrics: ControlMetrics
  private let log: Log
  private let time: Timekeeper
  /// Told of jobs that are finished; it may not block.
  private let forget: @Sendable ([JobID]) -> Void
  /// Shared with admission and the reconciler: the jobs that somebody here is about to enqueue.
  package let underWay = EnqueuesUnderWay()
  /// Shared with admission and the reconciler: all put a job into the same lane.
  package let lanes: LaneRule
  /// Shared with the reconciler.
  package let requests: ReconcileRequests
  /// How long attempts took that it has settled.
  package let services = ServiceRecord()
  /// Rung whenever something was settled: tasks of arrays take the place of those that ended, holds were let go.
  package let endings: Bell
  /// When to look for ends that have not been told on.
  private let nextResolution: Mutex<Timekeeper.Instant>
  private let lastPass = Mutex<Timekeeper.Instant?>(nil)
  private let frontier = Mutex<Timestamp?>(nil)
  private let drains = Mutex(Drains())
  private let isToStartOver = Atomic<Bool>(false)

  private struct Drains {
    var running: Task<Set<JobID>, any Error>?
    /// Begins when `running` has ended.
    var waiting: Task<Set<JobID>, any Error>?
  }

  package init(
    ledger: any JobLedger, queue: any JobQueue, lanes: LaneRule = LaneRule(),
    metrics: ControlMetrics = ControlMetrics(),
    requests: ReconcileRequests = ReconcileRequests(), log: Log = .silent,
    time: Timekeeper = .system, forget: @escaping @Sendable ([JobID]) -> Void = { _ in }
  ) {
    self.ledger = ledger
    self.queue = queue
    self.metrics = metrics
    self.requests = requests
    self.lanes = lanes
    self.log = log
    self.time = time
    self.forget = forget
    endings = Bell(time: time)
    nextResolution = Mutex(time.now)
  }

  /// How long ago the settler last found its queue answering and everything read settled; nil while it does not run,
  /// because another controller leads.
  package var silence: Duration? { lastPass.withLock { $0 }.map { time.now - $0 } }

  /// When the oldest attempt ended of those that it has still to read, about; nil while it has read all, or does not run.
  package var unsettled: Timestamp? { frontier.withLock { $0 } }

  /// Has all outcomes read again that are in the queue. The server may be another one, whose log has outcomes that lie before
  /// what was read from the one before: two had it that both took themselves for the master, or their clocks differ.
  package func startOver() { isToStartOver.store(true, ordering: .releasing) }

  /// Settles until the task is cancelled. Outages of either side are waited out; nothing is skipped.
  package func run() async {
    lastPass.withLock { $0 = time.now }
    defer {
      lastPass.withLock { $0 = nil }
      frontier.withLock { $0 = nil }
    }
    var position: OutcomePosition?
    var backoff = time.backoff(first: .milliseconds(50), longest: .seconds(2))
    while !Task.isCancelled {
      do {
        if isToStartOver.exchange(false, ordering: .acquiring) { position = nil }
        // What the ledger refuses lies behind the position, and is not read again before the next interruption.
        let wait = isResolutionDue ? .zero : Self.resolutionInterval
        let pass = try await settleNext(after: position, waitingUpTo: wait)
        position = pass?.last ?? position
        // A batch that is not full was the rest.
        frontier.withLock { $0 = pass.flatMap { $0.count < Self.batchMax ? nil : $0.firstEndedAt } }
        // One step a pass: a job that very many wait for holds up nobody's settlement.
        if isResolutionDue { try await resolve(stepsMax: 1) }
        lastPass.withLock { $0 = time.now }
        backoff.reset()
        if let rest = Self.pace.rest(after: pass?.count ?? 0, of: Self.batchMax) { await time.pause(rest) }
      } catch {
        if Task.isCancelled { return }
        log.warning("settlement interrupted; it is repeated", ["error": "\(error)"])
        position = nil
        await time.pause(backoff.next())
      }
    }
  }

  /// Settles everything that waits now, but not what comes while it does: it ends however busy the workers are. One is
  /// under way at a time, and all who call meanwhile share the next: many together would settle the same outcomes. One
  /// that takes long, because the queue does not answer, is not waited for: two do no harm.
  ///
  /// - Returns: the jobs whose final outcome the ledger refuses.
  @discardableResult
  package func drain() async throws -> Set<JobID> {
    let task = drains.withLock { drains in
      if let waiting = drains.waiting { return waiting }
      let task = time.start(throwing: { [running = drains.running] in
        if let running { await self.end(of: running, within: Self.drainPatience) }
        self.drains.withLock { $0 = Drains(running: $0.waiting) }
        return try await self.drainAlone()
      })
      drains.waiting = task
      return task
    }
    return try await task.value
  }

  /// Returns when the task has ended, or the time has passed.
  private func end(of task: Task<Set<JobID>, any Error>, within patience: Duration) async {
    let (ends, end) = AsyncStream<Void>.makeStream()
    time.start {
      _ = await task.result
      end.finish()
    }
    let timer = time.start { [time] in
      await time.pause(patience)
      end.finish()
    }
    for await _ in ends {}
    timer.cancel()
  }

  private func drainAlone() async throws -> Set<JobID> {
    var position: OutcomePosition?
    var refused: Set<JobID> = []
    while let pass = try await settleNext(after: position, waitingUpTo: .zero) {
      position = pass.last
      refused.formUnion(pass.refused)
      if pass.count < Self.batchMax { break }
    }
    if isResolutionDue { try await resolve() }
    return refused
  }

  /// Finishes jobs that neither run nor have an outcome on its way, because their owners cancelled them.
  package func settleCancelled(_ jobs: [JobID]) async throws {
    try await end(
      jobs.map {
        SettlementItem(
          job: $0, token: FencingToken(rawValue: 0), ending: .cancelled, isFinal: true, endedAt: time.wall.now)
      })
  }

  /// Finishes jobs that neither run nor have an outcome on its way, because the queue could not read them too often.
  package func settleUnreadable(_ jobs: [UnfinishedJob]) async throws {
    let error = AttemptError(
      code: "queue_unreadable", message: "what the queue kept of the job could not be read, again and again",
      isRetryable: false)
    for job in jobs {
      log.error("a job has failed, because the queue could not read it too often", ["job": "\(job.id)"])
    }
    try await end(
      jobs.map { job in
        SettlementItem(
          job: job.id, token: FencingToken(rawValue: 0), ending: .failed, isFinal: true, endedAt: time.wall.now,
          report: AttemptReport(usage: AttemptUsage(), error: error))
      })
  }

  /// Settles ends that no outcome tells of.
  private func end(_ items: [SettlementItem]) async throws {
    guard !items.isEmpty else { return }
    let settlement = try await settle(items)
    for verdict in settlement.verdicts { metrics.settled(verdict) }
    try await announce(finished(settlement.verdicts) + ended(settlement.consequences))
    if settlement.consequences.isIncomplete { try await resolve() }
  }

  // MARK: Those who waited

  private var isResolutionDue: Bool { nextResolution.withLock { $0 <= time.now } }

  /// Tells jobs of ends that they waited for and that have not been told to them yet, in at most so many steps.
  package func resolve(stepsMax: Int = resolutionStepsMax) async throws {
    for _ in 0..<stepsMax {
      let step = try await releasing { [ledger] in
        try await ledger.resolve(releasing: $0)
      } consequences: {
        $0
      }
      guard let step else {
        nextResolution.withLock { $0 = time.now + Self.resolutionInterval }
        return
      }
      try await announce(ended(step))
    }
    nextResolution.withLock { $0 = time.now }
  }

  /// Settles, and enqueues the jobs that nothing keeps waiting any more.
  private func settle(_ items: [SettlementItem]) async throws -> Settlement {
    let settlement = try await releasing { [ledger, endings] hook in
      let settlement = try await ledger.settle(items, releasing: hook)
      CrashPoint.betweenSettlementAndAcknowledgement.reached()
      endings.ring()
      return settlement
    } consequences: {
      $0.consequences
    }
    if settlement.consequences.isIncomplete { nextResolution.withLock { $0 = time.now } }
    return settlement
  }

  /// Does what may release jobs, and enqueues those. What could not be enqueued is left to the reconciler.
  private func releasing<Value>(
    _ act: (@escaping Ledger.ReleaseHook) async throws -> Value, consequences: (Value) -> Consequences?
  ) async throws -> Value {
    let claims = ReleaseClaims(underWay)
    var enqueued: Set<JobID> = []
    defer { if !claims.end(enqueued: enqueued).isEmpty { requests.request(.enqueueFailed) } }
    let value = try await act { claims.claim($0) }
    enqueued = await enqueue(consequences(value)?.released ?? [])
    return value
  }

  /// - Returns: those that are in the queue.
  private func enqueue(_ released: [UnfinishedJob]) async -> Set<JobID> {
    guard !released.isEmpty else { return [] }
    metrics.released.increment(by: UInt64(released.count))
    do {
      _ = try await queue.enqueue(released.map(lanes.job))
      // What their owners were told meanwhile may not have reached the queue.
      let unwanted = released.filter { $0.isCancelRequested || underWay.isCancelled($0.id) }.map(\.id)
      if !unwanted.isEmpty { _ = try await queue.cancel(unwanted) }
      return Set(released.map(\.id))
    } catch {
      log.warning("released jobs not enqueued yet", ["jobs": "\(released.count)", "error": "\(error)"])
      return []
    }
  }

  private func ended(_ consequences: Consequences) -> [FinishedNotice] {
    for job in consequences.ended { metrics.finished(job) }
    return consequences.ended.map { FinishedNotice(job: $0.job, state: $0.state) }
      + consequences.finishedBatches.map(FinishedNotice.init)
  }

  /// A batch that has been settled.
  private struct Pass {
    let last: OutcomePosition
    let firstEndedAt: Timestamp
    let count: Int
    let refused: [JobID]
  }

  /// - Returns: nil where there was nothing to settle.
  private func settleNext(after position: OutcomePosition?, waitingUpTo duration: Duration) async throws -> Pass? {
    let outcomes = try await queue.outcomes(after: position, limit: Self.batchMax, waitingUpTo: duration)
    guard let first = outcomes.first, let last = outcomes.last else { return nil }
    let start = time.now
    CrashPoint.betweenOutcomeAndSettlement.reached()
    let items = outcomes.map { SettlementItem($0, report: report(of: $0)) }
    let settlement = try await settle(items)
    let verdicts = settlement.verdicts
    noteServices(items, verdicts)
    let finished = try await finished(verdicts) + finishedBefore(outcomes, verdicts)
    try await announce(finished + ended(settlement.consequences))
    let (done, refused) = sort(outcomes, verdicts)
    try await queue.acknowledge(done.map(\.position))
    metrics.settlementBatches.increment()
    metrics.settlementSeconds.observe(time.now - start)
    return Pass(
      last: last.position, firstEndedAt: first.endedAt, count: outcomes.count,
      refused: refused.filter(\.isFinal).map(\.job))
  }

  /// What was settled before has been noted before.
  private func noteServices(_ items: [SettlementItem], _ verdicts: [SettlementVerdict]) {
    for (item, verdict) in zip(items, verdicts) where verdict.isNew {
      if let start = item.startedAt, item.report != nil, let tier = item.tier {
        services.noteEnd(of: item.endedAt - start, on: tier)
      }
    }
  }

  private func sort(_ outcomes: [QueuedOutcome], _ verdicts: [SettlementVerdict]) -> (
    done: [QueuedOutcome], refused: [QueuedOutcome]
  ) {
    var (done, refused): ([QueuedOutcome], [QueuedOutcome]) = ([], [])
    for (outcome, verdict) in zip(outcomes, verdicts) {
      metrics.settled(verdict)
      if isDone(outcome, verdict) { done.append(outcome) } else { refused.append(outcome) }
    }
    return (done, refused)
  }

  /// Whether nothing is left to do for an outcome. A refused one stays in the queue's log, for the operator to see.
  private func isDone(_ outcome: QueuedOutcome, _ verdict: SettlementVerdict) -> Bool {
    switch verdict {
    case .settled, .recorded, .alreadySettled, .superfluous: return true
    case .unknownJob:
      log.error("outcome of a job that the ledger does not know", ["job": "\(outcome.job)"])
      return true
    case .refused(let reason):
      log.error("outcome that the ledger refuses; it is kept", ["job": "\(outcome.job)", "reason": reason])
      return false
    }
  }

  /// Tells the watchers. That a server forgot its past must not hold up settlement.
  private func announce(_ notices: [FinishedNotice]) async throws {
    guard !notices.isEmpty else { return }
    forget(notices.map(\.job))
    do throws(QueueError) {
      try await queue.announce(notices)
    } catch {
      guard error == .lost else { throw error }
      log.warning("finished jobs not announced: the queue is being rebuilt", ["jobs": "\(notices.count)"])
    }
  }

  /// Jobs that were settled before, perhaps by this very call, whose answer got lost: nobody may have been told.
  private func finishedBefore(_ outcomes: [QueuedOutcome], _ verdicts: [SettlementVerdict]) async throws
    -> [FinishedNotice]
  {
    var repeated: [JobID] = []
    for (outcome, verdict) in zip(outcomes, verdicts) where outcome.isFinal {
      if verdict == .alreadySettled || verdict == .superfluous { repeated.append(outcome.job) }
    }
    guard !repeated.isEmpty else { return [] }
    var notices: [FinishedNotice] = []
    for (job, state) in try await ledger.states(of: repeated) where state.isFinal {
      notices.append(FinishedNotice(job: job, state: state))
    }
    return notices
  }

  private func finished(_ verdicts: [SettlementVerdict]) -> [FinishedNotice] {
    verdicts.compactMap {
      if case .settled(let job) = $0 { FinishedNotice(job: job.job, state: job.state) } else { nil }
    }
  }

  /// A report that cannot be read must not keep its job from ending: it counts as a report of nothing used.
  private func report(of outcome: QueuedOutcome) -> AttemptReport? {
    guard !outcome.report.isEmpty else { return nil }
    if let report = AttemptReport(plainlyEncoded: outcome.report) { return report }
    do {
      return try JSONDecoder().decode(AttemptReport.self, from: Data(outcome.report))
    } catch {
      log.error("a worker's report cannot be read", ["job": "\(outcome.job)", "error": "\(error)"])
      return nil
    }
  }
}

extension SettlementVerdict {
  fileprivate var isNew: Bool {
    switch self {
    case .settled, .recorded: true
    case .alreadySettled, .superfluous, .unknownJob, .refused: false
    }
  }
}

extension SettlementItem {
  package init(_ outcome: QueuedOutcome, report: AttemptReport?) {
    self.init(
      job: outcome.job, token: outcome.token, worker: outcome.worker, tier: outcome.tier, ending: outcome.ending,
      preemptor: outcome.preemptor, isFinal: outcome.isFinal, startedAt: outcome.startedAt, endedAt: outcome.endedAt,
      report: report)
  }
}
