import StrataCore
import StrataQueue

/// What workers live for a job, busy or not. `reason` is pure.
struct WorkerFacts: Sendable {
  /// Of whatever tier.
  let all: Int
  /// Those that serve its tier, and are dedicated to other tenants and do not lend.
  let others: Int
  /// Those that serve its tier, and its tenant.
  let own: Int
  /// Those of them that have room for it once everything that they run is over, as far as it is known.
  let largeEnough: Int
  /// Those that have never asked for jobs: nobody knows what they serve.
  let new: Int
  /// The size that was declared of its tier, where no worker that was seen lately has room for it and one of that size
  /// would; in words.
  let declared: String?

  init(_ room: QueueRoom, tier: TierName, tenant: TenantID, lane: ResourceRequest, declared: String?) {
    let live = room.workers.filter { $0.deadline > room.time }
    let serving = live.filter { $0.tiers.contains(tier) }
    all = live.count
    others = serving.count { !$0.admits(tenant) }
    own = serving.count { $0.admits(tenant) }
    largeEnough = serving.count { worker in
      worker.admits(tenant) && worker.capacity.map { lane.fits(in: $0.wholeRoom) } ?? true
    }
    new = live.count { $0.capacity == nil }
    self.declared = declared
  }

  /// Whether one may serve its tier that is not known to.
  var mayBeUnknown: Bool { own == 0 && (all == 0 || new > 0) }

  /// Why no worker could start it, whatever else there is; nil where one could.
  func reason(tier: String, needs: String) -> Explanation.Reason? {
    if all == 0 { return noWorker("no worker is there: it waits until one comes") }
    if own > 0 {
      guard largeEnough == 0 else { return nil }
      return noWorker(
        "no worker of tier '\(tier)' that is there has room for \(needs): it waits until a larger one comes")
    }
    if others > 0 { return dedicated }
    return new > 0 ? nil : noWorker("no worker that is there serves tier '\(tier)': it waits until one comes")
  }

  private func noWorker(_ message: String) -> Explanation.Reason {
    let size = declared.map {
      "; the declared size of its tier, \($0), has room for it, and no worker of that size lives"
    }
    return .init(.noWorker, message + (size ?? ""), count: 0)
  }

  private var dedicated: Explanation.Reason {
    let all =
      others == 1
      ? "the only worker that is known to serve its tier is"
      : "all \(others) workers that are known to serve its tier are"
    return .init(.dedicatedWorkers, "\(all) dedicated to other tenants: it waits until another comes", count: others)
  }
}
