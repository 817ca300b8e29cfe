import Foundation
import StrataCore
import StrataRuntime

/// What does a tenant that submits a million jobs at once cost those with few?
struct FloodQuestion: Sendable {
  private static let workers = 16
  private static let warmUpSeconds = 200.0

  let floodJobs: Int
  let tenants: Int
  let lightJobs: Int

  /// Tenants from this rank on, the lighter half, are light: of a thousand each asks for less than an eightieth of what
  /// would be its fair share.
  private var lightRank: Int { tenants / 2 }

  func answer(_ server: QueueBenchmarkServer, _ loop: EventLoop) async throws {
    print(
      "\n\(tenants) tenants by Zipf's law, jobs of 1 s on average (exponential) that come at random,",
      "\(Self.workers) workers; waits of jobs of the lighter half of the tenants")
    for load in [1.25, 0.8] {
      let load = FloodLoad(
        tenants: tenants, load: load, workers: Self.workers, lightRank: lightRank, lightJobs: lightJobs,
        warmUpSeconds: Self.warmUpSeconds)
      print(String(format: "others ask for %.2f of the workers, %d light jobs measured:", load.load, load.lightCount))
      let (without, with) = (load.jobs, load.jobs(flooded: floodJobs))
      try await compare(load, without, with, server, loop)
    }
  }

  private func compare(
    _ load: FloodLoad, _ without: [SimulatedJob], _ with: [SimulatedJob], _ server: QueueBenchmarkServer,
    _ loop: EventLoop
  ) async throws {
    var waits: [Waits] = []
    for jobs in [without, with] {
      let start = ContinuousClock.now
      var queue = try await QueueDispatcher(
        on: server, loop, jobs: jobs, weights: Array(repeating: 100, count: tenants + 1))
      waits.append(load.waits(jobs, try await load.simulation(jobs).run(by: &queue)))
      await queue.close()
      let seconds = (ContinuousClock.now - start).seconds
      print(
        "  queue,", jobs.count == without.count ? "no flood:  " : "with flood:", waits.last?.text ?? "",
        String(format: "(took %.0f s)", seconds))
    }
    let (change, interval) = (waits[1].p99 / waits[0].p99, waits[1].ratioInterval(to: waits[0]))
    let verdict = interval.high <= 1.05 ? "met" : interval.low > 1.05 ? "MISSED" : "UNDECIDED, more --light-jobs tell"
    print(
      String(
        format: "  ratio of p99 with to without: %.3f (%.2f–%.2f with a probability of 0.9; target ≤ 1.05: %@)", change,
        interval.low, interval.high, verdict))
    for (name, jobs) in [("no flood:  ", without), ("with flood:", with)] { try await printPeers(load, name, jobs) }
  }

  private func printPeers(_ load: FloodLoad, _ name: String, _ jobs: [SimulatedJob]) async throws {
    let simulation = load.simulation(jobs)
    var favoured = FavouredFirst(jobs: jobs) { load.isLight($0) }
    let least = load.waits(jobs, try await simulation.run(by: &favoured))
    var informed = InformedFairQueueing(jobs: jobs, weights: Array(repeating: 100, count: tenants + 1))
    let fair = load.waits(jobs, try await simulation.run(by: &informed))
    var arrival = ArrivalOrder(jobs: jobs)
    let plain = load.waits(jobs, try await simulation.run(by: &arrival))
    print("  \(name) light jobs before all others (the least without preemption): \(least.text)")
    print("  \(name) SFQ that knows all lengths: \(fair.text)")
    print("  \(name) order of arrival: \(plain.text)")
  }
}

/// Waits of jobs in order of submission, seconds; infinite for those that did not start.
struct Waits: Sendable {
  private let seconds: [Double]
  let p50: Double
  let p99: Double

  init(_ seconds: [Double]) {
    self.seconds = seconds
    (p50, p99) = (percentile(0.5, of: seconds), percentile(0.99, of: seconds))
  }

  var text: String {
    func text(_ value: Double) -> String {
      value.isFinite ? String(format: "%.3f s", value) : "never in the time simulated"
    }
    return "p50 \(text(p50)), p99 \(text(p99))"
  }

  /// Where the ratio of the 99th percentile of the same jobs' waits to that of `other` lies with a probability of 0.9, by
  /// drawing stretches of 100 jobs anew (block bootstrap: H. R. Künsch, Annals of Statistics 17(3), 1989).
  func ratioInterval(to other: Waits) -> (low: Double, high: Double) {
    var random = SeededGenerator(seed: 17)
    let blocks = stride(from: 0, to: seconds.count, by: 100).map { $0..<min($0 + 100, seconds.count) }
    let ratios = (0..<400).map { _ in
      let places = blocks.indices.flatMap { _ in blocks[.random(in: blocks.indices, using: &random)] }
      return percentile(0.99, of: places.map { seconds[$0] }) / percentile(0.99, of: places.map { other.seconds[$0] })
    }
    return (percentile(0.05, of: ratios), percentile(0.95, of: ratios))
  }
}

/// Jobs that come at random instants, of tenants by Zipf's law.
struct FloodLoad: Sendable {
  let tenants: Int
  /// What is asked for, over what the workers can do.
  let load: Double
  let workers: Int
  let lightRank: Int
  let warmUpSeconds: Double
  let endSeconds: Double
  let jobs: [SimulatedJob]

  init(tenants: Int, load: Double, workers: Int, lightRank: Int, lightJobs: Int, warmUpSeconds: Double) {
    (self.tenants, self.load, self.workers) = (tenants, load, workers)
    (self.lightRank, self.warmUpSeconds) = (lightRank, warmUpSeconds)
    var random = SeededGenerator(seed: 11)
    var sums: [Double] = []
    for rank in 1...tenants { sums.append((sums.last ?? 0) + 1 / Double(rank)) }
    let total = sums[tenants - 1]
    let perSecond = load * Double(workers)
    let lightPerSecond = perSecond * (total - sums[min(lightRank, tenants) - 1]) / total
    endSeconds = warmUpSeconds + Double(lightJobs) / max(lightPerSecond, 1e-9)
    var (time, jobs) = (0.0, [SimulatedJob]())
    while true {
      time += -log(1 - Double.random(in: 0..<1, using: &random)) / perSecond
      guard time < endSeconds else { break }
      let point = Double.random(in: 0..<total, using: &random)
      jobs.append(
        SimulatedJob(
          submitMicroseconds: Int64(time * 1e6),
          runMicroseconds: Int64(-log(1 - Double.random(in: 0..<1, using: &random)) * 1e6) + 1,
          tenant: sums.firstIndex { $0 > point } ?? 0))
    }
    self.jobs = jobs
  }

  var lightCount: Int { jobs.count(where: isMeasured) }

  /// The same beside a tenant more, all of whose jobs come at the beginning.
  func jobs(flooded count: Int) -> [SimulatedJob] {
    var random = SeededGenerator(seed: 13)
    let flood = (0..<count).map { _ in
      SimulatedJob(
        submitMicroseconds: 0,
        runMicroseconds: Int64(-log(1 - Double.random(in: 0..<1, using: &random)) * 1e6) + 1, tenant: tenants)
    }
    return flood + jobs
  }

  func simulation(_ jobs: [SimulatedJob]) -> Simulation {
    Simulation(jobs: jobs, cores: workers, end: Int64(endSeconds * 1e6))
  }

  func isLight(_ tenant: Int) -> Bool { (lightRank..<tenants).contains(tenant) }

  private func isMeasured(_ job: SimulatedJob) -> Bool {
    let seconds = Double(job.submitMicroseconds) / 1e6
    // Those that come last have no time to wait.
    return isLight(job.tenant) && warmUpSeconds <= seconds && seconds < endSeconds - 20
  }

  func waits(_ jobs: [SimulatedJob], _ runs: [SimulatedRun?]) -> Waits {
    let measured = zip(jobs, runs).filter { isMeasured($0.0) }
    return Waits(
      measured.map { job, run in run.map { Double($0.start - job.submitMicroseconds) / 1e6 } ?? .infinity })
  }
}
