/// Who had work when, in a real schedule.
struct Backlog {
  /// Service due per unit of weight.
  private(set) var clock: ShareClock
  /// By tenant, in order: from when to when it had work without a break.
  private(set) var stretches: [[ClosedRange<Double>]]
  private var jobs: [Int]
  private var begun: [Double]

  private struct Change: Comparable {
    let time: Double
    let tenant: Int
    let jobs: Int
    /// What comes precedes what goes, so that a tenant whose job comes as its last one goes has no break.
    static func < (a: Self, b: Self) -> Bool { (a.time, -a.jobs, a.tenant) < (b.time, -b.jobs, b.tenant) }
  }

  init(of schedule: FluidSchedule, _ runs: [WorkRun?], _ rule: BacklogRule) {
    clock = ShareClock(capacity: schedule.capacity)
    stretches = schedule.weights.map { _ in [] }
    jobs = schedule.weights.map { _ in 0 }
    begun = schedule.weights.map { _ in 0 }
    var changes: [Change] = []
    for (arrival, run) in zip(schedule.arrivals, runs) {
      changes.append(Change(time: arrival.time, tenant: arrival.tenant, jobs: 1))
      guard let run else { continue }
      changes.append(Change(time: rule == .waiting ? run.start : run.end, tenant: arrival.tenant, jobs: -1))
    }
    for change in changes.sorted() { apply(change, weight: schedule.weights[change.tenant]) }
    // What never ran is still there at the end of all that is known.
    let end = (schedule.arrivals.map(\.time) + runs.compactMap { $0?.end }).max() ?? 0
    clock.advance(to: end, adding: 0)
    for tenant in jobs.indices where jobs[tenant] > 0 { stretches[tenant].append(begun[tenant]...end) }
  }

  private mutating func apply(_ change: Change, weight: Int) {
    let before = jobs[change.tenant]
    jobs[change.tenant] += change.jobs
    let begins = before == 0
    let ends = jobs[change.tenant] == 0
    guard begins || ends else { return }
    clock.advance(to: change.time, adding: begins ? weight : -weight)
    if begins { begun[change.tenant] = change.time }
    if ends { stretches[change.tenant].append(begun[change.tenant]...change.time) }
  }
}
