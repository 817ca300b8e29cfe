import StrataCore
import StrataQueue
import StrataRuntime
import Synchronization
import TestSupport
import Testing

/// The two queues that keep the protocol.
enum Backend: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case memory, redis
  var testDescription: String { rawValue }
}

/// A clock that stands until a test moves it, in whole microseconds.
final class HeldClock: Sendable {
  private let microseconds = Mutex<Int64>(1_790_000_000_000_000)

  var clock: WallClock { WallClock { [self] in now } }
  var now: Timestamp { Timestamp(microseconds: microseconds.withLock { $0 }) }
  func advance(_ duration: Duration) { microseconds.withLock { $0 += duration.nanoseconds / 1_000 } }
}

/// Runs `body` with a queue of `backend` that is installed and empty, under `clock`.
func withQueue(
  _ backend: Backend, clock: HeldClock = HeldClock(), limits: QueueLimits = QueueLimits(), isInstalled: Bool = true,
  _ body: (any JobQueue) async throws -> Void
) async throws {
  switch backend {
  case .memory:
    let queue = MemoryQueue(limits: limits, clock: clock.clock)
    if isInstalled { try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0)) }
    try await body(queue)
  case .redis:
    var configuration = RedisQueue.Configuration()
    configuration.limits = limits
    configuration.clock = clock.clock
    try await withRedisQueue(configuration) { queue in
      if isInstalled { try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0)) }
      try await body(queue)
    }
  }
}

/// Runs `body` with a queue in a namespace of its own on `server` (that of the process by default).
func withRedisQueue(
  _ configuration: RedisQueue.Configuration = RedisQueue.Configuration(), on server: RedisFixture? = nil,
  _ body: (RedisQueue) async throws -> Void
) async throws {
  let server = try server ?? RedisFixture.shared.get()
  let loop = try EventLoop(label: "queue-tests")
  defer { loop.stop() }
  var configuration = configuration
  if configuration.namespace == "strata" { configuration.namespace = "test-\(JobID())" }
  let queue = try await RedisQueue.connect(
    to: RedisEndpoint(url: server.url), on: loop, configuration: configuration)
  do {
    try await body(queue)
    await queue.close()
  } catch {
    await queue.close()
    throw error
  }
}

/// Runs `body` with a server of its own, for tests that hurt it.
func withServer(
  _ options: [String] = ["--appendonly", "yes", "--save", ""], _ body: (RedisFixture) async throws -> Void
) async throws {
  let server = try RedisFixture(options)
  defer { server.stop() }
  try await body(server)
}

extension QueuedJob {
  /// A job with the ordinary values, whose identifier follows those made before.
  static func sample(
    _ tier: TierName = .cpu, of tenant: TenantID = .sample, priority: Int = 50, attemptsMax: Int = 3,
    notBefore: Timestamp? = nil, payload: [UInt8] = [1, 2, 3]
  ) -> QueuedJob {
    .sample(
      in: .sample(tier), of: tenant, priority: priority, attemptsMax: attemptsMax, notBefore: notBefore,
      payload: payload)
  }

  static func sample(
    in lane: Lane, of tenant: TenantID = .sample, priority: Int = 50, attemptsMax: Int = 3,
    notBefore: Timestamp? = nil, payload: [UInt8] = [1, 2, 3]
  ) -> QueuedJob {
    QueuedJob(
      id: SampleIdentifiers.next(), tenant: tenant, lane: lane, priority: JobPriority(rawValue: priority)!,
      attemptsMax: attemptsMax, notBefore: notBefore, payload: payload)
  }
}

extension TenantID {
  /// The only tenant of tests that are about something else.
  static let sample = TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000)
}

extension Lane {
  /// A lane of jobs that take one core for as long as others do.
  static func sample(
    _ tier: TierName = .cpu, class priorityClass: Int = 4, capability: String = "noop", cpu: Int64 = 1_000,
    memory: Int64 = 1 << 30, gpu: Int64 = 0, alternatives: [Placement] = []
  ) -> Lane {
    Lane(
      tier: tier, priorityClass: PriorityClass(rawValue: priorityClass)!, capability: capability,
      resources: ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu),
      alternatives: alternatives)
  }
}

/// Identifiers in rising order, however fast they are made.
enum SampleIdentifiers {
  private static let last = Mutex<UInt64>(0)

  static func next() -> JobID { next(at: Timestamp(microseconds: 0x0190_0000_0000 * 1_000)) }

  /// Of a job that was accepted then.
  static func next(at accepted: Timestamp) -> JobID {
    let number = last.withLock { last in
      last += 1
      return last
    }
    let milliseconds = UInt64(accepted.microseconds / 1_000)
    return JobID(high: milliseconds << 16 | 0x7000, low: 0x8000_0000_0000_0000 + number)
  }
}

let minute = Duration.seconds(60)

extension JobQueue {
  /// Leases one job for a minute.
  func leaseOne(_ worker: WorkerID, _ tiers: [TierName] = [.cpu]) async throws -> Lease? {
    try await lease(worker: worker, tiers: tiers, count: 1, for: minute).leases.first
  }

  func allOutcomes() async throws -> [QueuedOutcome] {
    try await outcomes(after: nil, limit: 1_000, waitingUpTo: .zero)
  }
}
