package import StrataQueue
package import StrataRuntime

/// Tells of what the queue could not read and moved aside, each entry once, and has the jobs looked for that went with
/// it: a job whose record or outcome is unreadable is out of the queue, and unfinished in the ledger.
package struct UnreadableWatch: Sendable {
  /// Entries read at a time.
  static let batchMax = 100
  /// How often `start` tries, which takes about a second: whatever keeps the entries from being read must not keep
  /// everything else from being compared.
  package static let startTriesMax = 5

  private let queue: any JobQueue
  private let reconciler: Reconciler
  private let metrics: ControlMetrics
  private let log: Log
  private let time: Timekeeper
  private let backoff: Backoff

  /// - Parameter backoff: between two tries, while the queue does not answer.
  package init(
    queue: any JobQueue, reconciler: Reconciler, metrics: ControlMetrics = ControlMetrics(), log: Log = .silent,
    time: Timekeeper = .system, backoff: Backoff? = nil
  ) {
    self.queue = queue
    self.reconciler = reconciler
    self.metrics = metrics
    self.log = log
    self.time = time
    self.backoff = backoff ?? time.backoff(first: .milliseconds(50), longest: .seconds(2))
  }

  /// Where watching begins.
  package enum Start: Hashable, Sendable {
    /// Behind this entry; nil at the oldest.
    case after(OutcomePosition?)
    /// What lies aside already could not be read. `run` reads it first, and has its jobs looked for.
    case unknown
  }

  /// Tells of what lies aside already. The comparison that a term begins with looks for its jobs if it begins after
  /// this. Gives up after `startTriesMax` tries.
  package func start() async -> Start {
    var backoff = backoff
    for _ in 0..<Self.startTriesMax {
      do { return .after(try await passOverOld()) } catch {
        log.warning("what lies aside could not be read", ["error": "\(error)"])
        await time.pause(backoff.next())
      }
    }
    return .unknown
  }

  /// Watches what comes after `start` until the task is cancelled. An outage of the queue is waited out, and logged
  /// once.
  package func run(after start: Start) async {
    var start = start
    var backoff = backoff
    var complaint: QueueError?
    while !Task.isCancelled {
      do {
        start = .after(try await step(from: start))
        backoff.reset()
        complaint = nil
      } catch {
        if error != complaint { log.warning("unreadable entries are not watched now", ["error": "\(error)"]) }
        complaint = error
        await time.pause(backoff.next())
      }
    }
  }

  /// - Returns: where to go on.
  private func step(from start: Start) async throws(QueueError) -> OutcomePosition? {
    guard case .after(let position) = start else {
      let position = try await passOverOld()
      reconciler.request(.unreadable)
      return position
    }
    let entries = try await queue.unreadable(after: position, limit: Self.batchMax, waitingUpTo: .seconds(5))
    tell(entries)
    return entries.last?.position ?? position
  }

  private func passOverOld() async throws(QueueError) -> OutcomePosition? {
    var (position, count): (OutcomePosition?, Int) = (nil, 0)
    while true {
      let entries = try await queue.unreadable(after: position, limit: Self.batchMax, waitingUpTo: .zero)
      guard let last = entries.last else { break }
      position = last.position
      count += entries.count
    }
    if count > 0 {
      log.warning("the queue holds entries that could not be read and were moved aside", ["entries": "\(count)"])
    }
    return position
  }

  private func tell(_ entries: [UnreadableEntry]) {
    for entry in entries {
      metrics.unreadable(entry.place)
      log.error(
        "the queue could not read an entry and moved it aside",
        ["in": entry.place.rawValue, "at": entry.name, "reason": entry.reason, "aside": "\(entry.position)"])
    }
    let jobs = entries.filter { $0.place != .events }
    if !jobs.isEmpty { reconciler.request(.unreadable, unreadable: jobs) }
  }
}
