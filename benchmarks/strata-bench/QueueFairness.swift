import StrataCore
import StrataRuntime

/// How far from its fair share is a tenant, and what does another one's flood of jobs cost it in waiting?
///
/// Each decision is that of the real queue in Redis. What is simulated is the workers and the time: the queue is given a
/// logical clock, so that jobs of seconds pass in microseconds and the figures do not depend on this machine. Waits are
/// seconds of that clock.
enum QueueFairnessBenchmark {
  /// - Parameter arguments: `--flood N` (1,000,000 jobs of the abuser), `--tenants N` (1,000), `--light-jobs N` (10,000
  ///   waits that are measured), `--svg PATH` (`bench-out/queue-fairness.svg`).
  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    let flood = FloodQuestion(
      floodJobs: options.count("--flood") ?? 1_000_000, tenants: options.count("--tenants") ?? 1_000,
      lightJobs: options.count("--light-jobs") ?? 10_000)
    let picture = options.text("--svg") ?? "bench-out/queue-fairness.svg"
    print("decisions by the queue in Redis through its client; SIMULATED: workers, running times and the clock")
    try await withQueueServer { server, loop in
      for workers in [1, 8] { try await ShareQuestion(workers: workers).answer(server, loop) }
      try await LengthQuestion().answer(server, loop)
      try await flood.answer(server, loop)
      try await SharePicture().draw(to: picture, server, loop)
    }
  }
}

/// A tenant that always has jobs waiting.
struct BackloggedTenant: Sendable {
  let name: String
  /// 100 is ordinary.
  let weight: Int
  /// Its jobs take from half to one and a half times as long.
  let jobSeconds: Double
  /// Tenants of one capability are expected to need the same.
  let capability: String

  var longestSeconds: Double { jobSeconds * 1.5 }
}

extension [BackloggedTenant] {
  var weights: [Int] { map(\.weight) }

  /// So many jobs of each that none runs out of them whatever it gets, all submitted at once, in random order.
  func jobs(lasting seconds: Double, on workers: Int) -> [SimulatedJob] {
    var random = SeededGenerator(seed: 1)
    let jobs = indices.flatMap { tenant -> [SimulatedJob] in
      let count = Int(seconds * Double(workers) * 1.1 / self[tenant].jobSeconds) + 20 * workers
      return (0..<count).map { _ in
        SimulatedJob(
          submitMicroseconds: 0,
          runMicroseconds: Int64(self[tenant].jobSeconds * .random(in: 0.5...1.5, using: &random) * 1e6),
          tenant: tenant, capability: self[tenant].capability)
      }
    }
    return jobs.shuffled(using: &random)
  }
}
