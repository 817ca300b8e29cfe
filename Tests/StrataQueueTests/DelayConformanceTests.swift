import StrataCore
import StrataQueue
import Testing

/// Jobs that wait for their time. Runs on every backend.
@Suite struct DelayConformanceTests {
  @Test(arguments: Backend.allCases) func aDelayedJobWaitsUntilItIsDue(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let due = clock.now + .seconds(30)
      let job = QueuedJob.sample(notBefore: due)
      let verdicts = [try await queue.enqueue([job]), try await queue.enqueue([job])]
      #expect(verdicts == [[.enqueued], [.alreadyHeld]])
      #expect(try await queue.status(of: [job.id]) == [.delayed(until: due, attemptsMade: 0)])
      #expect(try await queue.census().delayed == 1)
      #expect(try await queue.leaseOne(WorkerID()) == nil)
      clock.advance(.seconds(29))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, nextDue: due))
      clock.advance(.seconds(1))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 1, nextDue: nil))
      #expect(try await queue.leaseOne(WorkerID())?.job.id == job.id)
    }
  }

  @Test(arguments: Backend.allCases) func idleWorkersAreWokenByAPromotion(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let worker = WorkerID()
      #expect(try await queue.leaseOne(worker) == nil)
      _ = try await queue.enqueue([.sample(notBefore: clock.now + .seconds(1))])
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero).isEmpty)
      clock.advance(.seconds(1))
      _ = try await queue.promote(limit: 10)
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
    }
  }

  @Test(arguments: Backend.allCases) func whoPromotesIsToldOfAnEarlierJob(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      func delay(_ seconds: Int64) async throws -> Bool {
        _ = try await queue.enqueue([.sample(notBefore: clock.now + .seconds(seconds))])
        return try await queue.dueSignal(waitingUpTo: .zero)
      }
      let isTold = [try await delay(60), try await delay(90), try await delay(30)]
      #expect(isTold == [true, false, true])
      #expect(try await queue.promote(limit: 1).nextDue == clock.now + .seconds(30))
    }
  }

  @Test(arguments: Backend.allCases) func aFailureIsTriedAgainAfterItsDelay(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let job = QueuedJob.sample()
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      let failure = AttemptFailure(
        lease: lease.reference, ending: .failed, isRetryable: true, retryDelay: .seconds(5), report: [])
      #expect(try await queue.fail([failure]) == [.accepted])
      #expect(try await queue.status(of: [job.id]) == [.delayed(until: clock.now + .seconds(5), attemptsMade: 1)])
      #expect(try await queue.allOutcomes().map(\.isFinal) == [false])
      #expect(try await queue.leaseOne(WorkerID()) == nil)
      clock.advance(.seconds(5))
      #expect(try await queue.promote(limit: 10).count == 1)
      #expect(try await queue.leaseOne(WorkerID())?.attempt == 2)
    }
  }

  @Test(arguments: Backend.allCases) func aDelayedJobIsCancelledAndForgotten(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let jobs = (0..<2).map { _ in QueuedJob.sample(notBefore: clock.now + .seconds(5)) }
      _ = try await queue.enqueue(jobs)
      #expect(try await queue.cancel([jobs[0].id]) == [.removed])
      try await queue.forget([jobs[1].id])
      #expect(try await queue.census().delayed == 0)
      #expect(try await queue.allOutcomes().map(\.job) == [jobs[0].id])
      clock.advance(.seconds(5))
      #expect(try await queue.promote(limit: 10).count == 0)
    }
  }

  /// A job whose attempts end with the loss of their worker again and again may be what kills it.
  @Test(arguments: Backend.allCases) func aJobThatKillsItsWorkersIsStopped(_ backend: Backend) async throws {
    let clock = HeldClock()
    var limits = QueueLimits()
    limits.workerLossesMax = 2
    try await withQueue(backend, clock: clock, limits: limits) { queue in
      let job = QueuedJob.sample(attemptsMax: 20)
      _ = try await queue.enqueue([job])
      for isLast in [false, true] {
        #expect(try await queue.leaseOne(WorkerID()) != nil)
        clock.advance(.seconds(61))
        #expect(try await queue.expire(limit: 10) == 1)
        #expect(try await queue.allOutcomes().last?.isFinal == isLast)
      }
      #expect(try await queue.status(of: [job.id]) == [nil])
    }
  }
}

/// What a wall clock that is set back puts off, and what it must not.
@Suite struct RewindConformanceTests {
  @Test(arguments: Backend.allCases) func whatWasToHappenAWhileLaterStillDoes(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let worker = WorkerID()
      let retried = QueuedJob.sample()
      _ = try await queue.enqueue([retried])
      // The clock is an hour ahead: an attempt fails, and its worker is not heard of again.
      clock.advance(.seconds(3_600))
      let lease = try #require(
        try await queue.lease(worker: worker, tiers: [.cpu], count: 1, for: .seconds(10)).leases.first)
      _ = try await queue.fail([
        AttemptFailure(
          lease: lease.reference, ending: .failed, isRetryable: true, retryDelay: .seconds(30), report: [])
      ])
      let named = QueuedJob.sample(notBefore: clock.now + .seconds(100))
      _ = try await queue.enqueue([named])
      clock.advance(.seconds(-3_600))
      #expect(try await queue.rewind(by: .seconds(3_600), within: .seconds(5)) == 2)
      #expect(try await queue.rewind(by: .seconds(3_600), within: .seconds(5)) == 0)
      clock.advance(.seconds(29))
      #expect(try await queue.promote(limit: 10).count == 0)
      clock.advance(.seconds(1))
      #expect(try await queue.promote(limit: 10).count == 1)
      // What waits for an instant goes on to.
      #expect(try await queue.promote(limit: 10).nextDue == named.notBefore)
      #expect(try await queue.census().workers.map(\.deadline).allSatisfy { $0 <= clock.now })
    }
  }

  /// Nobody was there to end the leases of a dead worker when they were over, and the clock was set back a while later.
  @Test(arguments: Backend.allCases) func leasesThatWereOverBeforeEndAllTheSame(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      clock.advance(.seconds(3_600))
      _ = try await queue.enqueue([.sample()])
      _ = try #require(
        try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 1, for: .seconds(10)).leases.first)
      clock.advance(.seconds(60))
      clock.advance(.seconds(-3_600))
      #expect(try await queue.rewind(by: .seconds(3_600), within: .seconds(5)) == 1)
      #expect(try await queue.expire(limit: 10) == 1)
    }
  }

  /// Nobody was there to see to it when its wait was over, nor when the clock was set back.
  @Test(arguments: Backend.allCases) func aWaitThatWasOverBeforeIsOver(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      clock.advance(.seconds(86_400))
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      _ = try await queue.fail([
        AttemptFailure(lease: lease.reference, ending: .failed, isRetryable: true, retryDelay: .seconds(1), report: [])
      ])
      clock.advance(.seconds(20))
      clock.advance(.seconds(-86_400))
      #expect(try await queue.rewind(by: .seconds(86_400), within: .seconds(60)) == 2)
      #expect(try await queue.promote(limit: 10).count == 1)
    }
  }

  @Test(arguments: Backend.allCases) func whatWasSetByTheClockOfNowStays(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      _ = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 1, for: .seconds(10))
      #expect(try await queue.rewind(by: .seconds(3_600), within: .seconds(5)) == 0)
      let worker = WorkerID()
      _ = try await queue.enqueue([.sample()])
      _ = try #require(try await queue.leaseOne(worker))
      let seen = clock.now
      clock.advance(.seconds(-60))
      let time = try await queue.time()
      #expect(time.now == clock.now && time.latest >= seen && time.latest <= seen + .seconds(2))
    }
  }

  /// More than one page, of which most wait for an instant.
  @Test(arguments: Backend.allCases) func everyWaitIsFound(_ backend: Backend) async throws {
    let clock = HeldClock()
    var limits = QueueLimits()
    limits.batchMax = 10
    try await withQueue(backend, clock: clock, limits: limits) { queue in
      clock.advance(.seconds(86_400))
      let due = clock.now + .seconds(1)
      _ = try await queue.enqueue((0..<35).map { _ in .sample(notBefore: due) })
      _ = try await queue.enqueue((0..<25).map { _ in .sample() })
      let leases = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 25, for: .seconds(10)).leases
      _ = try await queue.fail(
        leases.map {
          AttemptFailure(lease: $0.reference, ending: .failed, isRetryable: true, retryDelay: .seconds(30), report: [])
        })
      clock.advance(.seconds(-86_400))
      #expect(try await queue.rewind(by: .seconds(86_400), within: .seconds(5)) == 26)
      clock.advance(.seconds(30))
      #expect(try await queue.promote(limit: 100).count == 25)
      #expect(try await queue.promote(limit: 100).nextDue == due)
    }
  }

  /// What was set before the clock was ahead, and is due before the time that it showed then, is not touched.
  @Test(arguments: Backend.allCases) func whatIsDueBeforeStays(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      let failure = AttemptFailure(
        lease: lease.reference, ending: .failed, isRetryable: true, retryDelay: .seconds(3_000), report: [])
      _ = try await queue.fail([failure])
      let due = clock.now + .seconds(3_000)
      #expect(try await queue.rewind(by: .seconds(3_600), within: .seconds(5)) == 0)
      #expect(try await queue.promote(limit: 10).nextDue == due)
    }
  }
}
