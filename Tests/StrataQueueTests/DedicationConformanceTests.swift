import StrataCore
import StrataQueue
import Testing

/// Workers that are there for one tenant. Runs on every backend.
@Suite struct DedicationConformanceTests {
  private let owner = TenantID()
  private let other = TenantID()

  private func lease(
    _ queue: any JobQueue, _ worker: WorkerID, count: Int = 9, lends: Bool = false, tiers: [TierName] = [.cpu],
    room: ResourceRequest = .unlimited
  ) async throws -> [Lease] {
    let request = LeaseRequest(
      worker: worker, tiers: tiers, count: count, room: room, dedication: Dedication(tenant: owner, lends: lends))
    return try await queue.lease(request, for: minute).leases
  }

  @Test(arguments: Backend.allCases)
  func aDedicatedWorkerTakesJobsOfItsTenantOnly(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let own = [QueuedJob.sample(of: owner, priority: 10), .sample(of: owner, priority: 90)]
      _ = try await queue.enqueue([.sample(of: other, priority: 100)] + own)
      let worker = WorkerID()
      #expect(try await lease(queue, worker).map(\.job.id) == [own[1].id, own[0].id])
      #expect(try await lease(queue, worker).isEmpty)
      // What it leaves is for others, and a tenant's jobs may run elsewhere, too.
      _ = try await queue.enqueue([.sample(of: owner)])
      let taken = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 9, for: minute).leases
      #expect(Set(taken.map(\.job.tenant)) == [owner, other])
    }
  }

  @Test(arguments: Backend.allCases)
  func aDedicatedWorkerLendsWhatItsTenantLeaves(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let mine = QueuedJob.sample(in: .sample(.gpu, class: 1), of: owner)
      _ = try await queue.enqueue([.sample(in: .sample(class: 9), of: other, priority: 100), mine])
      // Its tenant's go first, whatever the tier and the class.
      let leases = try await lease(queue, WorkerID(), lends: true, tiers: [.cpu, .gpu])
      #expect(leases.map(\.job.tenant) == [owner, other])
      #expect(leases.first?.job.id == mine.id)
    }
  }

  @Test(arguments: Backend.allCases)
  func ofOneTenantHigherClassesGoFirstAndGatesHold(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let low = QueuedJob.sample(in: .sample(class: 1), of: owner)
      let high = QueuedJob.sample(in: .sample(class: 5), of: owner)
      _ = try await queue.enqueue([low, high])
      try await queue.govern([.tenant(owner): GatePolicy(runningMax: 1)])
      let worker = WorkerID()
      let first = try await lease(queue, worker)
      #expect(first.map(\.job.id) == [high.id])
      #expect(try await lease(queue, worker).isEmpty)
      _ = try await queue.complete(first.map { AttemptResult(lease: $0.reference, report: []) })
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
      #expect(try await lease(queue, worker).map(\.job.id) == [low.id])
    }
  }

  /// A wake-up that went to a worker which may not take the job would be lost.
  @Test(arguments: Backend.allCases)
  func jobsOfOthersWakeOnlyWorkersThatTakeThem(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      // The emptiest worker is woken first: the dedicated ones come before the one that is for all.
      let (dedicated, lending, open) = (WorkerID(), WorkerID(), WorkerID())
      #expect(try await lease(queue, dedicated, count: 9).isEmpty)
      #expect(try await lease(queue, lending, count: 5, lends: true).isEmpty)
      #expect(try await queue.lease(worker: open, tiers: [.cpu], count: 1, for: minute).leases.isEmpty)
      _ = try await queue.enqueue((0..<6).map { _ in .sample(of: other) })
      #expect(try await queue.signals(for: dedicated, waitingUpTo: .zero).isEmpty)
      #expect(try await queue.signals(for: lending, waitingUpTo: .zero) == [.work])
      #expect(try await queue.signals(for: open, waitingUpTo: .zero) == [.work])
      _ = try await queue.enqueue([.sample(of: owner)])
      #expect(try await queue.signals(for: dedicated, waitingUpTo: .zero) == [.work])
      #expect(try await lease(queue, dedicated).map(\.job.tenant) == [owner])
    }
  }

  @Test(arguments: Backend.allCases)
  func noMoreDedicatedWorkersAreWokenThanTheirTenantHasJobs(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let workers = [WorkerID(), WorkerID(), WorkerID()]
      for worker in workers { #expect(try await lease(queue, worker, count: 2).isEmpty) }
      _ = try await queue.enqueue((0..<3).map { _ in .sample(of: owner) })
      var woken = 0
      for worker in workers { woken += try await queue.signals(for: worker, waitingUpTo: .zero).count }
      #expect(woken == 2)
    }
  }

  @Test(arguments: Backend.allCases)
  func aLookAtTheRoomTellsWhoseWorkersAre(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let workers = [WorkerID(), WorkerID(), WorkerID()]
      let room = ResourceRequest(cpuMillicores: 4_000, memoryBytes: 1 << 30, gpuThousandths: 0)
      _ = try await lease(queue, workers[0], room: room)
      _ = try await lease(queue, workers[1], lends: true, room: room)
      _ = try await queue.lease(LeaseRequest(worker: workers[2], tiers: [.cpu], count: 1, room: room), for: minute)
      let seen = try await queue.room().workers
      let dedications = workers.map { id in seen.first { $0.id == id }?.dedication }
      #expect(dedications == [Dedication(tenant: owner), Dedication(tenant: owner, lends: true), nil])
      #expect(seen.allSatisfy { $0.free == room })
    }
  }
}
