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
  package enum Reason: String, Sendable { case start, queueLost, serverChanged, enqueueFailed, unreadable, regular }

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
  /// How often a job is put back because the queue could not read an entry of it. After that it has failed.
  package static let unreadableRestoresMax = 5

  private let ledger: Ledger
  private let queue: any JobQueue
  private let settler: Settler
  private let metrics: ControlMetrics
  private let log: Log
  /// Shared with admission: a job that it is about to enqueue is not missing.
  package nonisolated let underWay: EnqueuesUnderWay
  /// By which others ask for comparisons.
  private nonisolated let requests: ReconcileRequests
  private nonisolated let failure = Mutex<String?>(nil)

  package init(
    ledger: Ledger, queue: any JobQueue, settler: Settler, metrics: ControlMetrics = ControlMetrics(),
    log: Log = .silent
  ) {
    self.ledger = ledger
    self.queue = queue
    self.settler = settler
    underWay = settler.underWay
    requests = settler.requests
    self.metrics = metrics
    self.log = log
  }

  /// Has the comparison made soon. Requests made meanwhile become one. While nobody runs, there is nothing to note:
  /// `run` begins with a comparison.
  package nonisolated func request(_ reason: Reason) { requests.request(reason) }

  /// What keeps a requested comparison from being completed, while it is being repeated; nil where nothing does.
  package nonisolated var trouble: String? { failure.withLock { $0 } }

  /// Reconciles at once and then on request, until the task is cancelled; repeats what an outage interrupts. May be
  /// called again after it returned.
  package func run() async {
    // A stream ends with the task that reads it, and a controller may lead more than once: each term has its own.
    let stream = requests.open()
    request(.start)
    for await reason in stream { await reconcilePersistently(reason) }
  }

  private func reconcilePersistently(_ reason: Reason) async {
    var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
    defer { failure.withLock { $0 = nil } }
    while !Task.isCancelled {
      do {
        _ = try await reconcile(reason)
        return
      } catch {
        failure.withLock { $0 = "\(error)" }
        log.warning("reconciliation interrupted; it is repeated", ["error": "\(error)"])
        try? await Task.sleep(for: backoff.next())
      }
    }
  }

  /// One comparison, start to end.
  @discardableResult
  package func reconcile(_ reason: Reason) async throws -> Outcome {
    let start = ContinuousClock.now
    var outcome = Outcome()
    let isLost = try await queue.generation() == nil
    if isLost {
      let (restored, generation) = try await rebuild()
      outcome.restored = restored
      // The first generation of all has no past that could have been lost.
      if generation > 1 { metrics.generationsLost.increment() }
    } else {
      outcome.restored = try await restoreMissing(after: nil, reason)
    }
    outcome.forgotten = try await forgetFinished()
    note(isLost ? .queueLost : reason, outcome, .now - start)
    return outcome
  }

  private func note(_ reason: Reason, _ outcome: Outcome, _ duration: Duration) {
    metrics.reconciled(reason.rawValue)
    metrics.restored.increment(by: UInt64(outcome.restored))
    metrics.forgotten.increment(by: UInt64(outcome.forgotten))
    log.info(
      "queue reconciled",
      [
        "reason": reason.rawValue, "restored": "\(outcome.restored)", "forgotten": "\(outcome.forgotten)",
        "seconds": "\(duration.seconds)",
      ])
  }

  /// Fills an empty queue and declares it complete.
  private func rebuild() async throws -> (restored: Int, generation: UInt64) {
    let overlapStart = Timestamp(nanoseconds: Timestamp.now.nanoseconds - Self.overlap.nanoseconds)
    // What ended before the loss may still be in the log of outcomes, if that survived.
    let refused = try await settler.drain()
    var restored = 0
    try await forEachUnfinished(after: nil) { jobs in
      let wanted = try await settleCancelled(jobs.filter { !refused.contains($0.id) })
      restored += try await restore(wanted.map(QueuedJob.init))
    }
    let generation = try await ledger.nextGeneration()
    try await queue.install(generation: generation, tokenFloor: try await ledger.largestToken())
    return (restored + (try await restoreMissing(after: JobID.first(at: overlapStart), .queueLost)), generation)
  }

  /// Finishes those that their owners have cancelled; nothing runs them any more.
  ///
  /// - Parameter jobs: unfinished, not in the queue, and no outcome of theirs on its way.
  /// - Returns: the others.
  private func settleCancelled(_ jobs: [UnfinishedJob]) async throws -> [UnfinishedJob] {
    for job in jobs where job.isCancelRequested { try await settler.settleCancelled(job.id) }
    return jobs.filter { !$0.isCancelRequested }
  }

  /// Counts that jobs are put back for an unreadable entry, and ends those for which that was so too often.
  ///
  /// - Returns: the others.
  private func settleUnreadable(_ jobs: [UnfinishedJob]) async throws -> [UnfinishedJob] {
    guard !jobs.isEmpty else { return [] }
    let counts = try await ledger.countUnreadable(jobs.map(\.id))
    let isOver = { (job: UnfinishedJob) in counts[job.id] ?? 0 > Self.unreadableRestoresMax }
    for job in jobs where isOver(job) { try await settler.settleUnreadable(job.id, tier: job.tier) }
    return jobs.filter { !isOver($0) }
  }

  /// Puts back the unfinished jobs that the queue does not hold.
  private func restoreMissing(after first: JobID?, _ reason: Reason) async throws -> Int {
    var restored = 0
    try await forEachUnfinished(after: first) { restored += try await restoreMissing(among: $0, reason) }
    return restored
  }

  /// Puts back those of a few jobs that are missing from the queue though unfinished, as after a controller that fell
  /// between commit and enqueue. Costs one read of the queue where none is missing. What it cannot do is left to the
  /// next comparison.
  package func recheck(_ jobs: Set<JobID>) async {
    do {
      let ids = Array(jobs)
      var missing: [UnfinishedJob] = []
      for (id, status) in zip(ids, try await queue.status(of: ids)) where status == nil {
        let found = try await ledger.unfinished(after: id.predecessor, limit: 1)
        missing += found.filter { $0.id == id }
      }
      metrics.restored.increment(by: UInt64(try await restoreMissing(among: missing, .enqueueFailed)))
    } catch {
      log.warning("repeated submissions could not be checked", ["error": "\(error)"])
      request(error as? QueueError == .lost ? .queueLost : .enqueueFailed)
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
  private func restoreMissing(among jobs: [UnfinishedJob], _ reason: Reason) async throws -> Int {
    let claimed = jobs.filter { underWay.begin($0.id) }
    defer { for job in claimed { underWay.end(job.id) } }
    let statuses = claimed.isEmpty ? [] : try await queue.status(of: claimed.map(\.id))
    let missing = zip(claimed, statuses).filter { $0.1 == nil }.map(\.0)
    // What their owners were told may not have reached the queue, or may be forgotten there.
    let unwanted = zip(claimed, statuses).filter { $0.1 != nil && $0.0.isCancelRequested }.map(\.0.id)
    if !unwanted.isEmpty { _ = try await queue.cancel(unwanted) }
    guard !missing.isEmpty else { return 0 }
    let refused = try await settler.drain()
    let states = try await ledger.states(of: missing.map(\.id))
    let unfinished = missing.filter { states[$0.id]?.isFinal == false && !refused.contains($0.id) }
    var wanted = try await settleCancelled(unfinished)
    if reason == .unreadable { wanted = try await settleUnreadable(wanted) }
    let restored = try await restore(wanted.map(QueuedJob.init))
    let cancelled = unfinished.map(\.id).filter(underWay.isCancelled)
    if !cancelled.isEmpty { _ = try await queue.cancel(cancelled) }
    return restored
  }

  /// - Returns: how many the queue did not hold. One that it would never take stands in nobody's way.
  private func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> Int {
    guard !jobs.isEmpty else { return 0 }
    do {
      return try await queue.restore(jobs).count { $0 == .enqueued }
    } catch .tooLarge(let reason) {
      guard jobs.count > 1 else {
        log.error("a job that the queue does not take waits for ever", ["job": "\(jobs[0].id)", "reason": reason])
        return 0
      }
      let middle = jobs.count / 2
      return try await restore(Array(jobs[..<middle])) + restore(Array(jobs[middle...]))
    }
  }

  private func forEachUnfinished(after first: JobID?, _ body: ([UnfinishedJob]) async throws -> Void) async throws {
    var cursor = first
    while true {
      let jobs = try await ledger.unfinished(after: cursor, limit: Self.pageMax)
      guard let last = jobs.last else { return }
      try await body(jobs)
      cursor = last.id
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

extension QueuedJob {
  init(_ job: UnfinishedJob) {
    self.init(
      order: job.order, tier: job.tier, priority: job.priority, attemptsMax: job.attemptsMax,
      attemptsMade: job.attemptsMade)
  }
}

extension JobID {
  /// The largest identifier that is smaller; the smallest is its own.
  var predecessor: JobID {
    guard low == 0 else { return JobID(high: high, low: low - 1) }
    return JobID(high: high == 0 ? 0 : high - 1, low: high == 0 ? 0 : .max)
  }

  /// The smallest identifier of an instant.
  static func first(at instant: Timestamp) -> JobID {
    JobID(high: UInt64(max(0, instant.milliseconds)) << 16, low: 0)
  }
}
