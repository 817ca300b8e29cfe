import StrataAPI
import StrataCore
import StrataRuntime

/// How many no-op jobs a second go all the way, beside pgqueuer, whose jobs are rows of PostgreSQL, too?
///
/// Ours: a whole stack with two workers. `--jobs` jobs of `noop` are committed over HTTP while their tier is paused, and the
/// clock runs from its resumption until the last is settled. In that time each job is leased from Redis, run by the worker's own
/// process (`noop` is an `InlineHandler`), reported, and settled in PostgreSQL: usage, job, the transfer
/// of its charge and the balances, committed with `synchronous_commit` on. Acceptance is not in it.
///
/// Beside it, in the same round: as many jobs of pgqueuer in a PostgreSQL with the same settings, committed in one
/// transaction, and the clock runs from that commit until its queue is empty. In that time each job is taken by one of two
/// worker processes (asyncpg, uvloop) in batches, handed to a function that does nothing, deleted, and noted as successful
/// in the log table, committed with `synchronous_commit` on. Its handlers run in the worker's own process, too; it has no
/// accounts, no limits, no shares.
enum WholePathBenchmark {
  private static let rounds = 5
  private static let workers = 2
  /// Whoever ran many jobs before has loaded and prepared what there is to load and to prepare.
  private static let warmUpJobs = 1_000

  private struct Plan {
    let jobs: Int
    /// Of each of our workers: what it runs, and asks for, at once. 256 has read more than 64 and 16, as a large batch has for
    /// pgqueuer.
    let slots: Int
    /// What a worker of pgqueuer takes at once. 500 has read more than 100 and 1,000.
    let batch: Int
  }

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs", "--slots", "--batch"])
    let plan = Plan(
      jobs: try options.number("--jobs", in: 100...1_000_000) ?? 10_000,
      slots: try options.number("--slots", in: 1...256) ?? 256,
      batch: try options.number("--batch", in: 1...10_000) ?? 500)
    try await CleanUp.after { try await measure(plan, $0) }
  }

  private static func measure(_ plan: Plan, _ cleanUp: CleanUp) async throws {
    let peer = try await PgQueuerPeer(workers: workers, batch: plan.batch, cleanUp)
    let stack = try await BenchmarkStack(["--workers", "\(workers)", "--slots", "\(plan.slots)"])
    cleanUp.add { await stack.stop() }
    let tenant = try await stack.makeTenants(["bench"])[0]
    let job = JobRequest(capability: "noop")
    _ = try await stack.drain(job, warmUpJobs, as: tenant)
    _ = try await peer.drain(warmUpJobs)
    var rounds = PairedRounds()
    for _ in 0..<Self.rounds {
      rounds.add(try await stack.drain(job, plan.jobs, as: tenant), beside: try await peer.drain(plan.jobs))
    }
    print(
      "\(plan.jobs) no-op jobs, \(workers) workers of \(plan.slots) slots: \(Int(rounds.ours))/s, settled; pgqueuer with"
        + " \(workers) worker processes, batches of \(plan.batch): \(Int(rounds.other))/s")
    print(rounds.ratio)
  }
}
