import StrataCore
import StrataQueue
import StrataRuntime

/// Ends the leases of workers that have gone silent.
///
/// After an outage of the queue it first gives every worker the length of a lease to report back: their silence was not
/// theirs.
struct Reaper {
  static let interval = Duration.seconds(1)
  /// Leases ended in one call.
  static let batchMax = 1_000

  let queue: any JobQueue
  let leaseDuration: Duration
  let reconciler: Reconciler
  let log: Log

  /// Reaps until the task is cancelled.
  func run() async {
    var quietUntil = ContinuousClock.now + leaseDuration
    while !Task.isCancelled {
      do {
        if ContinuousClock.now >= quietUntil {
          let ended = try await queue.expire(limit: Self.batchMax)
          if ended > 0 { log.warning("leases of silent workers ended", ["leases": "\(ended)"]) }
          if ended == Self.batchMax { continue }
        } else if try await queue.generation() == nil {
          throw QueueError.lost
        }
      } catch {
        quietUntil = .now + leaseDuration
        if case QueueError.lost = error { reconciler.request(.queueLost) }
      }
      try? await Task.sleep(for: Self.interval)
    }
  }
}
