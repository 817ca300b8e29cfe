import StrataCore
import StrataQueue
import Testing

/// Priorities that change, and waiting that counts. Runs on every backend.
@Suite struct PriorityConformanceTests {
  /// Whatever jobs of a tenant need, the one of the higher priority goes first.
  @Test(arguments: Backend.allCases) func aTenantsPrioritiesHoldBetweenItsLanes(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let others = ["a", "b", "a", "c"].enumerated().map { place, capability in
        QueuedJob.sample(in: .sample(capability: capability), priority: [10, 90, 40, 60][place])
      }
      _ = try await queue.enqueue(others)
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 3, for: minute)
      // The answer has those of a lane together where they were granted one after the other.
      #expect(grant.leases.map(\.job) == [others[1], others[3], others[2]])
      #expect(try await queue.leaseOne(WorkerID())?.job == others[0])
    }
  }

  private func priority(_ value: Int) -> JobPriority { JobPriority(rawValue: value)! }

  @Test(arguments: Backend.allCases) func aWaitingJobMovesToItsNewPlace(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = (0..<3).map { _ in QueuedJob.sample() }
      _ = try await queue.enqueue(jobs)
      let told = try await queue.reprioritise([jobs[2].id: priority(60), jobs[0].id: priority(10)])
      #expect(told == [jobs[2].id: .moved, jobs[0].id: .moved])
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 3, for: minute).leases
      #expect(leases.map(\.job.id) == [jobs[2].id, jobs[1].id, jobs[0].id])
      #expect(leases.map(\.job.priority.rawValue) == [60, 50, 10])
    }
  }

  @Test(arguments: Backend.allCases) func onesThatRunOrWaitForTheirTimeHaveItLater(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (running, ordinary) = (QueuedJob.sample(), QueuedJob.sample())
      let delayed = QueuedJob.sample(notBefore: clock.now + .seconds(1))
      _ = try await queue.enqueue([running, ordinary, delayed])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      let told = try await queue.reprioritise([running.id: priority(40), delayed.id: priority(90)])
      #expect(told == [running.id: .running, delayed.id: .moved])
      _ = try await queue.release([AttemptResult(lease: lease.reference, report: [])])
      clock.advance(.seconds(1))
      _ = try await queue.promote(limit: 10)
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 3, for: minute).leases
      #expect(leases.map(\.job.id) == [delayed.id, ordinary.id, running.id])
    }
  }

  @Test(arguments: Backend.allCases) func jobsThatTheQueueDoesNotHoldAreSaidToBeUnknown(_ backend: Backend) async throws
  {
    try await withQueue(backend) { queue in
      let job = SampleIdentifiers.next()
      let told = [try await queue.reprioritise([job: priority(1)]), try await queue.reprioritise([:])]
      #expect(told == [[job: .unknown], [:]])
    }
  }

  /// Where a point of priority is worth a second, a job that is ten points less goes first once it is ten seconds older.
  @Test(arguments: Backend.allCases) func waitingCountsWhereItIsToldTo(_ backend: Backend) async throws {
    var policy = QueuePolicy()
    policy.priorityAgeing = .seconds(1)
    try await withQueue(backend) { queue in
      try await queue.tune(policy)
      func job(_ milliseconds: UInt64, _ priority: Int) -> QueuedJob {
        QueuedJob(
          id: JobID(high: (0x0190_0000_0000 + milliseconds) << 16 | 0x7000, low: 0x8000_0000_0000_0000 + milliseconds),
          tenant: .sample, lane: .sample(), priority: self.priority(priority), attemptsMax: 1, payload: [])
      }
      let (old, newer, newest) = (job(0, 40), job(9_999, 50), job(10_001, 50))
      _ = try await queue.enqueue([newest, newer, old])
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 3, for: minute).leases
      #expect(leases.map(\.job.id) == [newer.id, old.id, newest.id])
    }
  }

  @Test(arguments: Backend.allCases) func noClassStarvesWhereTheirPatienceIsLimited(_ backend: Backend) async throws {
    let clock = HeldClock()
    var policy = QueuePolicy()
    policy.classPatience = .seconds(10)
    try await withQueue(backend, clock: clock) { queue in
      try await queue.tune(policy)
      let (high, low) = (Lane.sample(class: 6), Lane.sample(class: 2))
      _ = try await queue.enqueue((0..<30).map { _ in .sample(in: high) } + (0..<5).map { _ in .sample(in: low) })
      var served: [Int] = []
      for _ in 0..<4 {
        let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 4, for: minute).leases
        served.append(leases.count { $0.job.lane == low })
        clock.advance(.seconds(5))
      }
      // One for every ten seconds, and no more.
      #expect(served == [0, 0, 1, 0])
    }
  }
}
