import StrataCore
import StrataQueue
import Testing

@Suite struct OrderConformanceTests {
  @Test(arguments: Backend.allCases)
  func higherPriorityGoesFirstThenEarlierAcceptance(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = [20, 90, 50, 90, 20].map { QueuedJob.sample(priority: $0) }
      #expect(try await queue.enqueue(jobs.reversed()) == Array(repeating: .enqueued, count: 5))
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 9, for: minute)
      #expect(grant.leases.map(\.job.id) == [1, 3, 2, 0, 4].map { jobs[$0].id })
    }
  }

  @Test(arguments: Backend.allCases)
  func tiersAreTakenInTheOrderAskedForAndNoOthers(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let other = try #require(TierName(rawValue: "gpu-high"))
      let jobs = [QueuedJob.sample(.cpu), .sample(.gpu), .sample(other)]
      _ = try await queue.enqueue(jobs)
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.gpu, .cpu], count: 9, for: minute)
      #expect(grant.leases.map(\.job.id) == [jobs[1].id, jobs[0].id])
      #expect(
        try await queue.census().tiers == [.cpu: .init(leased: 1), .gpu: .init(leased: 1), other: .init(ready: 1)])
    }
  }

  @Test(arguments: Backend.allCases)
  func aJobComesBackToItsOldPlace(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = [QueuedJob.sample(), .sample(), .sample()]
      _ = try await queue.enqueue(jobs)
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      _ = try await queue.release([AttemptResult(lease: lease.reference, report: [])])
      #expect(try await queue.status(of: jobs.map(\.id)) == (0..<3).map { .ready(ahead: $0, attemptsMade: 0) })
    }
  }

  @Test(arguments: Backend.allCases)
  func repeatingAnEnqueueIsHarmless(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let job = QueuedJob.sample()
      #expect(try await queue.enqueue([job, job]) == [.enqueued, .alreadyHeld])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      #expect(lease.job == job)
      #expect(try await queue.enqueue([job]) == [.alreadyHeld])
      #expect(try await queue.leaseOne(WorkerID()) == nil)
    }
  }

  @Test(arguments: Backend.allCases)
  func batchesOverTheLimitOfOneCallAreSplit(_ backend: Backend) async throws {
    var limits = QueueLimits()
    limits.batchMax = 3
    try await withQueue(backend, limits: limits) { queue in
      let jobs = (0..<10).map { _ in QueuedJob.sample() }
      #expect(try await queue.enqueue(jobs).count == 10)
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 20, for: minute)
      #expect(grant.leases.map(\.job) == jobs)
      #expect(Set(grant.leases.map(\.reference)).count == 10)
      let verdicts = try await queue.complete(grant.leases.map { AttemptResult(lease: $0.reference, report: [7]) })
      #expect(verdicts == Array(repeating: .accepted, count: 10))
      #expect(try await queue.allOutcomes().map(\.job) == jobs.map(\.id))
    }
  }

  @Test(arguments: Backend.allCases)
  func aPageWalkSeesEveryJob(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = (0..<700).map { _ in QueuedJob.sample(payload: Array(repeating: 1, count: 80)) }
      _ = try await queue.enqueue(jobs)
      var seen: Set<JobID> = []
      var cursor: UInt64?
      repeat {
        let page = try await queue.page(after: cursor, limit: 50)
        seen.formUnion(page.jobs)
        cursor = page.next
      } while cursor != nil
      #expect(seen == Set(jobs.map(\.id)))
    }
  }
}
