import StrataCore
import StrataQueue
import TestSupport
import Testing

/// What Redis is asked to do for a job, counted by itself, so that it does not grow unseen. What that takes is in
/// docs/performance.md.
@Suite struct CallCountTests {
  /// For each job that is enqueued, leased and completed, each lease completing what the one before granted.
  private struct Cost {
    /// Calls of scripts: round trips.
    let scripts: Double
    /// Commands that the scripts give.
    let commands: Double
  }

  private static let rounds = 20

  @Test func inBatches() async throws {
    let cost = try await cost(batch: 32, tenants: 1)
    #expect(cost.scripts == 2.0 / 32)
    #expect(cost.commands <= 1, "\(cost.commands) commands for each job")
  }

  @Test func inBatchesOfManyTenants() async throws {
    let cost = try await cost(batch: 32, tenants: 640)
    #expect(cost.scripts == 2.0 / 32)
    #expect(cost.commands <= 4.2, "\(cost.commands) commands for each job")
  }

  @Test func oneByOne() async throws {
    let cost = try await cost(batch: 1, tenants: 1)
    #expect(cost.scripts == 2)
    #expect(cost.commands <= 30, "\(cost.commands) commands for each job")
  }

  private func cost(batch: Int, tenants: Int) async throws -> Cost {
    var cost: Cost?
    try await withServer(["--save", ""]) { server in
      try await withRedisQueue(on: server) { queue in
        try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
        let (tenants, worker) = ((0..<tenants).map { _ in TenantID() }, WorkerID())
        // What is made at the first job is there.
        var done = try await Self.round(queue, worker, [.sample(of: tenants[0])], ending: [])
        _ = try server.ask("config resetstat")
        for round in 0..<Self.rounds {
          let jobs = (0..<batch).map { QueuedJob.sample(of: tenants[(round * batch + $0) % tenants.count]) }
          done = try await Self.round(queue, worker, jobs, ending: done)
          #expect(done.count == batch)
        }
        cost = Self.cost(of: Self.rounds * batch, try server.ask("info commandstats"))
      }
    }
    return try #require(cost)
  }

  private static func round(
    _ queue: RedisQueue, _ worker: WorkerID, _ jobs: [QueuedJob], ending done: [LeaseReference]
  ) async throws -> [LeaseReference] {
    _ = try await queue.enqueue(jobs)
    let request = LeaseRequest(
      worker: worker, tiers: [.cpu], count: jobs.count, completed: done.map { AttemptResult(lease: $0, report: []) })
    return try await queue.lease(request, for: .seconds(60)).leases.map(\.reference)
  }

  private static func cost(of jobs: Int, _ statistics: String) -> Cost {
    var calls: [Substring: Int] = [:]
    // cmdstat_NAME:calls=N,usec=…
    for line in statistics.split(separator: "\n") where line.hasPrefix("cmdstat_") {
      let parts = line.dropFirst(8).split(separator: ":")
      let count = parts.last?.dropFirst(6).prefix { $0.isNumber } ?? ""
      if let name = parts.first { calls[name] = Int(count) }
    }
    let scripts = calls["fcall", default: 0]
    let others: Set<Substring> = ["fcall", "info", "config|resetstat", "ping"]
    let commands = calls.filter { !others.contains($0.key) }.values.reduce(0, +)
    return Cost(scripts: Double(scripts) / Double(jobs), commands: Double(commands) / Double(jobs))
  }
}
