import StrataCore
import StrataQueue
import StrataRuntime

/// How many no-op jobs a second do two worker processes take from a queue and end, beside Sidekiq and beanstalkd?
///
/// All sides do the same: `--jobs` jobs are put where no worker sees them, the clock starts, the workers get to see them,
/// and the clock stops once none is waiting or held. Handlers run in the worker's own process and do nothing. Workers are
/// connected and idle before.
///
/// - `queue, whole worker`: a process of this program with the keeper of leases that Strata's workers have, and with handlers of
///   its own in place of runners: heartbeats, leases, fencing, priorities, tenants' shares, cancellation, events, reports,
///   outcomes. Redis writes its file and syncs it each second. The outcomes are logged there; nobody reads them
///   (the ledger is not in it).
/// - `queue, client alone`: the same, but each process leases in a plain loop, and what it has ended goes with the next
///   lease (`LeaseRequest.completed`): heartbeats and the rest are there, and nothing is told apart or stopped.
/// - Sidekiq: two processes of Debian's, ten threads each, on the same Redis. A job that is fetched is gone from Redis: no
///   leases, no acknowledgement. Its clock stops once the list is empty.
/// - beanstalkd: its server, in memory alone; two processes of this program that do nothing but reserve and delete, one job
///   at a time. Priorities and leases.
enum DrainBenchmark {
  static let workers = 2
  private static let rounds = 5
  private static let warmUpJobs = 2_000

  static func run(arguments: [String]) async throws {
    if arguments.first == "work" { return try await DrainWorker.run(Array(arguments.dropFirst())) }
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs", "--tenants", "--slots"])
    let jobs = try options.number("--jobs", in: 1_000...1_000_000) ?? 50_000
    let tenants = try options.number("--tenants", in: 1...100_000) ?? 1
    let slots = try options.number("--slots", in: 1...500) ?? 64
    try await CleanUp.after { cleanUp in
      let sides = try await makeSides(tenants: tenants, slots: slots, cleanUp)
      try await compare(sides, jobs)
    }
  }

  private static func makeSides(tenants: Int, slots: Int, _ cleanUp: CleanUp) async throws -> [any DrainSide] {
    let (sidekiq, beanstalk) = (try await SidekiqSide(cleanUp), try await BeanstalkSide(cleanUp))
    var sides: [any DrainSide] = []
    for mode in DrainWorker.Mode.allCases {
      sides.append(try await QueueSide(mode, on: sidekiq.redis, tenants: tenants, slots: slots, cleanUp))
    }
    return sides + [sidekiq, beanstalk]
  }

  private static func compare(_ sides: [any DrainSide], _ jobs: Int) async throws {
    var rates: [[Double]] = sides.map { _ in [] }
    for side in sides { _ = try await side.drain(warmUpJobs) }
    for _ in 0..<rounds {
      for (place, side) in sides.enumerated() { rates[place].append(try await side.drain(jobs)) }
    }
    print("\(jobs) no-op jobs, \(workers) worker processes, medians of \(rounds) rounds")
    for (place, side) in sides.enumerated() { print("  \(side.name): \(Int(median(rates[place])))/s") }
    let (own, peers) = (DrainWorker.Mode.allCases.indices, sides.indices.dropFirst(DrainWorker.Mode.allCases.count))
    for ours in own {
      for peer in peers {
        var rounds = PairedRounds()
        for (rate, other) in zip(rates[ours], rates[peer]) { rounds.add(rate, beside: other) }
        print("\(sides[ours].name) beside \(sides[peer].name): \(rounds.ratio)")
      }
    }
  }
}

/// A queue with worker processes that wait for jobs.
protocol DrainSide: Sendable {
  var name: String { get }
  /// Puts so many jobs where no worker sees them.
  func fill(_ count: Int) async throws
  /// Has the workers see them.
  func open() async throws
  /// How many are not done.
  func unfinished() async throws -> Int
  /// Looks whether all is as it should be, and clears away what would be in the next round's way.
  func tidy(_ count: Int) async throws
}

extension DrainSide {
  /// - Returns: jobs a second.
  func drain(_ count: Int) async throws -> Double {
    try await fill(count)
    let start = ContinuousClock.now
    try await open()
    while try await unfinished() > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let duration = ContinuousClock.now - start
    try await tidy(count)
    return Double(count) / duration.seconds
  }
}
