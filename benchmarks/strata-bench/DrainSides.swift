import Foundation
import StrataCore
import StrataQueue
import StrataRuntime

/// The queue of the house, with two processes of this program as workers.
struct QueueSide: DrainSide {
  let name: String
  private let queue: RedisQueue
  private let tenants: [TenantID]

  init(
    _ mode: DrainWorker.Mode, on redis: String, tenants: Int, slots: Int, _ cleanUp: CleanUp
  ) async throws {
    name = mode.name
    self.tenants = (0..<tenants).map { _ in TenantID() }
    let loop = try EventLoop(label: "drain-\(mode)")
    cleanUp.add { loop.stop() }
    let queue = try await RedisQueue.connect(
      to: RedisEndpoint(.unix(path: redis)), on: loop, configuration: mode.configuration)
    cleanUp.add { await queue.close() }
    self.queue = queue
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    for _ in 0..<DrainBenchmark.workers {
      try await DrainWorker.start(["\(mode)", redis, "\(slots)"], cleanUp)
    }
  }

  func fill(_ count: Int) async throws {
    try await queue.govern([.tier(.cpu): .paused])
    let resources = ResourceRequest(cpuMillicores: 1_000, memoryBytes: 256 << 20)
    for first in stride(from: 0, to: count, by: 1_000) {
      let jobs = try (first..<min(first + 1_000, count)).map { place in
        let (id, tenant) = (JobID(), tenants[place % tenants.count])
        let order = WorkOrder(
          job: id, tenant: tenant, capability: "noop", version: 1, parametersJSON: "{}", inputs: [], timeoutSeconds: 10,
          resources: resources)
        return QueuedJob(
          id: id, tenant: tenant, lane: Lane(tier: .cpu, capability: "noop", resources: resources),
          priority: JobPriority(rawValue: place % 10 * 10) ?? .standard, attemptsMax: 3,
          payload: try order.plainlyEncoded ?? Array(JSONEncoder().encode(order)))
      }
      _ = try await queue.enqueue(jobs)
    }
  }

  func open() async throws { try await queue.govern([.tier(.cpu): .unlimited]) }

  func unfinished() async throws -> Int {
    let count = try await queue.census().tiers[.cpu]
    return count.map { $0.ready + $0.leased } ?? 0
  }

  /// Reads the outcomes and acknowledges them, as whoever settles would.
  func tidy(_ count: Int) async throws {
    var (succeeded, last): (Int, OutcomePosition?) = (0, nil)
    while succeeded < count {
      let outcomes = try await queue.outcomes(after: last, limit: 1_000, waitingUpTo: .seconds(1))
      guard !outcomes.isEmpty, outcomes.allSatisfy({ $0.ending == .succeeded && $0.isFinal }) else {
        throw StrataError(.internalError, "of \(count) jobs only \(succeeded) are told to have succeeded")
      }
      succeeded += outcomes.count
      last = outcomes.last?.position
      try await queue.acknowledge(outcomes.map(\.position))
    }
  }
}

/// Sidekiq as Debian has it: a list of Redis, from which two processes take jobs.
struct SidekiqSide: DrainSide {
  let name = "Sidekiq"
  /// The socket of its server.
  let redis: String
  private static let script = "sidekiq_peer.rb"
  private static let threads = 10
  private let client: LineProcess
  private let workers: [LineProcess]
  private let connection: RedisConnection

  init(_ cleanUp: CleanUp) async throws {
    let (sidekiq, ruby) = (try Peers.program("sidekiq"), try Peers.program("ruby"))
    let script = try Peers.script(Self.script)
    redis = try await ScratchFolder(cleanUp).startRedis()
    let environment = ["STRATA_BENCH_REDIS": redis]
    let client = try await LineProcess(ruby, [script], environment: environment)
    cleanUp.add { await client.stop() }
    var workers: [LineProcess] = []
    for _ in 0..<DrainBenchmark.workers {
      let words = ["-r", "./" + script, "-c", "\(Self.threads)", "-e", "production"]
      let worker = try await LineProcess(sidekiq, words, environment: environment)
      cleanUp.add { await worker.stop() }
      workers.append(worker)
    }
    let loop = try EventLoop(label: "drain-sidekiq")
    let connection = RedisConnection(to: RedisEndpoint(.unix(path: redis)), on: loop)
    cleanUp.add {
      await connection.close()
      loop.stop()
    }
    (self.client, self.workers, self.connection) = (client, workers, connection)
    _ = try await client.nextLine()
    for worker in workers { _ = try await worker.nextLine() }
  }

  func fill(_ count: Int) async throws { _ = try await client.ask("\(count)") }

  /// A list that gets its name wakes those that wait for one of that name.
  func open() async throws { _ = try await ask(RedisCommand("RENAME", "queue:staged", "queue:default")) }

  func unfinished() async throws -> Int { try await ask(RedisCommand("LLEN", "queue:default")) ?? 0 }

  func tidy(_ count: Int) async throws {
    guard try await ask(RedisCommand("ZCARD", "retry")) == 0, workers.allSatisfy(\.isRunning) else {
      throw StrataError(.internalError, "jobs of Sidekiq failed")
    }
  }

  private func ask(_ command: RedisCommand) async throws -> Int? {
    switch try await connection.send(command) {
    case .integer(let number): Int(number)
    case .error(let message): throw StrataError(.internalError, message)
    default: nil
    }
  }
}

/// beanstalkd, with two processes of this program as workers.
struct BeanstalkSide: DrainSide {
  let name = "beanstalkd"
  private static let pauseSeconds = 3_600
  private let client: BeanstalkClient

  init(_ cleanUp: CleanUp) async throws {
    let socket = try await BeanstalkServer.start(cleanUp)
    client = try BeanstalkClient(socket)
    for _ in 0..<DrainBenchmark.workers { try await DrainWorker.start([DrainWorker.beanstalkd, socket], cleanUp) }
  }

  func fill(_ count: Int) async throws {
    try client.pause(seconds: Self.pauseSeconds)
    try client.put(count)
  }

  func open() async throws { try client.pause(seconds: 0) }

  func unfinished() async throws -> Int { try client.unfinished() }

  func tidy(_ count: Int) async throws {}
}
