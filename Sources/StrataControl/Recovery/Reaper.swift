import StrataCore
package import StrataQueue
package import StrataRuntime

/// Ends the leases of workers that have gone silent.
///
/// At the start, after an outage of the queue, when its server's clock was set, and when this process did not run itself
/// for a while (its machine was suspended, as may theirs have been), it first gives every worker the length of a lease to
/// report back: their silence was not theirs.
package struct Reaper: Sendable {
  /// Leases ended in one call.
  static let batchMax = 1_000

  let queue: any JobQueue
  let leaseDuration: Duration
  let reconciler: Reconciler
  let metrics: ControlMetrics
  let log: Log
  let time: Timekeeper
  /// Between two looks.
  let interval: Duration

  package init(
    queue: any JobQueue, leaseDuration: Duration, reconciler: Reconciler, metrics: ControlMetrics = ControlMetrics(),
    log: Log = .silent, time: Timekeeper = .system, interval: Duration = .seconds(1)
  ) {
    self.queue = queue
    self.leaseDuration = leaseDuration
    self.reconciler = reconciler
    self.metrics = metrics
    self.log = log
    self.time = time
    self.interval = interval
  }

  /// Reaps until the task is cancelled.
  package func run() async {
    var quietUntil = time.now + leaseDuration
    var clock = ClockWatch(time: time)
    var lastLook = time.now
    while !Task.isCancelled {
      if time.now - lastLook > interval + leaseDuration / 2 { quietUntil = time.now + leaseDuration }
      lastLook = time.now
      do {
        // What was put right may have been lost with its last seconds.
        if reconciler.takeNewServer() { clock.forget() }
        let isTold = try await clock.look(at: queue)
        if clock.pending != .zero {
          quietUntil = time.now + leaseDuration
          try await putRight(clock.pending, within: clock.pendingFor)
          clock.settle()
        }
        // Of what the clock says now nobody knows whether it was set.
        if isTold, time.now >= quietUntil {
          if try await reap() == Self.batchMax { continue }
        } else if try await queue.generation() == nil {
          throw QueueError.lost
        }
      } catch {
        quietUntil = time.now + leaseDuration
        if case QueueError.lost = error { reconciler.request(.queueLost) }
      }
      await time.pause(interval)
    }
  }

  /// Puts right what a clock that was set by `step` has put off.
  private func putRight(_ step: Duration, within late: Duration) async throws(QueueError) {
    let moved = step < .zero ? try await queue.rewind(by: .zero - step, within: late) : 0
    log.warning("the clock of the queue's server was set", ["seconds": "\(Int(step.seconds))", "moved": "\(moved)"])
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
