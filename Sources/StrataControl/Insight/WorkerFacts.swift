import StrataCore
import StrataQueue
import StrataScheduling

/// What workers live for a job, busy or not. `reason` and `roomReason` are pure.
struct WorkerFacts: Sendable {
  /// Of whatever tier.
  let all: Int
  /// Those that serve its tier, and are dedicated to other tenants and do not lend.
  let others: Int
  /// Those that serve its tier, and its tenant.
  let own: Int
  /// Such as those, but for being stopped: they start nothing more.
  let draining: Int
  /// Those of them that have room for it once everything that they run is over, as far as it is known.
  let largeEnough: Int
  /// Those that have never asked for jobs: nobody knows what they serve.
  let new: Int
  /// The size that was declared of its tier, where no worker that was seen lately has room for it and one of that size
  /// would; in words.
  let declared: String?
  /// Of those that are large enough, those whose slots are all taken, those that take no more jobs now for another reason,
  /// and those that have room for it and keep that for a job of its class or a higher one.
  let full: Int
  let silent: Int
  let keeping: Int
  /// Of those that take jobs and have too little free for it, what the one that lacks the least has of what it lacks.
  let roomiest: String?
  /// Whether one of them has room for it now.
  let hasRoom: Bool

  /// - Parameter lane: that of the job, as it would run on them.
  init(_ room: QueueRoom, tenant: TenantID, lane: Lane, declared: String?) {
    let tier = lane.tier
    let live = room.workers.filter { $0.deadline > room.time }
    let known = live.filter { $0.tiers.contains(tier) }
    let serving = known.filter { $0.capacity?.isDraining != true }
    all = live.count
    draining = known.count { $0.capacity?.isDraining == true && $0.admits(tenant) }
    others = serving.count { !$0.admits(tenant) }
    own = serving.count { $0.admits(tenant) }
    let able = serving.filter { worker in
      worker.admits(tenant) && worker.capacity.map { lane.resources.fits(in: $0.wholeRoom) } ?? true
    }
    largeEnough = able.count
    let asking = able.filter { $0.idle[tier] ?? 0 > 0 }
    full = able.count { $0.idle[tier] == nil && $0.leases > 0 && $0.capacity?.slotsLeft == 0 }
    silent = able.count - asking.count - full
    let (fitting, small) = (
      asking.filter { $0.free.map { lane.resources.fits(in: $0) } ?? true },
      asking.compactMap(\.free).filter { !lane.resources.fits(in: $0) }
    )
    keeping = fitting.count { $0.capacity?.keepsFor.map { $0 >= lane.priorityClass } ?? false }
    hasRoom = fitting.count > keeping
    let needs = ResourceAmounts(lane.resources)
    roomiest = small.map { ResourceAmounts($0) }.max { needs.share(in: $0) < needs.share(in: $1) }.map {
      $0.words(of: needs.lacking(in: $0))
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
    if draining > 0 {
      let leaving = draining == 1 ? "the worker of tier '\(tier)' is" : "the \(draining) workers of tier '\(tier)' are"
      return noWorker("\(leaving) being stopped: it waits until another comes")
    }
    if others > 0 { return dedicated }
    return new > 0 ? nil : noWorker("no worker that is there serves tier '\(tier)': it waits until one comes")
  }

  /// Which resource it waits for, where a worker is large enough; nil where one has room for it now.
  func roomReason(tier: String, needs: String) -> Explanation.Reason? {
    guard largeEnough > 0, !hasRoom else { return nil }
    let parts = [
      full == 0 ? nil : full == 1 ? "one is busy in all its slots" : "\(full) are busy in all their slots",
      silent == 0 ? nil : silent == 1 ? "one takes no more jobs now" : "\(silent) take no more jobs now",
      keeping == 0
        ? nil
        : keeping == 1
          ? "one keeps its room for a large job that waits" : "\(keeping) keep theirs for large jobs that wait",
      roomiest.map { "the roomiest has \($0) free" },
    ].compactMap(\.self)
    let subject =
      largeEnough == 1
      ? "the one worker of tier '\(tier)' that is large enough has no room"
      : "none of the \(largeEnough) workers of tier '\(tier)' that are large enough has room"
    return .init(
      .noRoom, "\(subject) for \(needs) now: \(parts.joined(separator: ", "))", count: largeEnough)
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

extension ResourceAmounts {
  /// How much of what is needed there is, of what is scarcest: 1 where it is enough.
  fileprivate func share(in capacity: Self) -> Double {
    ResourceDimension.allCases.reduce(1) { share, dimension in
      self[dimension] > 0 ? min(share, Double(capacity[dimension]) / Double(self[dimension])) : share
    }
  }
}
