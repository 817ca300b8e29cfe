import StrataCore
import StrataQueue
import Testing

/// Limits on how much runs at once, and what a worker has room for. Runs on every backend.
@Suite struct GateConformanceTests {
  private let tenants = (0..<2).map { TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0200 + $0) }

  private func complete(_ queue: any JobQueue, _ lease: Lease) async throws {
    #expect(try await queue.complete([AttemptResult(lease: lease.reference, report: [])]) == [.accepted])
  }

  @Test(arguments: Backend.allCases) func aTenantRunsNoMoreThanItMay(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      try await queue.govern([.tenant(tenants[0]): GatePolicy(runningMax: 2)])
      _ = try await queue.enqueue((0..<5).map { _ in .sample(of: tenants[0]) })
      let worker = WorkerID()
      let leases = try await queue.lease(worker: worker, tiers: [.cpu], count: 5, for: minute).leases
      #expect(leases.count == 2)
      #expect(try await queue.leaseOne(worker) == nil)
      // Others are not held up by it.
      _ = try await queue.enqueue([.sample(of: tenants[1])])
      #expect(try await queue.leaseOne(worker)?.job.tenant == tenants[1])
      try await complete(queue, leases[0])
      #expect(try await queue.leaseOne(worker)?.job.tenant == tenants[0])
      #expect(try await queue.leaseOne(worker) == nil)
    }
  }

  @Test(arguments: Backend.allCases) func aWorkerIsWokenWhenATenantMayRunAgain(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      try await queue.govern([.tenant(tenants[0]): GatePolicy(runningMax: 1)])
      _ = try await queue.enqueue((0..<2).map { _ in .sample(of: tenants[0]) })
      let (busy, idle) = (WorkerID(), WorkerID())
      let lease = try #require(try await queue.leaseOne(busy))
      #expect(try await queue.leaseOne(idle) == nil)
      #expect(try await queue.signals(for: idle, waitingUpTo: .zero).isEmpty)
      try await complete(queue, lease)
      #expect(try await queue.signals(for: idle, waitingUpTo: .zero) == [.work])
      #expect(try await queue.leaseOne(idle) != nil)
    }
  }

  @Test(arguments: Backend.allCases, [Gate.capability("noop"), .tier(.cpu), .tenant(.sample)])
  func whatIsPausedWaitsAndGoesOn(_ backend: Backend, _ gate: Gate) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([.sample(), .sample()])
      let running = try #require(try await queue.leaseOne(worker))
      try await queue.govern([gate: .paused])
      #expect(try await queue.leaseOne(worker) == nil)
      // What runs goes on and ends.
      try await complete(queue, running)
      #expect(try await queue.leaseOne(worker) == nil)
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero).isEmpty)
      try await queue.govern([gate: .unlimited])
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
      #expect(try await queue.leaseOne(worker) != nil)
    }
  }

  /// More of them than Lua passes to one call.
  @Test func thousandsOfPausedTenantsAreAllFoundAgain() async throws {
    try await withQueue(.redis) { queue in
      let tenants = (0..<4_500).map { TenantID(high: 1, low: UInt64($0)) }
      func govern(_ policy: GatePolicy) async throws {
        try await queue.govern(Dictionary(uniqueKeysWithValues: tenants.map { (Gate.tenant($0), policy) }))
      }
      try await govern(.paused)
      _ = try await queue.enqueue(tenants.map { .sample(of: $0) })
      #expect(try await queue.leaseOne(WorkerID()) == nil)
      try await govern(.unlimited)
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 5_000, for: minute)
      #expect(Set(grant.leases.map(\.job.tenant)) == Set(tenants))
    }
  }

  @Test(arguments: Backend.allCases) func aFullCapabilityHoldsUpNoOther(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      try await queue.govern([.capability("a"): GatePolicy(runningMax: 1)])
      let (a, b) = (Lane.sample(capability: "a"), Lane.sample(capability: "b"))
      _ = try await queue.enqueue([.sample(in: a), .sample(in: a), .sample(in: b)])
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 3, for: minute).leases
      #expect(leases.map(\.job.lane) == [a, b])
    }
  }

  @Test(arguments: Backend.allCases) func aLimitSetWhileJobsRunCountsThem(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue((0..<4).map { _ in .sample() })
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 2, for: minute).leases
      for gate in [Gate.tenant(.sample), .capability("noop"), .tier(.cpu)] {
        try await queue.govern([gate: GatePolicy(runningMax: 2)])
        #expect(try await queue.leaseOne(WorkerID()) == nil, "\(gate)")
        try await queue.govern([gate: .unlimited])
      }
      #expect(leases.count == 2)
      #expect(try await queue.leaseOne(WorkerID()) != nil)
    }
  }

  @Test(arguments: Backend.allCases) func aWorkerGetsWhatItHasRoomFor(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let big = QueuedJob.sample(in: .sample(cpu: 8_000, memory: 32 << 30, gpu: 1_000))
      let small = QueuedJob.sample(in: .sample(cpu: 1_000, memory: 1 << 30))
      _ = try await queue.enqueue([big, small])
      func lease(_ cpu: Int64, _ memory: Int64, _ gpu: Int64) async throws -> [JobID] {
        let room = ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu)
        let request = LeaseRequest(worker: WorkerID(), tiers: [.cpu], count: 5, room: room)
        return try await queue.lease(request, for: minute).leases.map(\.job.id)
      }
      #expect(try await lease(500, 64 << 30, 4_000) == [])
      #expect(try await lease(7_999, 64 << 30, 0) == [small.id])
      #expect(try await lease(16_000, 64 << 30, 999) == [])
      #expect(try await lease(16_000, 31 << 30, 1_000) == [])
      #expect(try await lease(8_000, 32 << 30, 1_000) == [big.id])
    }
  }

  @Test(arguments: Backend.allCases) func roomIsFilledAndNotExceeded(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue((0..<9).map { _ in .sample(in: .sample(cpu: 1_500, gpu: 250)) })
      let room = ResourceRequest(cpuMillicores: 8_000, memoryBytes: 64 << 30, gpuThousandths: 1_000)
      let request = LeaseRequest(worker: WorkerID(), tiers: [.cpu], count: 9, room: room)
      #expect(try await queue.lease(request, for: minute).leases.count == 4)
    }
  }

  @Test(arguments: Backend.allCases) func onlyAWorkerWithRoomIsWoken(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (small, large) = (WorkerID(), WorkerID())
      for (worker, cpu, count) in [(small, 1_000, 4), (large, 8_000, 1)] as [(WorkerID, Int64, Int)] {
        let room = ResourceRequest(cpuMillicores: cpu, memoryBytes: 64 << 30)
        _ = try await queue.lease(LeaseRequest(worker: worker, tiers: [.cpu], count: count, room: room), for: minute)
      }
      _ = try await queue.enqueue([.sample(in: .sample(cpu: 4_000))])
      #expect(try await queue.signals(for: small, waitingUpTo: .zero).isEmpty)
      #expect(try await queue.signals(for: large, waitingUpTo: .zero) == [.work])
    }
  }

  @Test(arguments: Backend.allCases) func thereAreNoMoreLanesThanMayBe(_ backend: Backend) async throws {
    var limits = QueueLimits()
    limits.lanesMax = 2
    try await withQueue(backend, limits: limits) { queue in
      _ = try await queue.enqueue([.sample(in: .sample(capability: "a")), .sample(in: .sample(capability: "b"))])
      await #expect(throws: QueueError.tooManyLanes) {
        _ = try await queue.enqueue([.sample(in: .sample(capability: "c"))])
      }
      _ = try await queue.enqueue([.sample(in: .sample(capability: "b"))])
      #expect(try await queue.census().lanes.count == 2)
    }
  }

  @Test(arguments: Backend.allCases) func aLaneWithoutJobsMakesPlaceForAnother(_ backend: Backend) async throws {
    let clock = HeldClock()
    var limits = QueueLimits()
    limits.lanesMax = 2
    try await withQueue(backend, clock: clock, limits: limits) { queue in
      func enqueue(_ capability: String, after delay: Duration? = nil) async throws {
        let due = delay.map { clock.now + $0 }
        _ = try await queue.enqueue([.sample(in: .sample(capability: capability), notBefore: due)])
      }
      try await enqueue("a")
      try await enqueue("b", after: .seconds(5))
      let running = try #require(try await queue.leaseOne(WorkerID()))
      // One has a job that runs, the other one that waits for its time.
      await #expect(throws: QueueError.tooManyLanes) { try await enqueue("c") }
      try await complete(queue, running)
      try await enqueue("c")
      await #expect(throws: QueueError.tooManyLanes) { try await enqueue("a") }
      clock.advance(.seconds(5))
      #expect(try await queue.promote(limit: 10).count == 1)
      let both = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 5, for: minute).leases
      #expect(Set(both.map(\.job.lane.capability)) == ["b", "c"])
      for lease in both { try await complete(queue, lease) }
      try await enqueue("d")
      try await enqueue("a")
      #expect(try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 5, for: minute).leases.count == 2)
    }
  }
}
