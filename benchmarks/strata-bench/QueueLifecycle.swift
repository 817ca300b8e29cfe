import Foundation
import StrataCore
import StrataQueue
import StrataRuntime

/// What does a job's way through the queue (enqueue, lease, complete) cost, beside the least that Redis can do?
///
/// The least is a sorted set, a set of leases and a string per job, moved by two bare scripts over the same connection:
/// no state, no fencing, no outcomes, no events, no tenants. On both sides a lease also ends what the one before it
/// granted. Runs alternate on one server; medians are printed, of one tenant and of many, whose jobs come in random
/// order. Where `STRATA_PEERS` names a folder with `queues/limit.c`, that program runs too, on the same server. Ratios
/// are of jobs a second, or where the server's instructions are counted, of these: above 1 the queue is faster.
enum QueueLifecycleBenchmark {
  static let callers = 16
  static let payload = [UInt8](repeating: 0x78, count: 120)

  /// - Parameter arguments: `--runs N` (5), `--tenants N` (10,000); `--instructions` counts the server's instead of taking
  ///   times, which other work on the machine does not change: in one run of a tenth as many jobs of a tenth as many tenants.
  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    let counts = options.has("--instructions")
    let plan = Plan(
      runs: options.count("--runs") ?? (counts ? 1 : 5), jobs: counts ? 6_400 : 64_000,
      tenants: options.count("--tenants") ?? (counts ? 1_000 : 10_000), countsInstructions: counts)
    try await withQueueServer(countsInstructions: counts) { server, loop in try await compare(server, loop, plan) }
  }

  private struct Plan {
    let runs: Int
    /// In a run; of batches of one a quarter of that.
    let jobs: Int
    let tenants: Int
    let countsInstructions: Bool

    var title: String {
      "enqueue + lease + complete, \(callers) callers, 120-byte payload, medians of \(runs) alternating runs\n"
        + (countsInstructions
          ? "instructions of the server, a job\nbatch tenants      queue       bare   ratio    limit.c   ratio"
          : "batch tenants   queue µs    jobs/s   bare µs    jobs/s   ratio   limit.c µs    jobs/s   ratio")
    }

    func row(_ batch: Int, _ tenants: Int, _ ours: Measure, _ bare: Measure, _ peer: Measure?) -> String {
      func columns(_ measure: Measure) -> String {
        countsInstructions
          ? String(format: "%10.0f", measure.work)
          : String(format: "%9.2f %9.0f", measure.work * 1e6, measure.jobsPerSecond)
      }
      func ratio(_ other: Measure) -> String {
        let ratio = countsInstructions ? other.work / ours.work : ours.jobsPerSecond / other.jobsPerSecond
        return String(format: "%7.2f", ratio)
      }
      return [
        String(format: "%5d %7d", batch, tenants), columns(ours), columns(bare), ratio(bare),
        peer.map { "   " + columns($0) + ratio($0) } ?? "   (STRATA_PEERS is not set)",
      ].joined(separator: " ")
    }
  }

  private static func compare(_ server: QueueBenchmarkServer, _ loop: EventLoop, _ plan: Plan) async throws {
    let queue = try await RedisQueue.connect(to: server.endpoint, on: loop)
    let bareLifecycle = try await BareLifecycle(connection: server.connection)
    let limit = PeerLimit()
    print(plan.title)
    for batch in [1, 8, 32] {
      let jobs = batch == 1 ? plan.jobs / 4 : plan.jobs
      var (ours, bare, peer): ([[Measure]], [Measure], [Measure]) = ([[], []], [], [])
      for _ in 0..<plan.runs {
        for (place, count) in [1, plan.tenants].enumerated() {
          ours[place].append(try await StrataLifecycle(queue: queue, tenants: count).measure(server, jobs, batch))
        }
        bare.append(try await bareLifecycle.measure(server, jobs, batch))
        if let measure = try await limit?.measure(server, jobs, batch) { peer.append(measure) }
      }
      for (place, count) in [1, plan.tenants].enumerated() {
        print(plan.row(batch, count, .median(ours[place]), .median(bare), peer.isEmpty ? nil : .median(peer)))
      }
    }
    for count in [1, plan.tenants] where !plan.countsInstructions {
      print("bytes per queued job, \(count) tenants: \(Int(try await bytesPerJob(server, queue, count)))")
    }
    await queue.close()
  }

  private static func bytesPerJob(_ server: QueueBenchmarkServer, _ queue: RedisQueue, _ tenants: Int)
    async throws -> Double
  {
    let lifecycle = StrataLifecycle(queue: queue, tenants: tenants)
    try await server.flush()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let before = try await server.info("memory", ["used_memory"])
    for _ in 0..<200 { _ = try await queue.enqueue(lifecycle.jobs(500)) }
    return (try await server.info("memory", ["used_memory"]) - before) / 100_000
  }
}

/// What one run took.
struct Measure {
  /// Of the server, per job: seconds of its main thread, or instructions.
  let work: Double
  let jobsPerSecond: Double

  static func median(_ measures: [Measure]) -> Measure {
    Measure(
      work: measures.map(\.work).sorted()[measures.count / 2],
      jobsPerSecond: measures.map(\.jobsPerSecond).sorted()[measures.count / 2])
  }
}

/// A way to move jobs through a queue, in two phases.
protocol Lifecycle: Sendable {
  func prepare() async throws
  func enqueue(_ count: Int) async throws
  /// Ends leases and leases up to `count` jobs, in one step.
  func lease(_ count: Int, ending done: [LeaseReference], as caller: Int) async throws -> [LeaseReference]
}

extension Lifecycle {
  /// Moves `jobs` jobs in batches, by so many callers at once.
  func measure(_ server: QueueBenchmarkServer, _ jobs: Int, _ batch: Int) async throws -> Measure {
    try await server.flush()
    try await prepare()
    let start = ContinuousClock.now
    let (done, work) = try await server.work {
      try await moveAll(calls: jobs / batch / QueueLifecycleBenchmark.callers, batch)
    }
    let seconds = (ContinuousClock.now - start).seconds
    return Measure(work: work / Double(done), jobsPerSecond: Double(done) / seconds)
  }

  /// - Returns: how many jobs went all the way.
  private func moveAll(calls: Int, _ batch: Int) async throws -> Int {
    _ = try await eachCaller { _ in for _ in 0..<calls { try await enqueue(batch) } }
    let counts = try await eachCaller { caller in
      var (held, done): ([LeaseReference], Int) = ([], 0)
      repeat {
        let ended = held
        held = try await lease(batch, ending: ended, as: caller)
        done += ended.count
      } while !held.isEmpty
      return done
    }
    return counts.reduce(0, +)
  }

  private func eachCaller<Answer: Sendable>(
    _ work: @escaping @Sendable (Int) async throws -> Answer
  ) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      for caller in 0..<QueueLifecycleBenchmark.callers { group.addTask { (caller, try await work(caller)) } }
      var answers: [Int: Answer] = [:]
      for try await (caller, answer) in group { answers[caller] = answer }
      return (0..<QueueLifecycleBenchmark.callers).compactMap { answers[$0] }
    }
  }
}

/// The queue of the house.
struct StrataLifecycle: Lifecycle {
  let queue: RedisQueue
  private let workers = (0..<QueueLifecycleBenchmark.callers).map { _ in WorkerID() }
  private let tenants: [TenantID]

  init(queue: RedisQueue, tenants: Int) {
    self.queue = queue
    self.tenants = (0..<tenants).map { _ in TenantID() }
  }

  func jobs(_ count: Int) -> [QueuedJob] {
    (0..<count).map { place in
      QueuedJob(
        id: JobID(), tenant: tenants[.random(in: tenants.indices)], lane: Lane(tier: .cpu, capability: "noop"),
        priority: JobPriority(rawValue: place % 10 * 10) ?? .standard, attemptsMax: 3,
        payload: QueueLifecycleBenchmark.payload)
    }
  }

  /// Installs the queue and lets it learn how long such jobs take, as a queue in use has.
  func prepare() async throws {
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    try await enqueue(QueueLifecycleBenchmark.callers)
    _ = try await lease(0, ending: lease(QueueLifecycleBenchmark.callers, ending: [], as: 0), as: 0)
  }

  func enqueue(_ count: Int) async throws { _ = try await queue.enqueue(jobs(count)) }

  func lease(_ count: Int, ending done: [LeaseReference], as caller: Int) async throws -> [LeaseReference] {
    let request = LeaseRequest(
      worker: workers[caller], tiers: [.cpu], count: count, completed: done.map { AttemptResult(lease: $0, report: []) }
    )
    return try await queue.lease(request, for: .seconds(600)).leases.map(\.reference)
  }
}
