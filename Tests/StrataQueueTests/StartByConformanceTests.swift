import StrataCore
import StrataQueue
import Testing

/// Jobs that are worth nothing unless they start in time. Runs on every backend.
@Suite struct StartByConformanceTests {
  private func job(startBy: Timestamp, notBefore: Timestamp? = nil) -> QueuedJob {
    QueuedJob(
      id: SampleIdentifiers.next(), tenant: .sample, lane: .sample(), attemptsMax: 3, notBefore: notBefore,
      startBy: startBy, payload: [])
  }

  @Test(arguments: Backend.allCases) func aJobThatDidNotStartInTimeIsFinished(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let end = clock.now + .seconds(5)
      let jobs = [job(startBy: end), job(startBy: end, notBefore: clock.now + .seconds(60))]
      _ = try await queue.enqueue(jobs)
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, nextDue: end))
      clock.advance(.seconds(5))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, expired: 2, nextDue: nil))
      let outcomes = try await queue.allOutcomes()
      #expect(outcomes.map(\.job) == jobs.map(\.id))
      #expect(outcomes.allSatisfy { $0.ending == .expired && $0.isFinal && $0.attempt == 0 && $0.worker == nil })
      #expect(try await queue.status(of: jobs.map(\.id)) == [nil, nil])
      #expect(try await queue.census().lanes.isEmpty)
      #expect(try await queue.leaseOne(WorkerID()) == nil)
    }
  }

  @Test(arguments: Backend.allCases) func oneThatStartedGoesOnAndIsTriedAgain(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let job = job(startBy: clock.now + .seconds(5))
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      clock.advance(.seconds(6))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, timers: 1, nextDue: nil))
      let failure = AttemptFailure(lease: lease.reference, ending: .failed, isRetryable: true, report: [])
      #expect(try await queue.fail([failure]) == [.accepted])
      #expect(try await queue.promote(limit: 10).expired == 0)
      #expect(try await queue.leaseOne(WorkerID())?.job.id == job.id)
    }
  }

  @Test(arguments: Backend.allCases) func oneThatWasHandedBackHasToStartStill(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      _ = try await queue.enqueue([job(startBy: clock.now + .seconds(5))])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      _ = try await queue.release([AttemptResult(lease: lease.reference, report: [])])
      clock.advance(.seconds(5))
      #expect(try await queue.promote(limit: 10).expired == 1)
    }
  }

  /// Each is told of twice, which is more than one number of the logs has places for.
  @Test(arguments: Backend.allCases) func manyThatAreHandedBackTooLateAreAllTold(_ backend: Backend) async throws {
    let clock = HeldClock()
    var limits = QueueLimits()
    limits.batchMax = 1_000
    try await withQueue(backend, clock: clock, limits: limits, isInstalled: false) { queue in
      // Numbers are ahead of the clock: that of a call is one more than the last.
      let floor = UInt64(clock.now.microseconds) + 1_000_000_000_000
      try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: floor))
      let last = QueuedJob.sample(priority: 1)
      _ = try await queue.enqueue((0..<600).map { _ in job(startBy: clock.now + .seconds(5)) } + [last])
      let late = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 600, for: minute).leases
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      #expect(late.count == 600 && lease.job.id == last.id)
      clock.advance(.seconds(5))
      _ = try await queue.promote(limit: 1_000)
      let released = try await queue.release(late.map { AttemptResult(lease: $0.reference, report: []) })
      #expect(released.allSatisfy { $0 == .accepted })
      #expect(try await queue.complete([AttemptResult(lease: lease.reference, report: [])]) == [.accepted])
      let outcomes = try await queue.outcomes(after: nil, limit: 2_000, waitingUpTo: .zero)
      #expect(outcomes.count == 1_201 && outcomes.last?.job == last.id)
    }
  }

  /// It was nobody's attempt: the time for one is over.
  @Test(arguments: Backend.allCases) func oneThatIsHandedBackTooLateIsFinished(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let job = job(startBy: clock.now + .seconds(5))
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      clock.advance(.seconds(6))
      #expect(try await queue.promote(limit: 10).expired == 0)
      #expect(try await queue.release([AttemptResult(lease: lease.reference, report: [])]) == [.accepted])
      let outcomes = try await queue.allOutcomes()
      #expect(outcomes.map(\.ending) == [.released, .expired] && outcomes.map(\.isFinal) == [false, true])
      #expect(outcomes.map(\.attempt) == [1, 0])
      #expect(try await queue.status(of: [job.id]) == [nil])
      #expect(try await queue.census().lanes.isEmpty)
    }
  }

  /// Else every finished job would leave its timer behind.
  @Test(arguments: Backend.allCases) func whatHasEndedLeavesNoTimer(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let jobs = (0..<4).map { _ in job(startBy: clock.now + .seconds(500)) }
      _ = try await queue.enqueue(jobs)
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 2, for: minute).leases
      _ = try await queue.complete([AttemptResult(lease: leases[0].reference, report: [])])
      try await queue.forget([leases[1].job.id, jobs[3].id])
      _ = try await queue.cancel([jobs[2].id])
      #expect(try await queue.promote(limit: 10).nextDue == nil)
    }
  }
}
