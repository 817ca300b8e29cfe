import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct ShareDeviationTests {
  @Test func aTenantThatIsPassedOverIsFoundWithItsWindow() throws {
    // Both have 10 of work from 0 on, and equal weights; the first one is served in full before the other.
    let fluid = try FluidSchedule(
      arrivals: [WorkArrival(time: 0, tenant: 0, work: 10), WorkArrival(time: 0, tenant: 1, work: 10)],
      weights: [1, 1, 1], capacity: 1)
    let found = try fluid.deviations(of: fluid.runs(inOrder: [0, 1]))
    let (first, second) = (try #require(found[0]), try #require(found[1]))
    #expect(first.window == 0...10 && first.received == 10 && first.due == 5 && first.amount == 5)
    // In the second ten seconds it is alone, and gets what is due.
    #expect(second.window == 0...10 && second.received == 0 && second.amount == -5)
    #expect(found[2] == nil)
  }

  @Test func whatNeverRanIsStillMissed() throws {
    let fluid = try FluidSchedule(
      arrivals: [WorkArrival(time: 0, tenant: 0, work: 8), WorkArrival(time: 2, tenant: 1, work: 1)], weights: [1, 3],
      capacity: 1)
    let found = try fluid.deviations(of: [WorkRun(start: 0, end: 8), nil])
    #expect(try #require(found[1]).window == 2...8)
    #expect(try #require(found[1]).due == 4.5)
  }

  @Test func withManyWorkersOnlyWhoWaitsIsDueAShare() throws {
    // Two workers; each runs one job of its own tenant, and nobody waits.
    let fluid = try FluidSchedule(
      arrivals: [WorkArrival(time: 0, tenant: 0, work: 10), WorkArrival(time: 0, tenant: 1, work: 4)], weights: [1, 9],
      capacity: 2)
    let runs = [WorkRun(start: 0, end: 10), WorkRun(start: 0, end: 4)]
    #expect(try fluid.deviations(of: runs, backlog: .waiting).compactMap { $0?.amount } == [0, 0])
    #expect(try #require(try fluid.deviations(of: runs)[1]).amount < -3)
  }

  @Test func itAgreesWithALookAtEveryWindow() throws {
    var random = SeededGenerator(seed: testSeed)
    for round in 0..<60 {
      let load = RandomLoad(jobs: 9, tenants: 3, using: &random)
      let fluid = try load.fluid
      var runs = fluid.runs(inOrder: load.arrivals.indices.shuffled(using: &random))
      if round % 3 == 1 {
        // Many workers, each slow, some that take no time at all, and some jobs that never run.
        runs = load.arrivals.map { arrival in
          let start = arrival.time + Double(Int.random(in: 0...9, using: &random))
          guard Int.random(in: 0...9, using: &random) > 0 else { return nil }
          return WorkRun(start: start, end: start + Double(Int.random(in: 0...9, using: &random)))
        }
      }
      for rule in [BacklogRule.unfinished, .waiting] {
        let found = try fluid.deviations(of: runs, backlog: rule)
        let expected = EveryWindow(fluid, runs, rule)
        for tenant in load.weights.indices {
          let worst = expected.worst(of: tenant)
          #expect(
            FluidScheduleTests.isNear(found[tenant].map { abs($0.amount) } ?? -1, worst ?? -1),
            "tenant \(tenant), \(rule), round \(round), STRATA_SEED=\(testSeed)")
        }
      }
    }
  }

  /// Theorem 1 of Goyal, Vin and Cheng, summed over the other tenants: with all of them busy all the time, none is
  /// farther from its share φ than (1 − φ) of its own largest job and φ of the others' largest.
  @Test func startTimeFairQueueingStaysWithinItsBound() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<30 {
      let load = RandomLoad(jobs: 400, tenants: 5, areAtOnce: true, using: &random)
      let fluid = try load.fluid
      let order = startTimeFairOrder(load)
      // Up to when the first tenant runs out of work.
      let ends = load.weights.indices.map { tenant in order.lastIndex { load.arrivals[$0].tenant == tenant } ?? 0 }
      let busy = Set(order.prefix((ends.min() ?? 0) + 1))
      let runs = fluid.runs(inOrder: order).enumerated().map { busy.contains($0.offset) ? $0.element : nil }
      let weight = Double(load.weights.reduce(0, +))
      let largest = load.weights.indices.map { tenant in
        load.arrivals.filter { $0.tenant == tenant }.map(\.work).max() ?? 0
      }
      for deviation in try fluid.deviations(of: runs) {
        let found = try #require(deviation)
        let share = Double(load.weights[found.tenant]) / weight
        let others = largest.reduce(0, +) - largest[found.tenant]
        let bound = largest[found.tenant] * (1 - share) + share * others
        #expect(abs(found.amount) <= bound + 1e-9, "\(found), STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test func anAbuserStarvesOthersInOrderOfArrivalButNotInFairOrder() throws {
    var arrivals = (0..<5_000).map { _ in WorkArrival(time: 0, tenant: 0, work: 1) }
    arrivals += (0..<100).map { WorkArrival(time: Double($0), tenant: 1, work: 1) }
    arrivals.sort { ($0.time, $0.tenant) < ($1.time, $1.tenant) }
    let fluid = try FluidSchedule(arrivals: arrivals, weights: [1, 1], capacity: 1)
    let load = RandomLoad(arrivals: arrivals, weights: [1, 1])
    let unfair = try #require(try fluid.deviations(of: fluid.runs(inOrder: Array(arrivals.indices)))[1])
    #expect(unfair.amount < -2_000)
    let fair = try fluid.deviations(of: fluid.runs(inOrder: startTimeFairOrder(load, capacity: 1)))
    for deviation in fair { #expect(abs(try #require(deviation).amount) <= 1 + 1e-9) }
  }
}

/// Start-time fair queueing on one server: each job's start tag is the later of the virtual time and its tenant's last
/// finish tag; the smallest start tag goes next, and is the virtual time while it runs.
private func startTimeFairOrder(_ load: RandomLoad, capacity: Double = 2) -> [Int] {
  var order: [Int] = []
  var finish = load.weights.map { _ in 0.0 }
  var lines = load.weights.map { _ in [(job: Int, start: Double)]()[...] }
  var (virtual, time, next) = (0.0, 0.0, 0)
  while order.count < load.arrivals.count {
    while next < load.arrivals.count, load.arrivals[next].time <= time {
      let arrival = load.arrivals[next]
      let start = max(virtual, finish[arrival.tenant])
      finish[arrival.tenant] = start + arrival.work / Double(load.weights[arrival.tenant])
      lines[arrival.tenant].append((next, start))
      next += 1
    }
    let heads = lines.indices.compactMap { tenant in lines[tenant].first.map { ($0.start, tenant) } }
    guard let (start, tenant) = heads.min(by: <), let head = lines[tenant].popFirst() else {
      time = load.arrivals[next].time
      continue
    }
    virtual = start
    order.append(head.job)
    time += load.arrivals[head.job].work / capacity
  }
  return order
}

extension RandomLoad {
  init(arrivals: [WorkArrival], weights: [Int]) {
    self.arrivals = arrivals
    self.weights = weights
  }
}

/// Tries all windows between any two instants at which anything happens.
private struct EveryWindow {
  private let fluid: FluidSchedule
  private let runs: [WorkRun?]
  private let rule: BacklogRule
  private let times: [Double]

  init(_ fluid: FluidSchedule, _ runs: [WorkRun?], _ rule: BacklogRule) {
    self.fluid = fluid
    self.runs = runs
    self.rule = rule
    times = Set(fluid.arrivals.map(\.time) + runs.flatMap { $0.map { [$0.start, $0.end] } ?? [] }).sorted()
  }

  /// Whether a tenant has work right after `time` (in the piece of time that begins there).
  private func hasWork(_ tenant: Int, after time: Double) -> Bool {
    zip(fluid.arrivals, runs).contains { arrival, run in
      let end = run.map { rule == .waiting ? $0.start : $0.end } ?? .infinity
      return arrival.tenant == tenant && arrival.time <= time && time < end
    }
  }

  private func received(_ tenant: Int, upTo time: Double, including: Bool) -> Double {
    zip(fluid.arrivals, runs).reduce(0) { sum, pair in
      guard let run = pair.1, pair.0.tenant == tenant else { return sum }
      if run.start == run.end { return sum + (run.end < time || including && run.end == time ? pair.0.work : 0) }
      return sum + pair.0.work * min(1, max(0, (time - run.start) / (run.end - run.start)))
    }
  }

  private func due(_ tenant: Int, from start: Double, to end: Double) -> Double {
    zip(times, times.dropFirst()).reduce(0) { sum, piece in
      guard start <= piece.0, piece.1 <= end else { return sum }
      let weight = fluid.weights.indices.filter { hasWork($0, after: piece.0) }.map { fluid.weights[$0] }.reduce(0, +)
      return sum + fluid.capacity * (piece.1 - piece.0) * Double(fluid.weights[tenant]) / Double(max(1, weight))
    }
  }

  /// The greatest difference; nil where the tenant never has work.
  func worst(of tenant: Int) -> Double? {
    var worst: Double?
    for (first, start) in times.enumerated() {
      for end in times[first...] {
        let pieces = times.filter { start <= $0 && $0 < end }
        guard pieces.allSatisfy({ hasWork(tenant, after: $0) }) else { break }
        // A window of one instant counts where it touches a time with work, or an arrival.
        guard start < end || touchesWork(tenant, start) else { continue }
        let due = due(tenant, from: start, to: end)
        for (isLate, isIncluded) in [(false, false), (false, true), (true, false), (true, true)]
        where start < end || isIncluded || !isLate {
          let got =
            received(tenant, upTo: end, including: isIncluded) - received(tenant, upTo: start, including: isLate)
          worst = max(worst ?? 0, abs(got - due))
        }
      }
    }
    return worst
  }

  private func touchesWork(_ tenant: Int, _ time: Double) -> Bool {
    zip(fluid.arrivals, runs).contains { arrival, run in
      let end = run.map { rule == .waiting ? $0.start : $0.end } ?? .infinity
      return arrival.tenant == tenant && arrival.time <= time && time <= end
    }
  }
}
