import StrataCore
package import StrataQueue
package import StrataRuntime

/// Sees to the queue's timers: makes delayed jobs ready when their time has come, those that were submitted for later, and
/// those that wait to be tried again; finishes jobs that were to have started by now; lets through what rates hold up. It
/// sleeps until the next is due, or until one is set that is due before.
///
/// The clock of the queue's server decides: no job is early by it, and one is late by the time that a change of leader takes.
package struct Promoter: Sendable {
  /// Timers seen to in one call.
  package static let batchMax = 1_000
  /// The longest wait: how long a connection that broke without a sign may go unseen.
  package static let waitMax = Duration.seconds(30)
  /// The shortest, should a clock run fast.
  static let waitMin = Duration.milliseconds(5)

  private let queue: any JobQueue
  private let metrics: ControlMetrics
  private let log: Log
  private let time: Timekeeper

  package init(
    queue: any JobQueue, metrics: ControlMetrics = ControlMetrics(), log: Log = .silent,
    time: Timekeeper = .system
  ) {
    self.queue = queue
    self.metrics = metrics
    self.log = log
    self.time = time
  }

  /// Promotes until the task is cancelled. Outages of the queue are waited out.
  package func run() async {
    var backoff = time.backoff(first: .milliseconds(50), longest: .seconds(2))
    while !Task.isCancelled {
      do {
        let promotion = try await queue.promote(limit: Self.batchMax)
        backoff.reset()
        metrics.promoted.increment(by: UInt64(promotion.count))
        metrics.notStartedInTime.increment(by: UInt64(promotion.expired))
        // More may be due already.
        if promotion.timers == Self.batchMax { continue }
        _ = try await queue.dueSignal(waitingUpTo: try await wait(until: promotion.nextDue))
      } catch {
        if Task.isCancelled { return }
        // A queue that is being rebuilt says so for a while; the reconciler tells of it.
        if error != .lost { log.warning("delayed jobs wait for the queue", ["error": "\(error)"]) }
        await time.pause(backoff.next())
      }
    }
  }

  /// By the queue's clock, by which it is due.
  private func wait(until due: Timestamp?) async throws(QueueError) -> Duration {
    guard let due else { return Self.waitMax }
    return min(max(due - (try await queue.time().now), Self.waitMin), Self.waitMax)
  }
}
