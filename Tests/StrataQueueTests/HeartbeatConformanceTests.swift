import StrataCore
import StrataQueue
import Testing

/// Leases that their worker does not name go back: the answer that granted them was lost.
@Suite struct HeartbeatConformanceTests {
  @Test(arguments: Backend.allCases) func theLeasesOfADeadWorkerEndAtOnce(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (dead, living) = (WorkerID(), WorkerID())
      _ = try await queue.enqueue([.sample(), .sample()])
      let lost = try #require(try await queue.leaseOne(dead))
      _ = try #require(try await queue.leaseOne(living))
      #expect(try await queue.noteDead([]) == 0)
      #expect(try await queue.noteDead([dead, WorkerID()]) == 1)
      #expect(try await queue.noteDead([dead]) == 0)
      #expect(try await queue.expire(limit: 10) == 1)
      #expect(try await queue.status(of: [lost.job.id]) == [.ready(ahead: 0, attemptsMade: 1)])
      // One that was thought dead has lost its lease, and may go on.
      #expect(try await queue.complete([AttemptResult(lease: lost.reference, report: [])]) == [.stale])
      #expect(try await queue.leaseOne(dead)?.attempt == 2)
    }
  }

  @Test(arguments: Backend.allCases)
  func whatAHeartbeatDoesNotNameIsReadyAgainAtItsOldPlace(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (jobs, worker) = ([QueuedJob.sample(), .sample(), .sample(), .sample()], WorkerID())
      _ = try await queue.enqueue(jobs)
      let leases = try await queue.lease(worker: worker, tiers: [.cpu], count: 3, for: minute).leases
      clock.advance(.seconds(5))
      let reply = try await queue.heartbeat(worker: worker, held: [leases[1].reference], for: minute)
      // It was granted what it does not know of: whether it waits for work, it may not know either.
      #expect(reply == HeartbeatReply(deadline: clock.now + minute, wasKnown: false, lost: [], cancelRequested: []))
      let outcomes = try await queue.allOutcomes()
      #expect(outcomes.map(\.job) == [jobs[0].id, jobs[2].id])
      #expect(outcomes.map(\.token) == [leases[0].token, leases[2].token])
      #expect(
        outcomes.allSatisfy { $0.ending == .released && !$0.isFinal && $0.endedAt == clock.now && $0.report == [] })
      let again = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 9, for: minute).leases
      #expect(again.map(\.job) == [jobs[0], jobs[2], jobs[3]])
      #expect(again.map(\.attempt) == [1, 1, 1])
      #expect(try await queue.complete([AttemptResult(lease: leases[0].reference, report: [])]) == [.stale])
      #expect(try await queue.complete([AttemptResult(lease: leases[1].reference, report: [])]) == [.accepted])
    }
  }

  @Test(arguments: Backend.allCases)
  func aRepeatedLeaseCallLeaksNothing(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (jobs, worker) = ([QueuedJob.sample(), .sample()], WorkerID())
      _ = try await queue.enqueue(jobs)
      let unseen = try #require(try await queue.leaseOne(worker))
      let seen = try #require(try await queue.leaseOne(worker))
      _ = try await queue.heartbeat(worker: worker, held: [seen.reference], for: minute)
      #expect(try await queue.status(of: [unseen.job.id]) == [.ready(ahead: 0, attemptsMade: 0)])
      #expect(try await queue.census().workers.map(\.leases) == [1])
      // The same worker may get it again; the unseen lease is not the new one.
      let again = try #require(try await queue.leaseOne(worker))
      #expect(again.job == unseen.job && again.token > unseen.token)
      let held = [seen.reference, unseen.reference]
      let reply = try await queue.heartbeat(worker: worker, held: held, for: minute)
      #expect(reply.lost == [unseen.job.id])
      #expect(try await queue.complete([AttemptResult(lease: again.reference, report: [])]) == [.stale])
    }
  }

  @Test(arguments: Backend.allCases)
  func aCancelledLeaseThatIsNotNamedIsFinished(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(worker))
      _ = try await queue.cancel([lease.job.id])
      _ = try await queue.heartbeat(worker: worker, held: [], for: minute)
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(outcome.ending == .cancelled && outcome.isFinal && outcome.attempt == 1)
      #expect(try await queue.status(of: [lease.job.id]) == [nil])
    }
  }

  @Test(arguments: Backend.allCases)
  func idleWorkersAreWokenByWhatIsTakenBack(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (worker, idle) = (WorkerID(), WorkerID())
      _ = try await queue.enqueue([.sample()])
      _ = try await queue.leaseOne(worker)
      _ = try await queue.leaseOne(idle)
      async let signals = queue.signals(for: idle, waitingUpTo: minute)
      _ = try await queue.heartbeat(worker: worker, held: [], for: minute)
      #expect(try await signals == [.work])
      #expect(try await queue.leaseOne(idle) != nil)
    }
  }

  @Test(arguments: Backend.allCases)
  func oneHeartbeatNamesMoreThanABatch(_ backend: Backend) async throws {
    var limits = QueueLimits()
    limits.batchMax = 1_000
    try await withQueue(backend, limits: limits) { queue in
      let (worker, other) = (WorkerID(), WorkerID())
      _ = try await queue.enqueue((0..<2_500).map { _ in .sample() })
      var held: [LeaseReference] = []
      for count in [1_000, 1_000, 500] {
        held += try await queue.lease(worker: worker, tiers: [.cpu], count: count, for: minute).leases.map(\.reference)
      }
      let reply = try await queue.heartbeat(worker: worker, held: held, for: minute)
      #expect(reply.lost == [])
      #expect(try await queue.leaseOne(other) == nil)
      _ = try await queue.heartbeat(worker: worker, held: Array(held.dropFirst()), for: minute)
      #expect(try await queue.leaseOne(other)?.job.id == held[0].job)
    }
  }

  /// It is known until the worker is not, and one that says nothing leaves it.
  @Test(arguments: Backend.allCases) func aWorkerSaysWhereItIs(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (worker, other) = (WorkerID(), WorkerID())
      _ = try await queue.heartbeat(worker: worker, held: [], for: minute, place: "build-3:4711")
      _ = try await queue.heartbeat(worker: other, held: [], for: minute)
      _ = try await queue.heartbeat(worker: worker, held: [], for: minute)
      let places = try await queue.running().reduce(into: [:]) { $0[$1.id] = $1.place ?? "-" }
      #expect(places == [worker: "build-3:4711", other: "-"])
      await #expect(throws: QueueError.self) {
        _ = try await queue.heartbeat(
          worker: worker, held: [], for: minute, place: String(repeating: "x", count: 256))
      }
      clock.advance(minute + minute)
      _ = try await queue.expire(limit: 10)
      _ = try await queue.heartbeat(worker: worker, held: [], for: minute)
      #expect(try await queue.running().map(\.place) == [nil], "what was forgotten is not known any more")
    }
  }
}
