import StrataCore
package import StrataQueue
package import StrataRuntime

/// Ends the leases of workers that have gone silent.
///
/// At the start and after an outage of the queue it first gives every worker the length of a lease to report back: their
/// silence was not theirs.
package struct Reaper: Sendable {
  /// Leases ended in one call.
  static let batchMax = 1_000

  let queue: any JobQueue
  let leaseDuration: Duration
  let reconciler: Reconciler
  let metrics: ControlMetrics
  let log: Log
  /// Between two looks.
  let interval: Duration

  package init(
    queue: any JobQueue, leaseDuration: Duration, reconciler: Reconciler, metrics: ControlMetrics = ControlMetrics(),
    log: Log = .silent, interval: Duration = .seconds(1)
  ) {
    self.queue = queue
    self.leaseDuration = leaseDuration
    self.reconciler = reconciler
    self.metrics = metrics
    self.log = log
    self.interval = interval
  }

  /// Reaps until the task is cancelled.
  package func run() async {
    var quietUntil = ContinuousClock.now + leaseDuration
    while !Task.isCancelled {
      do {
        if ContinuousClock.now >= quietUntil {
          if try await reap() == Self.batchMax { continue }
        } else if try await queue.generation() == nil {
          throw QueueError.lost
        }
      } catch {
        quietUntil = .now + leaseDuration
        if case QueueError.lost = error { reconciler.request(.queueLost) }
      }
      try? await Task.sleep(for: interval)
    }
  }

  private func reap() async throws(QueueError) -> Int {
    let ended = try await queue.expire(limit: Self.batchMax)
    if ended > 0 {
      metrics.leasesExpired.increment(by: UInt64(ended))
      log.warning("leases of silent workers ended", ["leases": "\(ended)"])
    }
    return ended
  }
}
