package import StrataQueue
package import StrataRuntime

/// Tells of what the queue could not read and moved aside, each entry once, and has the jobs looked for that went with
/// it: a job whose record or outcome is unreadable is out of the queue, and unfinished in the ledger.
package struct UnreadableWatch: Sendable {
  /// Entries read at a time.
  static let batchMax = 100

  private let queue: any JobQueue
  private let reconciler: Reconciler
  private let metrics: ControlMetrics
  private let log: Log

  package init(
    queue: any JobQueue, reconciler: Reconciler, metrics: ControlMetrics = ControlMetrics(), log: Log = .silent
  ) {
    self.queue = queue
    self.reconciler = reconciler
    self.metrics = metrics
    self.log = log
  }

  /// Tells of what lies aside already. The comparison that a term begins with looks for its jobs if it begins after
  /// this. An outage of the queue is waited out.
  ///
  /// - Returns: where to watch from; nil from the beginning.
  package func start() async -> OutcomePosition? {
    var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
    while !Task.isCancelled {
      do { return try await passOverOld() } catch { try? await Task.sleep(for: backoff.next()) }
    }
    return nil
  }

  /// Watches what comes after `start` until the task is cancelled. An outage of the queue is waited out.
  package func run(after start: OutcomePosition?) async {
    var position = start
    var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
    while !Task.isCancelled {
      do {
        let entries = try await queue.unreadable(after: position, limit: Self.batchMax, waitingUpTo: .seconds(5))
        tell(entries)
        position = entries.last?.position ?? position
        backoff.reset()
      } catch {
        try? await Task.sleep(for: backoff.next())
      }
    }
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
    if entries.contains(where: { $0.place != .events }) { reconciler.request(.unreadable) }
  }
}
