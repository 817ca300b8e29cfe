import StrataCore
import StrataQueue
import Testing

@Suite struct EndingConformanceTests {
  @Test(arguments: Backend.allCases)
  func aCompletedJobLeavesOneOutcome(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (job, worker) = (QueuedJob.sample(), WorkerID())
      _ = try await queue.enqueue([job])
      let started = clock.now
      let lease = try #require(try await queue.leaseOne(worker))
      clock.advance(.seconds(5))
      let result = AttemptResult(lease: lease.reference, report: [9, 0, 255])
      #expect(try await queue.complete([result, result]) == [.accepted, .stale])
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(
        outcome
          == QueuedOutcome(
            position: outcome.position, job: job.id, token: lease.token, attempt: 1, ending: .succeeded, isFinal: true,
            worker: worker, tier: .cpu, startedAt: started, endedAt: clock.now, report: [9, 0, 255]))
      #expect(try await queue.status(of: [job.id]) == [nil])
      try await queue.acknowledge([outcome.position])
      try await queue.acknowledge([outcome.position])
      #expect(try await queue.allOutcomes() == [])
      #expect(try await queue.census().outcomesPending == 0)
    }
  }

  @Test(arguments: Backend.allCases)
  func aWorkerEndsWhatIsDoneAndGetsMoreInOneStep(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (jobs, worker) = ((0..<4).map { _ in QueuedJob.sample() }, WorkerID())
      _ = try await queue.enqueue(jobs)
      let first = try await queue.lease(worker: worker, tiers: [.cpu], count: 2, for: minute).leases
      let other = try #require(try await queue.leaseOne(WorkerID()))
      // Another's lease, named twice or not, is not the worker's to end.
      let done = [first[0], other, first[1], first[0]].map { AttemptResult(lease: $0.reference, report: [7]) }
      let stranger = AttemptResult(
        lease: LeaseReference(job: other.job.id, worker: worker, token: other.token), report: [])
      let request = LeaseRequest(
        worker: worker, tiers: [.cpu], count: 3, completed: [done[0], done[2], done[0], stranger])
      let grant = try await queue.lease(request, for: minute)
      #expect(grant.verdicts == [.accepted, .accepted, .stale, .stale])
      #expect(grant.leases.map(\.job) == [jobs[3]])
      #expect(grant.leases[0].token > other.token)
      #expect(try await queue.allOutcomes().map(\.job) == [jobs[0].id, jobs[1].id])
      #expect(try await queue.complete([done[1]]) == [.accepted])
      // One that asks for nothing more only ends what it has.
      let last = LeaseRequest(
        worker: worker, tiers: [.cpu], count: 0,
        completed: grant.leases.map { AttemptResult(lease: $0.reference, report: []) })
      #expect(try await queue.lease(last, for: minute).verdicts == [.accepted])
      #expect(try await queue.census().tiers.isEmpty)
    }
  }

  @Test(arguments: Backend.allCases)
  func aRetryableFailureIsTriedAgainUntilTheAttemptsAreUsedUp(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue([.sample(attemptsMax: 2)])
      var tokens: [FencingToken] = []
      for attempt in 1...2 {
        let lease = try #require(try await queue.leaseOne(WorkerID()))
        #expect(lease.attempt == attempt)
        #expect(lease.job.attemptsMade == attempt - 1)
        tokens.append(lease.token)
        let failure = AttemptFailure(lease: lease.reference, ending: .failed, isRetryable: true, report: [])
        #expect(try await queue.fail([failure]) == [.accepted])
      }
      #expect(tokens[0] < tokens[1])
      #expect(try await queue.allOutcomes().map(\.isFinal) == [false, true])
      #expect(try await queue.leaseOne(WorkerID()) == nil)
    }
  }

  @Test(arguments: Backend.allCases)
  func aPermanentFailureFinishesTheJobAtOnce(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID()))
      _ = try await queue.fail([AttemptFailure(lease: lease.reference, ending: .failed, isRetryable: false, report: [])]
      )
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(outcome.ending == .failed && outcome.isFinal)
    }
  }

  @Test(arguments: Backend.allCases)
  func aStaleTokenChangesNothing(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let job = QueuedJob.sample()
      _ = try await queue.enqueue([job])
      let old = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.release([AttemptResult(lease: old, report: [])])
      let new = try #require(try await queue.leaseOne(WorkerID()))
      #expect(new.attempt == 1)
      #expect(try await queue.complete([AttemptResult(lease: old, report: [])]) == [.stale])
      #expect(try await queue.release([AttemptResult(lease: old, report: [])]) == [.stale])
      #expect(try await queue.progress([ProgressReport(lease: old, fraction: 0.5, log: [1])]) == [.stale])
      let failure = AttemptFailure(lease: old, ending: .failed, isRetryable: false, report: [])
      #expect(try await queue.fail([failure]) == [.stale])
      #expect(try await queue.log(of: job.id, from: 0) == [])
      #expect(try await queue.complete([AttemptResult(lease: new.reference, report: [])]) == [.accepted])
    }
  }

  @Test(arguments: Backend.allCases)
  func leasesOfAWorkerPastItsDeadlineEnd(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (job, last, worker) = (QueuedJob.sample(), QueuedJob.sample(attemptsMax: 1), WorkerID())
      _ = try await queue.enqueue([job, last])
      let grant = try await queue.lease(worker: worker, tiers: [.cpu], count: 2, for: minute)
      clock.advance(minute - .microseconds(1))
      #expect(try await queue.expire(limit: 10) == 0)
      clock.advance(.microseconds(1))
      #expect(try await queue.expire(limit: 1) == 1)
      #expect(try await queue.expire(limit: 10) == 1)
      #expect(try await queue.status(of: [job.id, last.id]) == [.ready(ahead: 0, attemptsMade: 1), nil])
      let outcomes = try await queue.allOutcomes()
      #expect(outcomes.map(\.ending) == [.expired, .expired])
      // Which of them ended first is not promised.
      #expect(Set(outcomes.filter(\.isFinal).map(\.job)) == [last.id])
      let reply = try await queue.heartbeat(worker: worker, held: grant.leases.map(\.reference), for: minute)
      #expect(!reply.wasKnown)
      #expect(reply.lost == [job.id, last.id])
    }
  }

  @Test(arguments: Backend.allCases)
  func aHeartbeatKeepsTheLeases(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(worker))
      clock.advance(.seconds(50))
      let reply = try await queue.heartbeat(worker: worker, held: [lease.reference], for: minute)
      #expect(reply == HeartbeatReply(deadline: clock.now + minute, wasKnown: true, lost: [], cancelRequested: []))
      clock.advance(.seconds(50))
      #expect(try await queue.expire(limit: 10) == 0)
      let other = try await queue.heartbeat(worker: WorkerID(), held: [lease.reference], for: minute)
      #expect(other.lost == [lease.job.id])
      #expect(!other.wasKnown)
    }
  }
}
