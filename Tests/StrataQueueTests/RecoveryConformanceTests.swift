import StrataCore
import StrataQueue
import Testing

@Suite struct RecoveryConformanceTests {
  @Test(arguments: Backend.allCases)
  func withoutAGenerationNobodyWorks(_ backend: Backend) async throws {
    try await withQueue(backend, isInstalled: false) { queue in
      let (worker, job) = (WorkerID(), QueuedJob.sample())
      let lease = LeaseReference(job: job.id, worker: WorkerID(), token: FencingToken(rawValue: 1))
      let generation = try await queue.generation()
      #expect(generation == nil)
      await #expect(throws: QueueError.lost) { _ = try await queue.enqueue([job]) }
      await #expect(throws: QueueError.lost) { _ = try await queue.leaseOne(worker) }
      await #expect(throws: QueueError.lost) { _ = try await queue.heartbeat(worker: worker, held: [], for: minute) }
      await #expect(throws: QueueError.lost) { _ = try await queue.progress([ProgressReport(lease: lease)]) }
      await #expect(throws: QueueError.lost) { _ = try await queue.complete([.init(lease: lease, report: [])]) }
      await #expect(throws: QueueError.lost) { _ = try await queue.release([.init(lease: lease, report: [])]) }
      await #expect(throws: QueueError.lost) {
        _ = try await queue.fail([.init(lease: lease, ending: .failed, isRetryable: true, report: [])])
      }
      await #expect(throws: QueueError.lost) { _ = try await queue.cancel([job.id]) }
      await #expect(throws: QueueError.lost) { _ = try await queue.expire(limit: 1) }
      await #expect(throws: QueueError.lost) { _ = try await queue.status(of: [job.id]) }
      await #expect(throws: QueueError.lost) { _ = try await queue.census() }
    }
  }

  @Test(arguments: Backend.allCases)
  func aRestoredQueueWorksOnceInstalled(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock, isInstalled: false) { queue in
      let jobs = [QueuedJob.sample(), .sample()]
      #expect(try await queue.restore(jobs) == [.enqueued, .enqueued])
      #expect(try await queue.page(after: nil, limit: 10).jobs.sorted() == jobs.map(\.id))
      let floor = FencingToken(rawValue: UInt64(clock.now.microseconds) + 1_000_000)
      try await queue.install(generation: 18_000_000_000_000_000_000, tokenFloor: floor)
      let generation = try await queue.generation()
      #expect(generation == 18_000_000_000_000_000_000)
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      #expect(lease.token > floor)
      #expect(lease.job == jobs[0])
    }
  }

  @Test(arguments: Backend.allCases)
  func forgottenJobsAreGoneWithoutAnOutcome(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = [QueuedJob.sample(), .sample()]
      _ = try await queue.enqueue(jobs)
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      try await queue.forget(jobs.map(\.id) + [JobID()])
      #expect(try await queue.status(of: jobs.map(\.id)) == [nil, nil])
      #expect(try await queue.complete([AttemptResult(lease: lease, report: [])]) == [.stale])
      #expect(try await queue.allOutcomes() == [])
      #expect(try await queue.census().tiers == [:])
    }
  }
}
