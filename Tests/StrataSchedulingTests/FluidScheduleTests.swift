import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct FluidScheduleTests {
  static func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(1, abs(a), abs(b)) }

  /// Two tenants of weights 1 and 3 on a server of 4 per second: shares of 1 and 3 per second while both have work.
  @Test func sharesFollowWeightsAndIdleCapacityIsLent() throws {
    let fluid = try FluidSchedule(
      arrivals: [
        WorkArrival(time: 0, tenant: 0, work: 6), WorkArrival(time: 1, tenant: 1, work: 6),
        WorkArrival(time: 10, tenant: 0, work: 4),
      ], weights: [1, 3], capacity: 4)
    // Alone until 1 (4 of 6), then 1 per second until the other one has had its 6, at 3: both end then.
    let served = [0, 0.5, 1, 2, 3, 9, 10.5, 11, 99].map { fluid.service(of: 0, upTo: $0) }
    #expect(zip(served, [0, 2, 4, 5, 6, 6, 8, 10, 10]).allSatisfy(Self.isNear), "\(served)")
    #expect([0, 1, 2, 3, 99].map { fluid.service(of: 1, upTo: $0) } == [0, 0, 3, 6, 6])
    #expect((0..<3).map { fluid.finish(ofArrival: $0) } == [3, 3, 11])
  }

  @Test func noWorkIsDoneAtOnce() throws {
    let fluid = try FluidSchedule(
      arrivals: [WorkArrival(time: 5, tenant: 0, work: 0), WorkArrival(time: 5, tenant: 0, work: 2)], weights: [1],
      capacity: 1)
    #expect((0..<2).map { fluid.finish(ofArrival: $0) } == [5, 7])
    #expect(try FluidSchedule(arrivals: [], weights: [1], capacity: 1).service(of: 0, upTo: 9) == 0)
  }

  @Test func itAgreesWithAServerThatIsSteppedThrough() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<100 {
      let load = RandomLoad(jobs: 25, tenants: 4, using: &random)
      let fluid = try load.fluid
      var stepped = SteppedServer(load)
      for time in stride(from: 0.5, through: 60, by: 3.5) {
        stepped.advance(to: time)
        for tenant in load.weights.indices {
          #expect(
            Self.isNear(fluid.service(of: tenant, upTo: time), stepped.served[tenant]),
            "tenant \(tenant) at \(time), STRATA_SEED=\(testSeed)")
        }
      }
    }
  }

  /// Theorem 3 of Parekh and Gallager: serving whole jobs in the order in which the fluid schedule would end them lags
  /// behind it by no more than the largest job. Arrivals are at once, so that the order is known.
  @Test func wholeJobsInTheFluidOrderLagByOneJobAtMost() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<200 {
      let load = RandomLoad(jobs: 40, tenants: 5, areAtOnce: true, using: &random)
      let fluid = try load.fluid
      let order = load.arrivals.indices.sorted {
        (fluid.finish(ofArrival: $0), $0) < (fluid.finish(ofArrival: $1), $1)
      }
      let largest = load.arrivals.map(\.work).max() ?? 0
      for lag in try fluid.lags(of: fluid.runs(inOrder: order)) {
        #expect(lag.behind <= largest + 1e-9, "\(lag), STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test func theFluidScheduleItselfNeitherLagsNorLeads() throws {
    // One job per tenant, all of one rate from beginning to end.
    let fluid = try FluidSchedule(
      arrivals: (0..<3).map { WorkArrival(time: 0, tenant: $0, work: [1, 2, 5][$0]) }, weights: [1, 2, 5], capacity: 2)
    let runs = (0..<3).map { WorkRun(start: 0, end: fluid.finish(ofArrival: $0)) }
    for lag in try fluid.lags(of: runs) { #expect(lag.behind < 1e-12 && lag.ahead < 1e-12) }
    for deviation in try fluid.deviations(of: runs) { #expect(abs(try #require(deviation).amount) < 1e-12) }
  }

  @Test func aHundredThousandJobsOfAThousandTenantsAreQuick() throws {
    var random = SeededGenerator(seed: testSeed)
    let load = RandomLoad(jobs: 100_000, tenants: 1_000, using: &random)
    let fluid = try load.fluid
    let runs = fluid.runs(inOrder: Array(load.arrivals.indices))
    let total = load.weights.indices.map { fluid.service(of: $0, upTo: .infinity) }.reduce(0, +)
    #expect(abs(total / load.arrivals.map(\.work).reduce(0, +) - 1) < 1e-9)
    #expect(try fluid.deviations(of: runs).contains { $0 != nil })
  }

  @Test func whatIsNoLoadIsRefused() throws {
    func error(_ arrivals: [WorkArrival], _ weights: [Int] = [1], _ capacity: Double = 1) -> FluidScheduleError? {
      do throws(FluidScheduleError) {
        _ = try FluidSchedule(arrivals: arrivals, weights: weights, capacity: capacity)
        return nil
      } catch { return error }
    }
    #expect(error([], [1], 0) == .capacity(0))
    #expect(error([], [1, 0]) == .weight(1, 0))
    #expect(error([WorkArrival(time: 1, tenant: 0, work: 1), WorkArrival(time: 0, tenant: 0, work: 1)]) == .time(1))
    #expect(error([WorkArrival(time: .nan, tenant: 0, work: 1)]) == .time(0))
    #expect(error([WorkArrival(time: 0, tenant: 1, work: 1)]) == .tenant(0))
    #expect(error([WorkArrival(time: 0, tenant: 0, work: -1)]) == .work(0))
    let fluid = try FluidSchedule(arrivals: [WorkArrival(time: 1, tenant: 0, work: 1)], weights: [1], capacity: 1)
    #expect(throws: FluidScheduleError.runCount(0, 1)) { try fluid.deviations(of: []) }
    for run in [WorkRun(start: 0, end: 2), WorkRun(start: 2, end: 1), WorkRun(start: .nan, end: 1)] {
      #expect(throws: FluidScheduleError.run(0)) { try fluid.deviations(of: [run]) }
    }
  }
}

/// Jobs at random instants, of sizes from 1 to 9, on a server that is busy about nine tenths of the time.
struct RandomLoad {
  let arrivals: [WorkArrival]
  let weights: [Int]
  let capacity = 2.0

  init(jobs: Int, tenants: Int, areAtOnce: Bool = false, using random: inout SeededGenerator) {
    weights = (0..<tenants).map { _ in .random(in: 1...5, using: &random) }
    var time = 0.0
    var arrivals: [WorkArrival] = []
    for _ in 0..<jobs {
      // Whole numbers, so that many things happen at the same time.
      if !areAtOnce { time += Double(Int.random(in: 0...6, using: &random)) }
      arrivals.append(
        WorkArrival(
          time: time, tenant: .random(in: 0..<tenants, using: &random),
          work: Double(Int.random(in: 1...9, using: &random))))
    }
    self.arrivals = arrivals
  }

  var fluid: FluidSchedule {
    get throws { try FluidSchedule(arrivals: arrivals, weights: weights, capacity: capacity) }
  }
}

/// Goes from event to event, with all the state written out: what each tenant still has to be served.
private struct SteppedServer {
  let load: RandomLoad
  var time = 0.0
  var next = 0
  var left: [Double]
  var served: [Double]

  init(_ load: RandomLoad) {
    self.load = load
    left = load.weights.map { _ in 0 }
    served = left
  }

  mutating func advance(to end: Double) {
    while time < end {
      while next < load.arrivals.count, load.arrivals[next].time <= time {
        left[load.arrivals[next].tenant] += load.arrivals[next].work
        next += 1
      }
      let busy = left.indices.filter { left[$0] > 1e-12 }
      let weight = Double(busy.map { load.weights[$0] }.reduce(0, +))
      var stop = end
      if next < load.arrivals.count { stop = min(stop, load.arrivals[next].time) }
      let rates = left.indices.map { busy.contains($0) ? load.capacity * Double(load.weights[$0]) / weight : 0 }
      for tenant in busy { stop = min(stop, time + left[tenant] / rates[tenant]) }
      for tenant in busy {
        let amount = min(left[tenant], rates[tenant] * (stop - time))
        left[tenant] -= amount
        served[tenant] += amount
      }
      time = stop
    }
  }
}
