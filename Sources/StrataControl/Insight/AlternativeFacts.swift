import StrataCore
import StrataLedger

/// What is known of another way to run a waiting job. `reason` is pure.
struct AlternativeFacts: Sendable {
  let tier: WaitFacts.Gate
  let workers: WorkerFacts
  let needs: String

  /// Whether a worker that is there could run it.
  var isPossible: Bool { tier.limit.effective != 0 && workers.reason(tier: tier.name, needs: needs) == nil }

  /// What holds it up there.
  var reason: Explanation.Reason {
    .init(.alternative, "or else it runs on tier '\(tier.name)' with \(needs): \(obstacle)")
  }

  private var obstacle: String {
    if tier.limit.isPaused { return "that tier is paused" }
    if let most = tier.limit.runningMax, let running = tier.running, running >= most {
      return "that tier is at its limit, \(running.counted("job runs", "jobs run")) and at most \(most) may"
    }
    if let missing = workers.reason(tier: tier.name, needs: needs) { return missing.message }
    if let full = workers.roomReason(tier: tier.name, needs: needs) { return full.message }
    return "jobs that prefer that tier go first there"
  }
}
