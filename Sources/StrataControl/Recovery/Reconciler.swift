import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// Brings the queue back in line with the ledger after a crash or a loss: every unfinished job is in the queue, no
/// finished one is.
///
/// A queue that has lost its past is refilled and then declared complete under a new generation; until then no worker
/// gets anything from it. A queue that merely may have forgotten something (a restart, an interrupted enqueue) is
/// compared and corrected while it works.
actor Reconciler {
  enum Reason: String { case start, queueLost, serverChanged, enqueueFailed, regular }

  /// Jobs compared in one step.
  static let pageMax = 1_000
  /// Jobs accepted this short a time before a rebuild are looked for a second time after it: their commit may have
  /// come after the first look.
  static let overlap = Duration.seconds(60)

  private let ledger: Ledger
  private let queue: any JobQueue
  private let settler: Settler
  private let log: Log
  private let requests: AsyncStream<Reason>
  private let requestEntry: AsyncStream<Reason>.Continuation
  private(set) var hasCompleted = false

  init(ledger: Ledger, queue: any JobQueue, settler: Settler, log: Log) {
    self.ledger = ledger
    self.queue = queue
    self.settler = settler
    self.log = log
    (requests, requestEntry) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Has the comparison made soon. Requests made meanwhile become one.
  nonisolated func request(_ reason: Reason) { requestEntry.yield(reason) }

  /// Reconciles on request until the task is cancelled, and repeats what an outage interrupts.
  func run() async {
    request(.start)
    for await reason in requests {
      var backoff = Backoff()
      while !Task.isCancelled {
        do {
          try await reconcile(reason)
          break
        } catch {
          log.warning("reconciliation interrupted; it is repeated", ["error": "\(error)"])
          await backoff.pause()
        }
      }
    }
  }

  /// One comparison, start to end.
  func reconcile(_ reason: Reason) async throws {
    let start = ContinuousClock.now
    let isLost = try await queue.generation() == nil
    let restored = isLost ? try await rebuild() : try await restoreMissing(after: nil)
    let forgotten = try await forgetFinished()
    hasCompleted = true
    log.info(
      "queue reconciled",
      [
        "reason": isLost ? "queueLost" : reason.rawValue, "restored": "\(restored)", "forgotten": "\(forgotten)",
        "seconds": "\((ContinuousClock.now - start).seconds)",
      ])
  }

  /// Fills an empty queue and declares it complete.
  private func rebuild() async throws -> Int {
    let overlapStart = Timestamp(nanoseconds: Timestamp.now.nanoseconds - Self.overlap.nanoseconds)
    // What ended before the loss may still be in the log of outcomes, if that survived.
    try await settler.drain()
    var restored = 0
    try await forEachUnfinished(after: nil) { jobs in
      restored += try await queue.restore(jobs).count { $0 == .enqueued }
    }
    try await queue.install(
      generation: try await ledger.nextGeneration(), tokenFloor: try await ledger.largestToken())
    return restored + (try await restoreMissing(after: JobID.first(at: overlapStart)))
  }

  /// Puts back the unfinished jobs that the queue does not hold and whose outcome is not on its way either.
  private func restoreMissing(after first: JobID?) async throws -> Int {
    var missing: [QueuedJob] = []
    try await forEachUnfinished(after: first) { jobs in
      let statuses = try await queue.status(of: jobs.map(\.id))
      missing += zip(jobs, statuses).filter { $0.1 == nil }.map(\.0)
    }
    guard !missing.isEmpty else { return 0 }
    try await settler.drain()
    var restored = 0
    for start in stride(from: 0, to: missing.count, by: Self.pageMax) {
      let page = Array(missing[start..<min(start + Self.pageMax, missing.count)])
      let states = try await ledger.states(of: page.map(\.id))
      let open = page.filter { states[$0.id]?.isFinal == false }
      restored += try await queue.restore(open).count { $0 == .enqueued }
    }
    return restored
  }

  private func forEachUnfinished(after first: JobID?, _ body: ([QueuedJob]) async throws -> Void) async throws {
    var cursor = first
    while true {
      let jobs = try await ledger.unfinished(after: cursor, limit: Self.pageMax)
      guard let last = jobs.last else { return }
      try await body(jobs.map(QueuedJob.init))
      cursor = last.id
    }
  }

  /// Takes out the jobs that the ledger knows to be finished, or does not know at all.
  private func forgetFinished() async throws -> Int {
    var forgotten = 0
    var cursor: UInt64?
    repeat {
      let page = try await queue.page(after: cursor, limit: Self.pageMax)
      let states = try await ledger.states(of: page.jobs)
      let finished = page.jobs.filter { states[$0]?.isFinal ?? true }
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
  /// The smallest identifier of an instant.
  static func first(at instant: Timestamp) -> JobID {
    JobID(high: UInt64(max(0, instant.milliseconds)) << 16, low: 0)
  }
}
