import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling

/// What is known of a waiting job and of what it waits behind. `reasons` is pure.
struct WaitFacts: Sendable {
  /// Something that only so many jobs may run behind.
  struct Gate: Sendable {
    let name: String
    let limit: RunningLimit
    /// nil where it was not counted.
    let running: Int?
  }

  let state: JobState
  /// Whether the queue holds it, or has done with it.
  let isEnqueued: Bool
  let scheduledFor: Timestamp?
  let hasRun: Bool
  /// The classes of the jobs that it was preempted for, the first preemption first.
  let preemptors: [PriorityClass]
  /// That of the one for which it is being ended now.
  let preemptor: PriorityClass?
  /// Whether its owner wants the attempt that runs to end.
  let isCancelRequested: Bool
  /// Jobs of its tenant that go first, of those that need the same and are in the queue.
  let jobsAhead: Int
  /// Whether others of its tenant may go first too, by their priority: those that need something else are not counted.
  let mayMoreBeAhead: Bool
  /// Tasks that arrays of its tenant have still to make, and that go first.
  let tasksAhead: Int
  /// Where it waits, as it is preferred, …
  let lane: Lane
  /// … how the tenants of its tier and class stand, …
  let standing: PoolStanding
  /// … and how many jobs of others than its own wait there.
  let othersBeside: Int
  let tenant: Gate
  /// When the jobs of its tenant began that run, where they were counted.
  let tenantStarts: [Timestamp]
  let capability: Gate
  let tier: Gate
  let workers: WorkerFacts
  /// Jobs of its tier that wait in higher classes.
  let readyAbove: Int
  let needs: String
  /// How else it may run.
  let alternatives: [AlternativeFacts]

  /// Jobs of its tenant that go first, made or not.
  var ownAhead: Int { jobsAhead + tasksAhead }

  /// What holds it, the weightiest first; never empty.
  var reasons: [Explanation.Reason] {
    switch state {
    case .succeeded, .failed, .cancelled:
      return [.init(.finished, "it does not wait: it is finished (\(state.rawValue))")]
    case .queued where !isEnqueued, .scheduled where !isEnqueued:
      return [.init(.notEnqueued, "it is accepted and not in the queue yet: it is put there within seconds")]
    case .running:
      let running = Explanation.Reason(.running, "it does not wait: it runs, or its end is being settled")
      return [cancellation ?? preemption ?? running] + preemptions
    case .blocked: return [.init(.blocked, "it waits for other jobs to end")]
    case .scheduled: return [scheduled] + gates.filter { $0.limit == 0 } + preemptions
    case .queued:
      let missing = workers.reason(tier: tier.name, needs: needs)
      let found = gates + [missing, higherClasses, ownJobs, turns].compactMap(\.self)
      let room = [workers.roomReason(tier: tier.name, needs: needs)].compactMap(\.self)
      let next = Explanation.Reason(
        .next, "it is the next of its tier: it starts on a worker with \(needs) free")
      // A rate may hold what nothing else does.
      let here = found.isEmpty ? rates + room + [next] : found + room + rates
      // Where no worker could run it as is preferred and one could otherwise, that is what it waits for.
      let isElsewhere = missing != nil && alternatives.contains { $0.isPossible }
      let others = alternatives.map(\.reason)
      return (isElsewhere ? others + here : here + others) + preemptions
    }
  }

  private var cancellation: Explanation.Reason? {
    isCancelRequested ? .init(.cancelling, "its cancellation was asked for, and its worker is stopping it") : nil
  }

  private var preemption: Explanation.Reason? {
    preemptor.map {
      .init(
        .preempted, "it is being ended so that a job of class \($0.rawValue) has its room; it runs again after that")
    }
  }

  /// What has held it up before.
  private var preemptions: [Explanation.Reason] {
    guard let last = preemptors.last else { return [] }
    let message =
      "jobs of higher classes needed its room \(preemptors.count.counted("time")), the last one of class \(last.rawValue);"
      + " it has kept its place, and no attempt was counted"
    return [.init(.preempted, message, count: preemptors.count)]
  }

  private var scheduled: Explanation.Reason {
    let time = scheduledFor.map { " until \($0.text)" } ?? ""
    return hasRun
      ? .init(.retrying, "an attempt failed, and it waits\(time) to be tried again", until: scheduledFor)
      : .init(.scheduled, "it was submitted for later: it waits\(time)", until: scheduledFor)
  }

  private var gates: [Explanation.Reason] {
    [
      reason(tenant, "tenant", .tenantPaused, .tenantLimit),
      reason(capability, "capability", .capabilityPaused, .capabilityLimit),
      reason(tier, "tier", .tierPaused, .tierLimit),
    ].compactMap(\.self)
  }

  private func reason(
    _ gate: Gate, _ kind: String, _ paused: Explanation.Code, _ full: Explanation.Code
  ) -> Explanation.Reason? {
    if gate.limit.isPaused {
      return .init(paused, "\(kind) '\(gate.name)' is paused: nothing of it starts", count: gate.running, limit: 0)
    }
    if gate.limit.runningMax == 0 {
      let message = "\(kind) '\(gate.name)' has a limit of 0: nothing of it starts until another one is set"
      return .init(full, message, count: gate.running, limit: 0)
    }
    guard let most = gate.limit.runningMax, let running = gate.running, running >= most else { return nil }
    return .init(
      full,
      "\(kind) '\(gate.name)' is at its limit: \(running.counted("job runs", "jobs run")), and at most \(most) may",
      count: running, limit: most)
  }

  private var rates: [Explanation.Reason] {
    [rate(tenant, "tenant"), rate(capability, "capability"), rate(tier, "tier")].compactMap(\.self)
  }

  /// Whether the rate is used up at the moment the queue does not tell: it may be what holds the job.
  private func rate(_ gate: Gate, _ kind: String) -> Explanation.Reason? {
    guard let rate = gate.limit.rate, !gate.limit.isPaused else { return nil }
    return .init(
      .rateLimit,
      "\(kind) '\(gate.name)' may start \(rate.count.counted("job")) in \(rate.period.milliseconds / 1_000) s, and as many as \(rate.burst) at once",
      limit: Int(rate.burst))
  }

  private var higherClasses: Explanation.Reason? {
    guard readyAbove > 0 else { return nil }
    return .init(
      .higherClasses, "\(readyAbove.counted("job")) of higher classes \(readyAbove == 1 ? "goes" : "go") first",
      count: readyAbove)
  }

  private var ownJobs: Explanation.Reason? {
    guard ownAhead > 0 else { return perhapsOwnJobs }
    let least = mayMoreBeAhead ? "at least " : ""
    let jobs = "\(ownAhead.counted("job")) of its own tenant \(ownAhead == 1 ? "goes" : "go") first"
    let tasks = tasksAhead > 0 ? ", counting \(tasksAhead.counted("task")) that its arrays have still to make" : ""
    return .init(
      .ownJobs, "\(least)\(jobs)\(tasks): a tenant's jobs start by priority, then as they were submitted",
      count: ownAhead)
  }

  /// Nothing says that it is the next where others of its tenant, which need something else, may go first.
  private var perhapsOwnJobs: Explanation.Reason? {
    guard mayMoreBeAhead else { return nil }
    return .init(
      .ownJobs,
      "jobs of its own tenant that need something else wait beside it, and those of them go first that were submitted "
        + "before it or have a higher priority: how many is not known")
  }

  private var turns: Explanation.Reason? {
    guard othersBeside > 0 else { return nil }
    let waiting = othersBeside == 1 ? "1 job of another tenant waits" : "\(othersBeside) jobs of other tenants wait"
    return .init(.turns, "\(waiting) in its class: tenants take turns by what they have used", count: othersBeside)
  }

  /// What the queue does not tell yet.
  var unknown: [String] {
    guard state == .queued else { return [] }
    var unknown: [String] = []
    if workers.mayBeUnknown {
      unknown.append("which workers serve tier '\(tier.name)', and whether one of them has \(needs) free")
    }
    if [tenant, capability, tier].contains(where: { $0.limit.rate != nil }) {
      unknown.append("how many starts its rates leave at the moment")
    }
    if mayMoreBeAhead, jobsAhead == 0 {
      unknown.append("whether jobs of its own tenant go first that need something else")
    }
    if tenant.limit.effective != nil, tenant.running == nil {
      unknown.append("how many jobs of its tenant run: there are too many to count")
    }
    return unknown
  }
}
