package import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Brings the queue back in line with the ledger after a crash or a loss: every unfinished job is in the queue, no
/// finished one is.
///
/// A queue that has lost its past is refilled and then declared complete under a new generation; until then no worker
/// gets anything from it. A queue that merely may have forgotten something (a restart, an interrupted enqueue) is
/// compared and corrected while it works.
package actor Reconciler {
  package enum Reason: String, Sendable {
    case start, queueLost, serverChanged, enqueueFailed, unreadable, policyUntold, regular
  }

  /// What one comparison changed.
  package struct Outcome: Hashable, Sendable {
    /// Jobs put back into the queue.
    package var restored = 0
    /// Jobs taken out of it.
    package var forgotten = 0

    package init(restored: Int = 0, forgotten: Int = 0) {
      self.restored = restored
      self.forgotten = forgotten
    }
  }

  /// Jobs compared in one step.
  static let pageMax = 1_000
  /// Jobs accepted this short a time before a rebuild are looked for a second time after it: their commit may have
  /// come after the first look.
  static let overlap = Duration.seconds(60)
  /// How often a job is put back because the queue could not read an entry of it. The next time it has failed.
  package static let unreadableRestoresMax = 5

  private let ledger: any JobLedger
  private let queue: any JobQueue
  private let settler: Settler
  /// Shared with admission and the settler: all put a job into the same lane.
  package nonisolated let lanes: LaneRule
  private let metrics: ControlMetrics
  private let log: Log
  private let lookAgeMax: Duration
  private let time: Timekeeper
  /// Shared with admission and the settler: a job that one of them is about to enqueue is not missing.
  package nonisolated let underWay: EnqueuesUnderWay
  /// By which others ask for comparisons.
  private nonisolated let requests: ReconcileRequests
  private nonisolated let failure = Mutex<String?>(nil)
  private nonisolated let hasSeenNewServer = Atomic<Bool>(false)
  /// What the queue could not read and no restored job accounts for yet.
  private var unreadable = UnreadableTally()

  package init(
    ledger: any JobLedger, queue: any JobQueue, settler: Settler, lookAgeMax: Duration = Reconciler.lookAgeMaxDefault,
    metrics: ControlMetrics = ControlMetrics(),
    log: Log = .silent, time: Timekeeper = .system
  ) {
    self.ledger = ledger
    self.queue = queue
    self.settler = settler
    self.lookAgeMax = lookAgeMax
    lanes = settler.lanes
    underWay = settler.underWay
    requests = settler.requests
    self.metrics = metrics
    self.log = log
    self.time = time
  }

  /// Has the comparison made soon. Requests made meanwhile become one. While nobody runs, there is nothing to note:
  /// `run` begins with a comparison.
  ///
  /// - Parameter unreadable: what the queue could not read, where that is the reason.
  package nonisolated func request(_ reason: Reason, unreadable: [UnreadableEntry] = []) {
    requests.request(reason, unreadable: UnreadableTally(unreadable))
  }

  /// What keeps a requested comparison from being completed, while it is being repeated; nil where nothing does.
  package nonisolated var trouble: String? { failure.withLock { $0 } }

  /// Reconciles at once and then on request, until the task is cancelled; repeats what an outage interrupts. May be
  /// called again after it returned.
  package func run() async {
    // A stream ends with the task that reads it, and a controller may lead more than once: each term has its own.
    let wakes = requests.open()
    request(.start)
    for await _ in wakes {
      let batch = requests.take()
      if !batch.reasons.isEmpty { await reconcilePersistently(batch) }
    }
  }

  private func reconcilePersistently(_ batch: ReconcileRequests.Batch) async {
    unreadable.add(batch.unreadable)
    var backoff = time.backoff(first: .milliseconds(50), longest: .seconds(2))
    defer { failure.withLock { $0 = nil } }
    while !Task.isCancelled {
      do {
        _ = try await reconcile(for: batch.reasons)
        return
      } catch {
        failure.withLock { $0 = "\(error)" }
        log.warning("reconciliation interrupted; it is repeated", ["error": "\(error)"])
        await time.pause(backoff.next())
      }
    }
  }

  /// One comparison, start to end.
  ///
  /// - Parameter unreadable: what the queue could not read since the last one. Where a comparison throws, what it has not
  ///   accounted for is kept for the next.
  @discardableResult
  package func reconcile(_ reason: Reason, unreadable entries: [UnreadableEntry] = []) async throws -> Outcome {
    unreadable.add(UnreadableTally(entries))
    return try await reconcile(for: [reason])
  }

  private func reconcile(for reasons: [Reason]) async throws -> Outcome {
    let start = time.now
    var outcome = Outcome()
    // Before a queue that was lost is declared complete: from then on its jobs run.
    try await Governor(ledger: ledger, queue: queue).tellAll()
    let isLost = try await queue.generation() == nil
    if isLost {
      let (restored, generation) = try await rebuild()
      outcome.restored = restored
      // The first generation of all has no past that could have been lost.
      if generation > 1 { metrics.generationsLost.increment() }
    } else {
      outcome.restored = try await restoreMissing(after: nil)
    }
    unreadable = UnreadableTally()
    outcome.forgotten = try await forgetFinished()
    note(isLost ? [.queueLost] : reasons, outcome, time.now - start)
    return outcome
  }

  /// Whether a comparison was made since it was asked last because the queue's server was another: it may hold what it held
  /// some time ago.
  package nonisolated func takeNewServer() -> Bool { hasSeenNewServer.exchange(false, ordering: .relaxed) }

  private func note(_ reasons: [Reason], _ outcome: Outcome, _ duration: Duration) {
    if reasons.contains(.serverChanged) { hasSeenNewServer.store(true, ordering: .relaxed) }
    for reason in reasons { metrics.reconciled(reason.rawValue) }
    metrics.restored.increment(by: UInt64(outcome.restored))
    metrics.forgotten.increment(by: UInt64(outcome.forgotten))
    log.info(
      "queue reconciled",
      [
        "reason": reasons.map(\.rawValue).joined(separator: " "), "restored": "\(outcome.restored)",
        "forgotten": "\(outcome.forgotten)",
        "seconds": "\(duration.seconds)",
      ])
  }

  /// Fills an empty queue and declares it complete.
  private func rebuild() async throws -> (restored: Int, generation: UInt64) {
    let overlapStart = Timestamp(nanoseconds: time.wall.now.nanoseconds - Self.overlap.nanoseconds)
    // What ended before the loss may still be in the log of outcomes, if that survived.
    let refused = try await settler.drain()
    var restored = 0
    try await forEachUnfinished(after: nil) { jobs, start in
      // Whoever is about to enqueue a job does so, or asks for it to be put back.
      let claimed = jobs.filter { underWay.begin($0.id) }
      defer { for job in claimed { underWay.end(job.id) } }
      let wanted = try await settleCancelled(claimed.filter { !refused.contains($0.id) }).map(lanes.job)
      try requireFresh(start)
      restored += try await restore(wanted).count
    }
    let start = time.now
    let generation = try await ledger.nextGeneration()
    try requireFresh(start)
    try await queue.install(generation: generation.number, tokenFloor: generation.tokenFloor)
    return (restored + (try await restoreMissing(after: JobID.first(at: overlapStart))), generation.number)
  }

  /// Finishes those that their owners have cancelled; nothing runs them any more.
  ///
  /// - Parameter jobs: unfinished, not in the queue, and no outcome of theirs on its way.
  /// - Returns: the others.
  private func settleCancelled(_ jobs: [UnfinishedJob]) async throws -> [UnfinishedJob] {
    try await settler.settleCancelled(jobs.filter(\.isCancelRequested).map(\.id))
    return jobs.filter { !$0.isCancelRequested }
  }

  /// Ends those of the culprits that were put back too often.
  ///
  /// - Parameter culprits: those of `jobs` that the queue has lost because it could not read something.
  /// - Returns: the jobs that have not ended.
  private func settleUnreadable(_ jobs: [UnfinishedJob], _ culprits: Set<JobID>) async throws -> [UnfinishedJob] {
    guard !culprits.isEmpty else { return jobs }
    let counts = try await ledger.unreadableRestores(of: Array(culprits))
    let over = jobs.filter { counts[$0.id] ?? 0 >= Self.unreadableRestoresMax }
    try await settler.settleUnreadable(over)
    let ended = Set(over.map(\.id))
    unreadable.spend(on: ended)
    return jobs.filter { !ended.contains($0.id) }
  }

  /// Counts that jobs were put back, once they have been: what did not come about is no strike against a job, and one
  /// that a lost connection leaves uncounted is put back once more.
  private func count(_ restored: Set<JobID>) async throws {
    guard !restored.isEmpty else { return }
    unreadable.spend(on: restored)
    try await ledger.countUnreadable(Array(restored))
  }

  /// Puts back the unfinished jobs that the queue does not hold.
  private func restoreMissing(after first: JobID?) async throws -> Int {
    var restored = 0
    try await forEachUnfinished(after: first) { jobs, _ in restored += try await restoreMissing(among: jobs) }
    return restored
  }

  /// Puts back those of a few jobs that are missing from the queue though unfinished, as after a controller that fell
  /// between commit and enqueue. Costs one read of the queue where none is missing. What it cannot do is left to the
  /// next comparison.
  package func recheck(_ jobs: Set<JobID>) async {
    do {
      _ = try await putBack(jobs)
    } catch {
      log.warning("repeated submissions could not be checked", ["error": "\(error)"])
      request(error as? QueueError == .lost ? .queueLost : .enqueueFailed)
    }
  }

  /// As `recheck`, but throws where it could not be done. Any controller may do so, whether it leads or not.
  ///
  /// - Returns: those that are unfinished and were missing. Where somebody else had claimed one, it is left to that one.
  package func putBack(_ jobs: Set<JobID>) async throws -> Set<JobID> {
    let ids = Array(jobs)
    guard !ids.isEmpty else { return [] }
    var missing: [UnfinishedJob] = []
    for (id, status) in zip(ids, try await queue.status(of: ids)) where status == nil {
      let found = try await ledger.unfinished(after: id.predecessor, limit: 1)
      missing += found.filter { $0.id == id }
    }
    metrics.restored.increment(by: UInt64(try await restoreMissing(among: missing)))
    return Set(missing.map(\.id))
  }

  /// Puts back the unfinished jobs that were accepted between two instants and are not in the queue: a controller that
  /// did not live to enqueue them, or could not.
  ///
  /// - Complexity: one read of the ledger, and one of the queue, for each thousand unfinished jobs among them.
  package func restoreAccepted(from first: Timestamp, to last: Timestamp) async throws {
    var cursor = JobID.first(at: first)
    while true {
      let jobs = try await ledger.unfinished(after: cursor, before: JobID.first(at: last), limit: Self.pageMax)
      guard let end = jobs.last else { return }
      let missing = try await putBack(Set(jobs))
      if !missing.isEmpty { log.warning("accepted jobs had not been enqueued", ["jobs": "\(missing.count)"]) }
      cursor = end
    }
  }

  /// Puts back those that the queue does not hold and whose outcome is not on its way either. A job whose outcome the
  /// ledger refuses has ended too: running it again would not mend what a person must look at.
  ///
  /// Whoever puts a job into the queue has claimed it before. So a claimed job that the queue does not hold has either
  /// ended before, and then the outcomes that are read next tell, or is in the ledger alone until it is put back. Only
  /// another controller may enqueue it meanwhile (docs/operations.md, "What it does not promise").
  ///
  /// - Parameter jobs: as the ledger lists them.
  private func restoreMissing(among jobs: [UnfinishedJob]) async throws -> Int {
    let claimed = jobs.filter { underWay.begin($0.id) }
    defer { for job in claimed { underWay.end(job.id) } }
    let statuses = claimed.isEmpty ? [] : try await queue.status(of: claimed.map(\.id))
    let missing = zip(claimed, statuses).filter { $0.1 == nil }.map(\.0)
    // What their owners were told may not have reached the queue, or may be forgotten there.
    let unwanted = zip(claimed, statuses).filter { $0.1 != nil && $0.0.isCancelRequested }.map(\.0.id)
    if !unwanted.isEmpty { _ = try await queue.cancel(unwanted) }
    guard !missing.isEmpty else { return 0 }
    let start = time.now
    let open = try await unended(missing.map(\.id))
    let unfinished = missing.filter { open.contains($0.id) }
    var wanted = try await settleCancelled(unfinished)
    let culprits = unreadable.culprits(among: wanted.map(\.id))
    wanted = try await settleUnreadable(wanted, culprits)
    try requireFresh(start)
    let restored = try await restore(wanted.map(lanes.job))
    let cancelled = unfinished.map(\.id).filter(underWay.isCancelled)
    if !cancelled.isEmpty { _ = try await queue.cancel(cancelled) }
    try await count(culprits.intersection(restored))
    return restored.count
  }

  /// What was seen so long ago is not acted upon: this process may have been frozen, and another may lead by now, have put
  /// the same jobs back, and have seen them end. Nobody else has become the leader for its silence in less: it had been
  /// silent for a heartbeat at most when the look began.
  package static let lookAgeMaxDefault = Leadership.silenceMaxDefault - .seconds(2)

  private func requireFresh(_ start: Timekeeper.Instant) throws {
    guard time.now - start <= lookAgeMax else {
      throw StrataError(.timeout, "what was missing from the queue was seen too long ago to act upon it")
    }
  }

  /// Those of jobs which the queue does not hold that have not ended: no outcome of theirs is on its way.
  private func unended(_ jobs: [JobID]) async throws -> Set<JobID> {
    let refused = try await settler.drain()
    let states = try await ledger.states(of: jobs)
    return Set(jobs.filter { states[$0]?.isFinal == false && !refused.contains($0) })
  }

  /// - Returns: those that the queue did not hold. One that it would never take stands in nobody's way.
  private func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [JobID] {
    guard !jobs.isEmpty else { return [] }
    do {
      return zip(jobs, try await queue.restore(jobs)).filter { $0.1 == .enqueued }.map(\.0.id)
    } catch {
      guard let reason = error.refusal else { throw error }
      guard jobs.count > 1 else {
        log.error("a job that the queue does not take waits in the ledger", ["job": "\(jobs[0].id)", "reason": reason])
        return []
      }
      let middle = jobs.count / 2
      return try await restore(Array(jobs[..<middle])) + restore(Array(jobs[middle...]))
    }
  }

  /// Has jobs end whose owners want them cancelled, wherever they are: what whoever heard the wish could not tell the
  /// queue, or a controller that does not lead was told.
  ///
  /// - Complexity: one read of the ledger, and one of the queue where there are such jobs.
  package func carryOutCancellations() async throws {
    var cursor: JobID?
    while true {
      let wished = try await ledger.cancelling(after: cursor, limit: Self.pageMax)
      guard let last = wished.last else { return }
      try await cancel(wished)
      cursor = last
    }
  }

  private func cancel(_ jobs: [JobID]) async throws {
    let claimed = jobs.filter { underWay.begin($0) }
    defer { for job in claimed { underWay.end(job) } }
    guard !claimed.isEmpty else { return }
    let unknown = zip(claimed, try await queue.cancel(claimed)).filter { $0.1 == .unknown }.map(\.0)
    if !unknown.isEmpty { try await settler.settleCancelled(Array(unended(unknown))) }
  }

  /// - Parameter body: gets a page, and when the reading of it began.
  private func forEachUnfinished(
    after first: JobID?, _ body: ([UnfinishedJob], Timekeeper.Instant) async throws -> Void
  ) async throws {
    let (ledger, time) = (ledger, time)
    func page(after cursor: JobID?) -> Task<(jobs: [UnfinishedJob], start: Timekeeper.Instant), any Error> {
      time.start(throwing: {
        let start = time.now
        return (try await ledger.unfinished(after: cursor, limit: Self.pageMax), start)
      })
    }
    // The next page is read while one is seen to. One that had to wait for its turn is read again: it has to be fresh.
    var (cursor, reading) = (first, page(after: first))
    while true {
      var (jobs, start) = try await reading.value
      if time.now - start > lookAgeMax / 4 { (jobs, start) = try await page(after: cursor).value }
      guard let last = jobs.last else { return }
      (cursor, reading) = (last.id, page(after: last.id))
      try await body(jobs, start)
    }
  }

  /// Takes out the jobs that the ledger knows to be finished, or blocked, or does not know at all.
  private func forgetFinished() async throws -> Int {
    var forgotten = 0
    var cursor: UInt64?
    repeat {
      let page = try await queue.page(after: cursor, limit: Self.pageMax)
      let states = try await ledger.states(of: page.jobs)
      let finished = page.jobs.filter { states[$0].map { $0.isFinal || $0 == .blocked } ?? true }
      if !finished.isEmpty { try await queue.forget(finished) }
      forgotten += finished.count
      cursor = page.next
    } while cursor != nil
    return forgotten
  }
}

extension JobID {
  /// The largest identifier that is smaller; the smallest is its own.
  var predecessor: JobID {
    guard low == 0 else { return JobID(high: high, low: low - 1) }
    return JobID(high: high == 0 ? 0 : high - 1, low: high == 0 ? 0 : .max)
  }
}

extension QueueError {
  /// Why the queue takes no such job, as opposed to not taking any now.
  fileprivate var refusal: String? {
    switch self {
    case .tooLarge(let reason): reason
    case .tooManyLanes: "there are as many lanes as the queue allows"
    case .lost, .disconnected, .noMaster, .outOfMemory, .server: nil
    }
  }
}
