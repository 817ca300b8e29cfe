import StrataCore
import StrataQueue
import Testing

/// Jobs that may run in several ways: "one of gpu-high, or else two of gpu".
@Suite struct AlternativesConformanceTests {
  private static let high = TierName(rawValue: "gpu-high")!
  private static let lane = Lane.sample(high, gpu: 1_000, alternatives: [Placement(tier: .gpu, resources: two)])
  private static let two = ResourceRequest(gpuThousandths: 2_000)

  private static func request(
    _ tiers: [TierName], _ worker: WorkerID = WorkerID(), count: Int = 9, gpu: Int64 = 4_000,
    dedication: Dedication? = nil
  ) -> LeaseRequest {
    LeaseRequest(
      worker: worker, tiers: tiers, count: count,
      room: ResourceRequest(cpuMillicores: 64_000, memoryBytes: 64 << 30, gpuThousandths: gpu), dedication: dedication)
  }

  @Test(arguments: Backend.allCases)
  func aJobRunsInWhicheverWayAWorkerHasRoomFor(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = (0..<3).map { _ in QueuedJob.sample(in: Self.lane) }
      _ = try await queue.enqueue(jobs)
      #expect(try await queue.lease(Self.request([.gpu], gpu: 1_000), for: minute).leases == [])
      let other = try await queue.lease(Self.request([.gpu], count: 1), for: minute).leases
      let preferred = try await queue.lease(Self.request([Self.high]), for: minute).leases
      #expect(other.map(\.job.id) == [jobs[0].id])
      #expect(other.map(\.job.lane) == Self.lane.guests)
      #expect(other.first?.job.tier == .gpu && other.first?.job.lane.resources == Self.two)
      #expect(preferred.map(\.job) == Array(jobs.dropFirst()))
      #expect(
        try await queue.census().tiers == [Self.high: .init(leased: 2), .gpu: .init(leased: 1)])
    }
  }

  /// Whatever becomes of it: also where the worker, which knows, has nothing to say any more.
  @Test(arguments: Backend.allCases)
  func theQueueTellsWhereAnAttemptRuns(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let jobs = (0..<3).map { _ in QueuedJob.sample(in: Self.lane) }
      _ = try await queue.enqueue(jobs)
      let other = try await queue.lease(Self.request([.gpu], count: 1), for: .seconds(1)).leases
      let preferred = try await queue.lease(Self.request([Self.high], count: 1), for: minute).leases
      let running = try await queue.status(of: jobs.map(\.id)).map { status -> TierName? in
        if case .leased(let lease) = status { lease.tier } else { nil }
      }
      #expect(running == [.gpu, Self.high, nil])
      clock.advance(.seconds(2))
      #expect(try await queue.expire(limit: 10) == 1)
      _ = try await queue.complete(preferred.map { AttemptResult(lease: $0.reference, report: []) })
      #expect(try await queue.cancel([jobs[2].id]) == [.removed])
      let outcomes = try await queue.allOutcomes()
      #expect(outcomes.map(\.job) == [other[0].job.id, preferred[0].job.id, jobs[2].id])
      #expect(outcomes.map(\.tier) == [.gpu, Self.high, nil])
    }
  }

  /// Four GPUs take two of them, at two each.
  @Test(arguments: Backend.allCases)
  func aJobTakesWhatTheWayTakesInWhichItRuns(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue((0..<5).map { _ in QueuedJob.sample(in: Self.lane) })
      #expect(try await queue.lease(Self.request([.gpu]), for: minute).leases.count == 2)
      #expect(try await queue.running().flatMap(\.running).map(\.lane.resources) == [Self.two, Self.two])
    }
  }

  @Test(arguments: Backend.allCases)
  func whatPrefersATierGoesBeforeWhatMayRunThereToo(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let guest = QueuedJob.sample(in: Self.lane, priority: 90)
      let second = QueuedJob.sample(
        in: .sample(
          .cpu, gpu: 0,
          alternatives: [Placement(tier: Self.high, resources: Self.two), Placement(tier: .gpu, resources: Self.two)]))
      let own = QueuedJob.sample(in: .sample(.gpu, gpu: 1_000), priority: 10)
      let higher = QueuedJob.sample(
        in: .sample(Self.high, class: 6, gpu: 1_000, alternatives: [Placement(tier: .gpu, resources: Self.two)]))
      _ = try await queue.enqueue([second, guest, own, higher])
      let grant = try await queue.lease(Self.request([.gpu], gpu: 8_000), for: minute)
      #expect(grant.leases.map(\.job.id) == [higher.id, own.id, guest.id, second.id])
      #expect(grant.leases.map(\.job.lane.rank) == [1, 0, 1, 2])
    }
  }

  /// The other way may be one of the same tier: eight cores, or else two.
  @Test(arguments: Backend.allCases)
  func theSameTierMayRunAJobInTwoWays(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let lane = Lane.sample(
        .cpu, cpu: 8_000, alternatives: [Placement(tier: .cpu, resources: ResourceRequest(cpuMillicores: 2_000))])
      _ = try await queue.enqueue((0..<4).map { _ in QueuedJob.sample(in: lane) })
      let room = ResourceRequest(cpuMillicores: 12_000, memoryBytes: 64 << 30)
      let request = LeaseRequest(worker: WorkerID(), tiers: [.cpu], count: 9, room: room)
      let grant = try await queue.lease(request, for: minute)
      #expect(grant.leases.map(\.job.lane.resources.cpuMillicores) == [8_000, 2_000, 2_000])
    }
  }

  @Test(arguments: Backend.allCases)
  func aJobThatComesBackWaitsForThePreferredWayAgain(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = [QueuedJob.sample(in: Self.lane), .sample(in: Self.lane)]
      _ = try await queue.enqueue(jobs)
      let lease = try #require(
        try await queue.lease(Self.request([.gpu], count: 1), for: minute).leases.first)
      _ = try await queue.release([AttemptResult(lease: lease.reference, report: [])])
      #expect(try await queue.status(of: jobs.map(\.id)) == (0..<2).map { .ready(ahead: $0, attemptsMade: 0) })
      let again = try await queue.lease(Self.request([Self.high], count: 1), for: minute)
      #expect(again.leases.map(\.job) == [jobs[0]])
      #expect(try await queue.census().lanes == [Self.lane: .init(ready: 1, leased: 1)])
    }
  }

  /// The tier in which it runs is full or not, whichever it would have preferred.
  @Test(arguments: Backend.allCases)
  func theGatesAreThoseOfTheTierInWhichItRuns(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      try await queue.govern([.tier(Self.high): GatePolicy(runningMax: 0), .tier(.gpu): GatePolicy(runningMax: 1)])
      _ = try await queue.enqueue((0..<3).map { _ in QueuedJob.sample(in: Self.lane) })
      #expect(try await queue.lease(Self.request([Self.high]), for: minute).leases == [])
      let worker = WorkerID()
      let lease = try #require(try await queue.lease(Self.request([.gpu], worker), for: minute).leases.first)
      #expect(try await queue.lease(Self.request([.gpu], worker), for: minute).leases == [])
      _ = try await queue.complete([AttemptResult(lease: lease.reference, report: [])])
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
      #expect(try await queue.lease(Self.request([.gpu], worker), for: minute).leases.count == 1)
    }
  }

  @Test(arguments: Backend.allCases)
  func whoCanRunItAsIsPreferredIsWokenFirst(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (preferred, other) = (WorkerID(), WorkerID())
      _ = try await queue.lease(Self.request([Self.high], preferred, count: 2), for: minute)
      _ = try await queue.lease(Self.request([.gpu], other, count: 2), for: minute)
      _ = try await queue.enqueue((0..<2).map { _ in QueuedJob.sample(in: Self.lane) })
      #expect(try await queue.signals(for: preferred, waitingUpTo: .zero) == [.work])
      #expect(try await queue.signals(for: other, waitingUpTo: .zero) == [])
      _ = try await queue.enqueue([QueuedJob.sample(in: Self.lane)])
      #expect(try await queue.signals(for: other, waitingUpTo: .zero) == [.work])
    }
  }

  /// Whoever could run it as is preferred is idle, and may not.
  @Test(arguments: Backend.allCases)
  func whereThePreferredTierIsFullOthersAreWoken(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      try await queue.govern([.tier(Self.high): GatePolicy(runningMax: 1)])
      let (preferred, other) = (WorkerID(), WorkerID())
      for (worker, tier) in [(preferred, Self.high), (other, .gpu)] {
        _ = try await queue.lease(Self.request([tier], worker), for: minute)
      }
      _ = try await queue.enqueue((0..<2).map { _ in QueuedJob.sample(in: Self.lane) })
      #expect(try await queue.signals(for: preferred, waitingUpTo: .zero) == [.work])
      #expect(try await queue.signals(for: other, waitingUpTo: .zero) == [.work])
      #expect(try await queue.lease(Self.request([Self.high], preferred), for: minute).leases.count == 1)
      #expect(try await queue.lease(Self.request([.gpu], other), for: minute).leases.count == 1)
    }
  }

  /// What it uses anywhere counts where it waits: others who wait there are due before it.
  @Test(arguments: Backend.allCases)
  func whatRunsElsewhereIsChargedWhereItWaited(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (busy, quiet) = (TenantID(), TenantID())
      _ = try await queue.enqueue((0..<3).map { _ in QueuedJob.sample(in: Self.lane, of: busy) })
      #expect(try await queue.lease(Self.request([.gpu]), for: minute).leases.count == 2)
      _ = try await queue.enqueue((0..<2).map { _ in QueuedJob.sample(in: Self.lane, of: quiet) })
      let pool = QueuePool(tier: Self.high, priorityClass: .standard)
      let standing = try await queue.standing(of: pool, first: 9).tenants
      #expect(standing.first { $0.tenant == busy }?.running == 2)
      // Who comes starts at the virtual time, that of the last turn: before who was charged for two.
      let next = try await queue.lease(Self.request([Self.high], count: 1), for: minute).leases
      #expect(next.map(\.job.tenant) == [quiet])
    }
  }

  @Test(arguments: Backend.allCases)
  func aDedicatedWorkerTakesItsTenantsInEveryWay(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let tenant = TenantID()
      let job = QueuedJob.sample(in: Self.lane, of: tenant)
      _ = try await queue.enqueue([.sample(in: Self.lane), job])
      let grant = try await queue.lease(
        Self.request([.gpu], dedication: Dedication(tenant: tenant)), for: minute)
      #expect(grant.leases.map(\.job.id) == [job.id])
    }
  }

  /// Each way takes a lane; a family that has no jobs makes place as a whole, and its numbers are had again.
  @Test(arguments: Backend.allCases)
  func lanesOfAllWaysComeAndGoTogether(_ backend: Backend) async throws {
    var limits = QueueLimits()
    limits.lanesMax = 4
    try await withQueue(backend, limits: limits) { queue in
      let job = QueuedJob.sample(in: Self.lane)
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.lease(Self.request([.gpu]), for: minute).leases.first)
      let families = [["noop", "a"], ["noop", "b"]].map { words in
        Lane.sample(Self.high, capability: words[1], alternatives: [Placement(tier: .gpu), Placement(tier: .cpu)])
      }
      // Its home waits empty, but its guest has a job.
      await #expect(throws: QueueError.tooManyLanes) { _ = try await queue.enqueue([.sample(in: families[0])]) }
      _ = try await queue.complete([AttemptResult(lease: lease.reference, report: [])])
      for lane in families {
        let job = QueuedJob.sample(in: lane)
        #expect(try await queue.enqueue([job]) == [.enqueued])
        _ = try await queue.lease(Self.request([.cpu]), for: minute)
        #expect(try await queue.census().lanes == [lane.guests[1]: .init(leased: 1)])
        try await queue.forget([job.id])
      }
      // One number of three is left over, and one was never given out.
      #expect(try await queue.enqueue([.sample(), .sample(.gpu), .sample(Self.high)]).count == 3)
      #expect(try await queue.lease(Self.request([.cpu, .gpu, Self.high]), for: minute).leases.count == 3)
    }
  }

  @Test(arguments: Backend.allCases)
  func moreWaysThanMayBeAreRefused(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let many = (0..<5).map { Placement(tier: .gpu, resources: ResourceRequest(cpuMillicores: $0)) }
      await #expect(throws: QueueError.self) { _ = try await queue.enqueue([.sample(in: .sample(alternatives: many))]) }
      let taken = try await queue.enqueue([.sample(in: .sample(alternatives: Array(many.dropLast())))])
      #expect(taken == [.enqueued])
    }
  }
}
