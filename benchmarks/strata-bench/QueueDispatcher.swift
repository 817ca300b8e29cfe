import StrataCore
import StrataQueue
import StrataRuntime
import Synchronization

/// A clock that stands until it is set: a simulation says what time it is.
final class LogicalClock: Sendable {
  /// 2023-11-14, so that tokens look as they do.
  private static let beginning: Int64 = 1_700_000_000_000_000
  private let microseconds = Atomic(LogicalClock.beginning)

  var now: Timestamp { Timestamp(microseconds: microseconds.load(ordering: .acquiring)) }
  var wallClock: WallClock { WallClock { self.now } }

  /// Since the beginning of the simulation.
  func set(to microseconds: Int64) { self.microseconds.store(Self.beginning + microseconds, ordering: .releasing) }
}

/// The real queue as a dispatcher: every decision is that of its scripts in Redis, through its client. Simulated are the
/// worker, which asks for what it has room for whenever there may be something, and the time, which the scripts are
/// given: the queue takes the clock of its caller where there is one.
struct QueueDispatcher: Dispatcher {
  private static let tier = TierName.cpu
  /// Longer than any simulation: its worker is never overdue.
  private static let leaseDuration = Duration.seconds(400 * 86_400)

  private let queue: RedisQueue
  private let clock: LogicalClock
  private let jobs: [SimulatedJob]
  private let tenants: [TenantID]
  private let worker = WorkerID()
  private var held: [Int: LeaseReference] = [:]
  /// All that the worker has; nil where it keeps no room for what does not fit.
  private let wholeRoom: Int?

  /// A queue of its own on the server.
  ///
  /// - Parameters:
  ///   - weights: by tenant; 100 is ordinary.
  ///   - keeping: the cores of the worker, and after how long it keeps room for a job that needs more than are free.
  init(
    on server: QueueBenchmarkServer, _ loop: EventLoop, jobs: [SimulatedJob], weights: [Int],
    keeping: (cores: Int, after: Duration)? = nil
  ) async throws {
    try await server.flush()
    clock = LogicalClock()
    var configuration = RedisQueue.Configuration()
    configuration.clock = clock.wallClock
    queue = try await RedisQueue.connect(to: server.endpoint, on: loop, configuration: configuration)
    self.jobs = jobs
    wholeRoom = keeping?.cores
    var random = SeededGenerator(seed: 7)
    tenants = weights.map { _ in TenantID(now: Timestamp(milliseconds: 0), using: &random) }
    if let keeping {
      var policy = QueuePolicy()
      policy.keepRoomAfter = keeping.after
      // It asks at every event of the simulation.
      policy.keepRoomFor = Self.leaseDuration
      try await queue.tune(policy)
    }
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let policies = zip(tenants, weights).filter { $0.1 != 100 }
    try await queue.govern(
      Dictionary(uniqueKeysWithValues: policies.map { (Gate.tenant($0), GatePolicy(weight: $1)) }))
  }

  func close() async { await queue.close() }

  func submit(_ places: [Int], at time: Int64) async throws {
    clock.set(to: time)
    // A million at once would take a gigabyte here.
    for start in stride(from: 0, to: places.count, by: 10_000) {
      _ = try await queue.enqueue(places[start..<min(start + 10_000, places.count)].map { queued($0, at: clock.now) })
    }
  }

  /// Identifiers sort by submission, as those of accepted jobs do; the payload is the job's place.
  private func queued(_ place: Int, at now: Timestamp) -> QueuedJob {
    let job = jobs[place]
    let resources = ResourceRequest(cpuMillicores: Int64(job.cores) * 1_000, memoryBytes: 0)
    return QueuedJob(
      id: JobID(high: UInt64(now.microseconds / 1_000) << 16, low: UInt64(place)), tenant: tenants[job.tenant],
      lane: Lane(tier: Self.tier, capability: job.capability, resources: resources), attemptsMax: 1, payload: [])
  }

  mutating func start(within room: Int, at time: Int64) async throws -> [Int] {
    clock.set(to: time)
    let request = LeaseRequest(
      worker: worker, tiers: [Self.tier], count: room,
      room: ResourceRequest(cpuMillicores: Int64(room) * 1_000, memoryBytes: .max),
      wholeRoom: wholeRoom.map { ResourceRequest(cpuMillicores: Int64($0) * 1_000, memoryBytes: .max) })
    let grant = try await queue.lease(request, for: Self.leaseDuration)
    return grant.leases.map { lease in
      let place = Int(lease.job.id.low)
      held[place] = lease.reference
      return place
    }
  }

  mutating func finish(_ places: [Int], at time: Int64) async throws {
    clock.set(to: time)
    let results = places.compactMap { held.removeValue(forKey: $0) }.map { AttemptResult(lease: $0, report: []) }
    let verdicts = try await queue.complete(results)
    guard verdicts.count == places.count, verdicts.allSatisfy({ $0 == .accepted }) else {
      throw StrataError(.internalError, "the queue did not accept the end of a job that it had granted")
    }
  }
}
