import StrataCore
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// What operators look at. Runs on every backend.
@Suite struct InsightConformanceTests {
  private let tenants = (0..<4).map { TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0300 + $0) }
  private let pool = QueuePool(tier: .cpu, priorityClass: PriorityClass(rawValue: 4)!)

  @Test(arguments: Backend.allCases) func theJobsHeldAreCounted(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      #expect(try await queue.load().jobs == 0)
      _ = try await queue.enqueue([.sample(), .sample(), .sample(notBefore: clock.now + minute)])
      _ = try await queue.leaseOne(WorkerID())
      #expect(try await queue.load().jobs == 3)
    }
    try await withQueue(backend, isInstalled: false) { queue in
      let load = try await queue.load()
      #expect(load.jobs == 0)
    }
  }

  @Test(arguments: Backend.allCases) func tenantsStandInTheirPools(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await queue.govern([.tenant(tenants[1]): GatePolicy(weight: 300)])
      _ = try await queue.enqueue((0..<3).map { _ in .sample(of: tenants[0]) })
      _ = try await queue.enqueue((0..<5).map { _ in .sample(in: .sample(capability: "other"), of: tenants[1]) })
      _ = try await queue.enqueue([.sample(in: .sample(.gpu, class: 7), of: tenants[0])])
      _ = try await queue.enqueue([.sample(of: tenants[2], notBefore: clock.now + minute)])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      #expect(lease.job.tenant == tenants[0])

      let standing = try await queue.standing(of: pool, first: 10)
      let (first, second) = (
        TenantStanding(tenant: tenants[1], waiting: 5, running: 0, weight: 300, tag: 0),
        TenantStanding(tenant: tenants[0], waiting: 2, running: 1, weight: 100, tag: 1_000)
      )
      // One whose jobs all wait for their time stands nowhere.
      #expect(
        standing == PoolStanding(pool: pool, virtualTime: 0, tenants: [first, second], count: 2, weightWaiting: 400))
      let fewer = try await queue.standing(of: pool, first: 1)
      #expect(fewer.tenants == [first] && fewer.count == 2 && fewer.weightWaiting == 400)

      let own = try await queue.standing(of: [tenants[0], tenants[3]])
      let other = QueuePool(tier: .gpu, priorityClass: PriorityClass(rawValue: 7)!)
      #expect(own.map(\.pool) == [pool, other])
      #expect(own.map { $0.tenants.map(\.waiting) } == [[2], [1]] && own[0].tenants == [second])
      #expect(try await queue.standing(of: [tenants[3]]).isEmpty)
      #expect(try await queue.standing(of: other, first: 5).tenants.map(\.tenant) == [tenants[0]])
    }
  }

  @Test(arguments: Backend.allCases) func theTenantsOfAPoolAreFoundHoweverManyThereAre(_ backend: Backend) async throws
  {
    try await withQueue(backend) { queue in
      let many = (0..<2_500).map { TenantID(high: 0x0190_0000_0000_7000, low: 0x9000_0000_0000_0000 + UInt64($0)) }
      _ = try await queue.enqueue(many.map { .sample(of: $0) })
      _ = try await queue.enqueue([.sample(of: many[1_234]), .sample(of: many[77]), .sample(of: many[77])])
      let standing = try await queue.standing(of: pool, first: 3)
      #expect(standing.count == 2_500 && standing.tenants.map(\.tenant) == [many[77], many[1_234], many[0]])
      #expect(standing.tenants.map(\.waiting) == [3, 2, 1])
    }
  }

  /// Whatever its priority and its lane.
  @Test(arguments: Backend.allCases) func theJobAcceptedFirstIsTold(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs: [QueuedJob] = [
        .sample(of: tenants[0], priority: 10), .sample(in: .sample(capability: "other"), of: tenants[0], priority: 90),
        .sample(of: tenants[0], priority: 90), .sample(of: tenants[1]),
      ]
      _ = try await queue.enqueue(jobs.reversed())
      let oldest = try await queue.oldest(of: [tenants[1], tenants[2], tenants[0]], in: pool)
      #expect(oldest == [jobs[3].id, nil, jobs[0].id])
      _ = try await queue.cancel([jobs[0].id])
      #expect(try await queue.oldest(of: [tenants[0]], in: pool) == [jobs[1].id])
    }
  }

  @Test(arguments: Backend.allCases) func lanesSayWhoIsNext(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (lane, other) = (Lane.sample(), Lane.sample(capability: "other"))
      let due = clock.now + minute
      _ = try await queue.enqueue([
        .sample(in: lane, of: tenants[0]), .sample(in: lane, of: tenants[0]), .sample(in: lane, of: tenants[1]),
        .sample(in: other, of: tenants[1]), .sample(in: lane, notBefore: due),
      ])
      func next(_ lane: Lane) async throws -> QueueRoom.Head? { try await queue.room().lanes[lane]?.next }
      let room = try await queue.room()
      #expect(room.time == clock.now && room.nextDue == due && room.workers.isEmpty)
      #expect(room.lanes[lane]?.ready == 3 && room.lanes[lane]?.delayed == 1 && room.lanes[other]?.ready == 1)
      #expect(room.lanes[lane]?.next == QueueRoom.Head(tenant: tenants[0], tag: 0))
      // A lease changes who is next, or at which tag.
      _ = try await queue.leaseOne(WorkerID())
      #expect(try await next(lane) == QueueRoom.Head(tenant: tenants[1], tag: 0))
      // What stands before a gate is passed over, and a lane before one has nobody.
      try await queue.govern([.tenant(tenants[1]): .paused])
      #expect(try await next(lane)?.tenant == tenants[0])
      #expect(try await next(other) == nil)
      try await queue.govern([.tenant(tenants[1]): .unlimited, .capability("noop"): .paused])
      #expect(try await next(lane) == nil)
      #expect(try await next(other)?.tenant == tenants[1])
    }
  }

  @Test(arguments: Backend.allCases) func workersSayWhatRoomTheyHave(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (idle, busy) = (WorkerID(high: 1, low: 1), WorkerID(high: 1, low: 2))
      _ = try await queue.enqueue([.sample(), .sample()])
      let room = ResourceRequest(cpuMillicores: 4_000, memoryBytes: 4 << 30, gpuThousandths: 0)
      _ = try await queue.lease(
        LeaseRequest(worker: idle, tiers: [.cpu, .gpu], count: 3, room: room), for: .seconds(30))
      _ = try await queue.enqueue([.sample()])
      // It was woken for that and has not asked yet.
      let woken = try #require(try await queue.room().workers.first)
      #expect(woken.idle == [.gpu: 1] && woken.leases == 2 && woken.runs == .cpu)
      #expect(woken.free == ResourceRequest(cpuMillicores: 2_000, memoryBytes: 2 << 30, gpuThousandths: 0))
      _ = try await queue.lease(LeaseRequest(worker: busy, tiers: [.cpu], count: 1), for: minute)
      let workers = try await queue.room().workers
      #expect(workers.map(\.id) == [idle, busy])
      #expect(workers[0].deadline == clock.now + .seconds(30) && workers[0].tiers == [.cpu, .gpu])
      #expect(workers[1].idle.isEmpty && workers[1].free == nil && workers[1].runs == .cpu)
      #expect(workers[0].capacity?.wholeRoom == room && workers[0].capacity?.tiers == [.cpu, .gpu])
    }
  }

  /// However busy it is; one that has never asked is known by nothing.
  @Test(arguments: Backend.allCases) func workersSayWhatTheyServeAndCouldRun(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (busy, new) = (WorkerID(high: 1, low: 1), WorkerID(high: 1, low: 2))
      _ = try await queue.enqueue([.sample()])
      let room = ResourceRequest(cpuMillicores: 1_000, memoryBytes: 1 << 30, gpuThousandths: 2_000)
      _ = try await queue.lease(LeaseRequest(worker: busy, tiers: [.gpu, .cpu], count: 1, room: room), for: minute)
      _ = try await queue.heartbeat(worker: new, held: [], for: minute + minute)
      let workers = try await queue.room().workers
      #expect(workers.map(\.id) == [busy, new])
      #expect(workers[0].runs == .cpu && workers[0].idle.isEmpty && workers[0].tiers == [.cpu, .gpu])
      #expect(
        workers[0].capacity == WorkerLoad.Capacity(wholeRoom: room, slotsLeft: 0, keepsFor: nil, tiers: [.gpu, .cpu]))
      #expect(workers[1].capacity == nil && workers[1].tiers.isEmpty)
    }
  }

  @Test func aServerSaysHowMuchMemoryItMayUse() async throws {
    try await withServer(["--appendonly", "no", "--save", "", "--maxmemory", "20mb"]) { server in
      try await withRedisQueue(on: server) { queue in
        let load = try await queue.load()
        #expect(load.memoryMaxBytes == 20 << 20 && (1...(20 << 20)).contains(load.memoryUsedBytes))
        #expect(load.machineMemoryBytes ?? 0 > 1 << 20)
        try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
        _ = try await queue.enqueue((0..<50).map { _ in .sample(payload: [UInt8](repeating: 1, count: 20_000)) })
        let more = try await queue.load()
        #expect(more.jobs == 50 && more.memoryUsedBytes - load.memoryUsedBytes > 1_000_000)
      }
    }
  }
}
