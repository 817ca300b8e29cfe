import Foundation
import StrataCore
import StrataRuntime
import StrataScheduling

/// How far is a tenant that always has jobs waiting from its weighted share of the workers, over any window?
struct ShareQuestion {
  let workers: Int

  /// Unequal weights and lengths. What the queue expects of a job is the average of its capability: E's last ten times as
  /// long as those it is averaged with.
  private static let tenants = [
    BackloggedTenant(name: "A", weight: 400, jobSeconds: 1, capability: "short"),
    BackloggedTenant(name: "B", weight: 200, jobSeconds: 2, capability: "b"),
    BackloggedTenant(name: "C", weight: 100, jobSeconds: 5, capability: "c"),
    BackloggedTenant(name: "D", weight: 100, jobSeconds: 1, capability: "short"),
    BackloggedTenant(name: "E, 10 × underestimated", weight: 100, jobSeconds: 10, capability: "short"),
    BackloggedTenant(name: "F", weight: 50, jobSeconds: 20, capability: "f"),
  ]
  private static let seconds = 4_000.0

  private var tenants: [BackloggedTenant] { Self.tenants }
  private var simulation: Simulation {
    Simulation(jobs: tenants.jobs(lasting: Self.seconds, on: workers), cores: workers, end: Int64(Self.seconds * 1e6))
  }

  func answer(_ server: QueueBenchmarkServer, _ loop: EventLoop) async throws {
    let simulation = simulation
    let jobs = simulation.jobs
    var queue = try await QueueDispatcher(on: server, loop, jobs: jobs, weights: tenants.weights)
    let ours = try await deviations(simulation, by: &queue)
    await queue.close()
    var (informed, inTurn, arrival) = (
      InformedFairQueueing(jobs: jobs, weights: tenants.weights), JobRoundRobin(jobs: jobs, tenants: tenants.count),
      ArrivalOrder(jobs: jobs)
    )
    let informedWorst = try await worst(simulation, by: &informed)
    let inTurnWorst = try await worst(simulation, by: &inTurn)
    let arrivalWorst = try await worst(simulation, by: &arrival)
    printTable(ours)
    let worstOfOurs = ours.map { abs($0.amount) }.max() ?? 0
    print(
      "worst of any tenant, in largest jobs:", largest(worstOfOurs) + "; SFQ that knows all lengths",
      largest(informedWorst) + String(format: " (ratio %.2f);", worstOfOurs / informedWorst), "jobs in turn",
      largest(inTurnWorst) + "; order of arrival", largest(arrivalWorst))
  }

  private func deviations(_ simulation: Simulation, by dispatcher: inout some Dispatcher) async throws
    -> [ShareDeviation]
  {
    let (arrivals, runs) = simulation.workDone(try await simulation.run(by: &dispatcher))
    let fluid = try FluidSchedule(arrivals: arrivals, weights: tenants.weights, capacity: Double(workers))
    return try fluid.deviations(of: runs, backlog: workers == 1 ? .unfinished : .waiting).compactMap(\.self)
  }

  private func worst(_ simulation: Simulation, by dispatcher: inout some Dispatcher) async throws -> Double {
    try await deviations(simulation, by: &dispatcher).map { abs($0.amount) }.max() ?? 0
  }

  private func largest(_ work: Double) -> String {
    String(format: "%.2f", work / (tenants.map(\.longestSeconds).max() ?? 1))
  }

  /// Goyal, Vin and Cheng 1997, theorem 1, summed over the others: (1 − φ) of the own longest job and φ of the others'.
  /// They prove it of one server; of n that share a line, Jin, Chase and Kaur ("Interposed proportional sharing for a
  /// storage service utility", SIGMETRICS 2004, theorem 1) prove n + 1 times as much. Both know a job's length before.
  private func bound(of tenant: Int) -> Double {
    let share = Double(tenants[tenant].weight) / Double(tenants.weights.reduce(0, +))
    let others = tenants.map(\.longestSeconds).reduce(0, +) - tenants[tenant].longestSeconds
    let one = (1 - share) * tenants[tenant].longestSeconds + share * others
    return workers == 1 ? one : Double(workers + 1) * one
  }

  private func printTable(_ deviations: [ShareDeviation]) {
    let bounds = workers == 1 ? "(1−φ)·own + φ·Σ others' longest" : "\(workers) + 1 times that of one worker"
    print("\ndeviation from the fluid share over any window, \(workers) worker(s), \(Int(Self.seconds)) s simulated")
    print(
      "largest job \(Int(tenants.map(\.longestSeconds).max() ?? 0)) s; bound of start-time fair queueing: \(bounds)")
    print("weight  longest s  deviation s  in largest jobs   bound s   of bound   tenant")
    for deviation in deviations {
      let (tenant, bound) = (tenants[deviation.tenant], bound(of: deviation.tenant))
      print(
        String(
          format: "%6d %10.1f %+12.1f %16@ %9.1f %10.2f  ", tenant.weight, tenant.longestSeconds, deviation.amount,
          largest(abs(deviation.amount)), bound, abs(deviation.amount) / bound), tenant.name)
    }
  }
}

/// Do tenants with long jobs get more than their share? Two tenants of equal weight, one with jobs a hundred times as
/// long.
struct LengthQuestion {
  private static let workers = 8
  private static let seconds = 8_000.0

  func answer(_ server: QueueBenchmarkServer, _ loop: EventLoop) async throws {
    print(
      "\ntwo tenants of equal weight, jobs of 1 s and of 100 s, \(Self.workers) workers: share of the long jobs' owner")
    for capabilities in [["short", "long"], ["one", "one"]] {
      let tenants = zip(capabilities, [1.0, 100]).map { capability, seconds in
        BackloggedTenant(name: capability, weight: 100, jobSeconds: seconds, capability: capability)
      }
      let simulation = Simulation(
        jobs: tenants.jobs(lasting: Self.seconds, on: Self.workers), cores: Self.workers,
        end: Int64(Self.seconds * 1e6))
      var queue = try await QueueDispatcher(on: server, loop, jobs: simulation.jobs, weights: tenants.weights)
      let ours = try await longShare(simulation, by: &queue)
      await queue.close()
      var inTurn = JobRoundRobin(jobs: simulation.jobs, tenants: 2)
      let theirs = try await longShare(simulation, by: &inTurn)
      print(
        capabilities[0] == capabilities[1] ? "  one capability: " : "  two capabilities:",
        String(format: "%.3f (ratio to its share %.3f); jobs in turn: %.3f", ours, ours / 0.5, theirs))
    }
  }

  private func longShare(_ simulation: Simulation, by dispatcher: inout some Dispatcher) async throws -> Double {
    let (arrivals, runs) = simulation.workDone(try await simulation.run(by: &dispatcher))
    let done = zip(arrivals, runs).filter { $0.1 != nil }.map(\.0)
    let long = done.filter { $0.tenant == 1 }.map(\.work).reduce(0, +)
    return long / done.map(\.work).reduce(0, +)
  }
}
