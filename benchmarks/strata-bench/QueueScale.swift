import Foundation
import StrataCore
import StrataQueue
import StrataRuntime

/// Does a lease take longer where a thousand times as many jobs wait, or where they belong to ten thousand tenants?
///
/// A lease of 32 through the Swift client, with the round trip, in a steady state: what is leased is completed and
/// replaced by as many jobs of the same tenants. The queues lie beside each other on one server and are measured in
/// turn, so that what slows the machine slows all of them; ratios are medians of those of the rounds. How long jobs take by
/// the clock that the queue is given says how many of them a turn of the fair order has: of ten seconds one, the dearest
/// case, of a second four, of a millisecond as many as are asked for, or the tenant has.
enum QueueScaleBenchmark {
  static let batch = 32
  private static let (depthTarget, tenantTarget) = (1.3, 1.6)

  /// - Parameter arguments: `--jobs N` (5,000,000), `--few N` (5,000), `--tenants N` (10,000), `--rounds N` (9),
  ///   `--leases N` (400 in each round).
  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    let few = options.count("--few") ?? 5_000
    let sizes = Sizes(
      few: few, many: affordable(options.count("--jobs") ?? 5_000_000, atLeast: few),
      tenants: options.count("--tenants") ?? 10_000)
    let (rounds, leases) = (options.count("--rounds") ?? 9, options.count("--leases") ?? 400)
    try await withQueueServer { server, loop in
      try await measure(sizes, rounds: rounds, leases: leases, server, loop)
    }
  }

  private struct Sizes {
    let few: Int
    let many: Int
    let tenants: Int
  }

  /// Two queues of `jobs` jobs and what else is needed must fit into the memory that is free.
  private static func affordable(_ jobs: Int, atLeast least: Int) -> Int {
    let bytesPerJob = 420
    guard let available = availableMemoryBytes else { return jobs }
    let fitting = (available / 2 - 512 << 20) / (2 * bytesPerJob)
    guard fitting < jobs else { return jobs }
    let reduced = max(least, fitting)
    print("REDUCED: \(available >> 20) MiB of memory are free; \(reduced) jobs instead of \(jobs)")
    return reduced
  }

  private static var availableMemoryBytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
  }

  private static func measure(
    _ sizes: Sizes, rounds: Int, leases: Int, _ server: QueueBenchmarkServer, _ loop: EventLoop
  ) async throws {
    var queues = [
      try await SteadyQueue("few", server, loop, jobs: sizes.few, tenants: 1),
      try await SteadyQueue("many", server, loop, jobs: sizes.many, tenants: 1),
      try await SteadyQueue("tenants", server, loop, jobs: sizes.many, tenants: sizes.tenants),
    ]
    let bare = try await BareQueue(server, jobs: sizes.few)
    let memory = try await server.info("memory", ["used_memory"])
    print(String(format: "used_memory of the server: %.2f GB", memory / 1e9))
    for (name, time) in [
      ("10 s (every turn one job)", Duration.seconds(10)), ("1 s (four a turn)", .seconds(1)),
      ("1 ms (as many a turn as there are)", .milliseconds(1)),
    ] {
      var samples: [[Latency]] = [[], [], [], []]
      for round in -1..<rounds {
        // There and back, so that none always follows the same other.
        for place in round.isMultiple(of: 2) ? [0, 1, 2, 3] : [3, 2, 1, 0] {
          let latency =
            place < 3
            ? try await queues[place].measure(leases, lasting: time) : try await bare.measure(leases)
          // The first round warms up.
          if round >= 0 { samples[place].append(latency) }
        }
      }
      print("\na lease of \(batch), jobs of \(name); medians of \(rounds) rounds of \(leases)")
      let names = queues.map(\.name) + ["bare script, \(sizes.few) jobs"]
      for (name, sample) in zip(names, samples) { printRow(name, sample) }
      printRatio("many jobs to few", samples[1], samples[0], target: depthTarget)
      printRatio("many tenants to one", samples[2], samples[1], target: tenantTarget)
      printRatio("few jobs to the bare script", samples[0], samples[3], target: nil)
    }
    for queue in queues { await queue.close() }
  }

  private static func printRow(_ name: String, _ sample: [Latency]) {
    let text = String(
      format: "p50 %6.0f µs, p99 %6.0f µs  ", median(sample.map(\.p50)) * 1e6, median(sample.map(\.p99)) * 1e6)
    print("  \(text)\(name)")
  }

  private static func printRatio(_ name: String, _ above: [Latency], _ below: [Latency], target: Double?) {
    let ratios = [\Latency.p50, \Latency.p99].map { path in
      median(zip(above, below).map { $0[keyPath: path] / $1[keyPath: path] })
    }
    let verdicts = ratios.map { ratio in target.map { ratio <= $0 ? " (met)" : " (MISSED)" } ?? "" }
    print(
      "  ratio, \(name):", String(format: "p50 %.2f%@, p99 %.2f%@", ratios[0], verdicts[0], ratios[1], verdicts[1]),
      target.map { "target ≤ \($0)" } ?? "")
  }
}

/// Of the leases of one round, seconds.
struct Latency: Sendable {
  let p50: Double
  let p99: Double

  init(of times: [Duration]) {
    let seconds = times.map(\.seconds)
    (p50, p99) = (percentile(0.5, of: seconds), percentile(0.99, of: seconds))
  }
}

/// A queue that stays as full as it is.
private struct SteadyQueue {
  let name: String
  private let queue: RedisQueue
  private let clock = LogicalClock()
  private let worker = WorkerID()
  private var time: Int64 = 0
  private var nextJob: UInt64 = 0

  /// Fills a queue of its own name on the server.
  init(_ namespace: String, _ server: QueueBenchmarkServer, _ loop: EventLoop, jobs: Int, tenants: Int) async throws {
    name = "\(jobs) jobs, \(tenants) tenant\(tenants == 1 ? "" : "s")"
    var configuration = RedisQueue.Configuration()
    configuration.namespace = namespace
    configuration.clock = clock.wallClock
    queue = try await RedisQueue.connect(to: server.endpoint, on: loop, configuration: configuration)
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let ids = (0..<tenants).map { _ in TenantID() }
    let start = ContinuousClock.now
    try await fill(jobs, of: ids)
    nextJob = UInt64(jobs)
    print(String(format: "filled in %.0f s: %@", (ContinuousClock.now - start).seconds, name))
  }

  /// Jobs of one tenant come together, as they are cheapest to add; it is of no matter later.
  private func fill(_ jobs: Int, of tenants: [TenantID]) async throws {
    let (queue, callers, batch) = (queue, 4, 2_500)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          for first in stride(from: caller * batch, to: jobs, by: callers * batch) {
            let places = first..<min(first + batch, jobs)
            _ = try await queue.enqueue(
              places.map { Self.job(number: UInt64($0), of: tenants[$0 * tenants.count / jobs]) })
          }
        }
      }
      try await group.waitForAll()
    }
  }

  func close() async { await queue.close() }

  private static func job(number: UInt64, of tenant: TenantID) -> QueuedJob {
    QueuedJob(
      id: JobID(high: number, low: 0), tenant: tenant, lane: Lane(tier: .cpu, capability: "noop"), attemptsMax: 3,
      payload: QueueLifecycleBenchmark.payload)
  }

  private mutating func newJob(of tenant: TenantID) -> QueuedJob {
    nextJob += 1
    return Self.job(number: nextJob, of: tenant)
  }

  /// How long leases took, each of which was followed by the completion of what it granted and as many new jobs.
  mutating func measure(_ leases: Int, lasting time: Duration) async throws -> Latency {
    var times: [Duration] = []
    for _ in 0..<leases {
      let start = ContinuousClock.now
      let grant = try await queue.lease(
        worker: worker, tiers: [.cpu], count: QueueScaleBenchmark.batch, for: .seconds(600))
      times.append(ContinuousClock.now - start)
      guard grant.leases.count == QueueScaleBenchmark.batch else {
        throw StrataError(.internalError, "a full queue granted \(grant.leases.count) leases")
      }
      self.time += time.nanoseconds / 1_000
      clock.set(to: self.time)
      _ = try await queue.complete(grant.leases.map { AttemptResult(lease: $0.reference, report: []) })
      _ = try await queue.enqueue(grant.leases.map { newJob(of: $0.job.tenant) })
    }
    try await acknowledgeAll()
    return Latency(of: times)
  }

  private func acknowledgeAll() async throws {
    while true {
      let outcomes = try await queue.outcomes(after: nil, limit: 1_000, waitingUpTo: .zero)
      if outcomes.isEmpty { return }
      try await queue.acknowledge(outcomes.map(\.position))
    }
  }
}

/// The least that Redis can do for the same steps.
private struct BareQueue {
  private let lifecycle: BareLifecycle

  init(_ server: QueueBenchmarkServer, jobs: Int) async throws {
    lifecycle = try await BareLifecycle(connection: server.connection)
    for first in stride(from: 0, to: jobs, by: 500) { try await lifecycle.enqueue(min(500, jobs - first)) }
  }

  func measure(_ leases: Int) async throws -> Latency {
    var times: [Duration] = []
    for _ in 0..<leases {
      let start = ContinuousClock.now
      let granted = try await lifecycle.lease(QueueScaleBenchmark.batch, ending: [], as: 0)
      times.append(ContinuousClock.now - start)
      _ = try await lifecycle.lease(0, ending: granted, as: 0)
      try await lifecycle.enqueue(granted.count)
    }
    return Latency(of: times)
  }
}
