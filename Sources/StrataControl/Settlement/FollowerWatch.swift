import StrataCore
package import StrataLedger
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Watches, while another controller leads, that it does: that somebody holds the lead, and that outcomes are settled.
///
/// An outcome that waits for too long is settled here, which is exact whoever else does so at the same time: a leader that
/// lives and does not settle holds up nobody, and `/readyz` tells of it.
package final class FollowerWatch: Sendable {
  /// Outcomes read in one look.
  private static let outcomesMax = 100

  private let ledger: any JobLedger
  private let queue: any JobQueue
  private let settler: Settler
  private let interval: Duration
  private let log: Log
  private let time: Timekeeper
  private let progress: Mutex<SettlementProgress>

  package init(
    ledger: any JobLedger, queue: any JobQueue, settler: Settler, patience: Duration, interval: Duration, log: Log,
    time: Timekeeper = .system
  ) {
    self.ledger = ledger
    self.queue = queue
    self.settler = settler
    self.interval = interval
    self.log = log
    self.time = time
    progress = Mutex(SettlementProgress(patience: patience))
  }

  /// One sentence each; none while this controller leads.
  var obstacles: [String] {
    settler.silence == nil ? progress.withLock { $0.obstacles(at: time.now) } : []
  }

  /// Watches until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      await time.pause(interval)
      if settler.silence == nil {
        // Where the ledger or the queue is away, others tell.
        try? await look()
      } else {
        progress.withLock { $0.reset() }
      }
    }
  }

  private func look() async throws {
    let isLed = try await ledger.isLed(.controller)
    let outcomes = try await queue.outcomes(after: nil, limit: Self.outcomesMax, waitingUpTo: .zero)
    guard progress.withLock({ $0.note(isLed: isLed, outcomes.map(\.position), at: time.now) }) else { return }
    log.warning("the leader does not settle; this controller does so", ["outcomes": "\(outcomes.count)"])
    let refused = try await settler.drain()
    let kept = outcomes.filter { refused.contains($0.job) }.map(\.position)
    progress.withLock { $0.noteDrained(refused: kept, at: time.now) }
  }
}
