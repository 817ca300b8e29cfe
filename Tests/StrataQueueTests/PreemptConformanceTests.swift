import StrataCore
import StrataQueue
import Testing

/// Jobs that are ended so that others of higher classes have their room. Runs on every backend.
@Suite struct PreemptConformanceTests {
  private func job(isPreemptible: Bool = true, class rank: Int = 2, startBy: Timestamp? = nil) -> QueuedJob {
    QueuedJob(
      id: SampleIdentifiers.next(), tenant: .sample, lane: .sample(class: rank), attemptsMax: 3, startBy: startBy,
      isPreemptible: isPreemptible, payload: [])
  }

  private func preemption(of lease: LeaseReference, class rank: Int = 7) -> Preemption {
    Preemption(lease: lease, preemptor: PriorityClass(rawValue: rank)!)
  }

  @Test(arguments: Backend.allCases) func itsWorkerIsToldAndItsHeartbeatSaysSoToo(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([job()])
      let lease = try #require(try await queue.leaseOne(worker))
      #expect(lease.job.isPreemptible)
      let asked = [preemption(of: lease.reference)]
      #expect(try await queue.preempt(asked) == [.signalled])
      #expect(try await queue.preempt(asked) == [.signalled])
      #expect(try await queue.signals(for: worker, waitingUpTo: minute) == [.preempt(lease.job.id)])
      let reply = try await queue.heartbeat(worker: worker, held: [lease.reference], for: minute)
      #expect(reply.preempted == [lease.job.id] && reply.cancelRequested == [] && reply.lost == [])
      guard case .leased(let status)? = try await queue.status(of: [lease.job.id])[0] else {
        Issue.record("the job is not leased")
        return
      }
      #expect(status.preemptor == PriorityClass(rawValue: 7))
    }
  }

  @Test(arguments: Backend.allCases) func onlyWhatMayBePreemptedIsAndForHigherClassesOnly(_ backend: Backend)
    async throws
  {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([job(isPreemptible: false)])
      let firm = try #require(try await queue.leaseOne(worker)).reference
      _ = try await queue.enqueue([job()])
      let soft = try #require(try await queue.leaseOne(worker)).reference
      let asked = [preemption(of: firm), preemption(of: soft, class: 2), preemption(of: soft, class: 1)]
      #expect(try await queue.preempt(asked) == [.refused, .refused, .stale])
      #expect(try await queue.preempt([preemption(of: soft, class: 1)]) == [.refused])
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [])
    }
  }

  /// What was decided of one attempt must not end the next.
  @Test(arguments: Backend.allCases) func aLaterAttemptIsNotHit(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([job()])
      let before = try #require(try await queue.leaseOne(worker)).reference
      _ = try await queue.release([AttemptResult(lease: before, report: [])])
      let after = try #require(try await queue.leaseOne(worker)).reference
      let elsewhere = LeaseReference(job: after.job, worker: WorkerID(), token: after.token)
      #expect(try await queue.preempt([preemption(of: before), preemption(of: elsewhere)]) == [.stale, .stale])
      #expect(try await queue.heartbeat(worker: worker, held: [after], for: minute).preempted == [])
    }
  }

  @Test(arguments: Backend.allCases) func itReturnsToItsPlaceAndTheAttemptDoesNotCount(_ backend: Backend) async throws
  {
    try await withQueue(backend) { queue in
      let (worker, jobs) = (WorkerID(), [job(), job()])
      _ = try await queue.enqueue(jobs)
      let lease = try #require(try await queue.leaseOne(worker)).reference
      _ = try await queue.preempt([preemption(of: lease)])
      let start = try #require(
        try await queue.events(after: OutcomePosition(milliseconds: 0, sequence: 0), limit: 9, waitingUpTo: .zero).last)
      #expect(try await queue.release([AttemptResult(lease: lease, report: [7])]) == [.accepted])
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(outcome.ending == .preempted && outcome.preemptor?.rawValue == 7 && !outcome.isFinal)
      #expect(outcome.attempt == 1 && outcome.report == [7])
      let events = try await queue.events(after: start.position, limit: 9, waitingUpTo: .zero)
      #expect(events.map(\.kind) == [.preempted(for: PriorityClass(rawValue: 7)!)])
      #expect(try await queue.status(of: [jobs[0].id]) == [.ready(ahead: 0, attemptsMade: 0)])
      let again = try #require(try await queue.leaseOne(worker))
      #expect(again.job.id == jobs[0].id && again.attempt == 1 && again.job.isPreemptible)
      #expect(try await queue.heartbeat(worker: worker, held: [again.reference], for: minute).preempted == [])
    }
  }

  @Test(arguments: Backend.allCases) func whoNeedsItsRoomGetsItBeforeItReturns(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let (worker, low, high) = (WorkerID(), job(), job(class: 7))
      _ = try await queue.enqueue([low])
      let lease = try #require(try await queue.leaseOne(worker)).reference
      _ = try await queue.enqueue([high])
      _ = try await queue.preempt([preemption(of: lease)])
      _ = try await queue.release([AttemptResult(lease: lease, report: [])])
      #expect(try await queue.leaseOne(worker)?.job.id == high.id)
      #expect(try await queue.leaseOne(worker)?.job.id == low.id)
    }
  }

  @Test(arguments: Backend.allCases) func oneThatItsOwnerCancelsMeanwhileIsCancelled(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([job()])
      let lease = try #require(try await queue.leaseOne(worker)).reference
      _ = try await queue.preempt([preemption(of: lease)])
      #expect(try await queue.cancel([lease.job]) == [.signalled])
      let reply = try await queue.heartbeat(worker: worker, held: [lease], for: minute)
      #expect(reply.cancelRequested == [lease.job] && reply.preempted == [])
      _ = try await queue.release([AttemptResult(lease: lease, report: [])])
      let outcome = try #require(try await queue.allOutcomes().first)
      #expect(outcome.ending == .cancelled && outcome.isFinal && outcome.preemptor == nil)
      #expect(try await queue.status(of: [lease.job]) == [nil])
    }
  }

  @Test(arguments: Backend.allCases) func oneThatIsCancelledIsNotPreemptedToo(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue([job()])
      let lease = try #require(try await queue.leaseOne(worker)).reference
      _ = try await queue.cancel([lease.job])
      #expect(try await queue.preempt([preemption(of: lease)]) == [.signalled])
      #expect(try await queue.signals(for: worker, waitingUpTo: minute) == [.cancel(lease.job)])
    }
  }

  @Test(arguments: Backend.allCases) func aSuccessThatCrossesAPreemptionStands(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      _ = try await queue.enqueue([job()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.preempt([preemption(of: lease)])
      #expect(try await queue.complete([AttemptResult(lease: lease, report: [])]) == [.accepted])
      #expect(try await queue.allOutcomes().map(\.ending) == [.succeeded])
    }
  }

  /// It had started: being preempted must not make it fail for not having.
  @Test(arguments: Backend.allCases, [false, true])
  func aJobThatHadStartedInTimeIsNotLateOnceItIsPreempted(_ backend: Backend, _ isOver: Bool) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let job = job(startBy: clock.now + .seconds(5))
      _ = try await queue.enqueue([job])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.preempt([preemption(of: lease)])
      if isOver {
        clock.advance(.seconds(6))
        #expect(try await queue.promote(limit: 10).expired == 0)
      }
      _ = try await queue.release([AttemptResult(lease: lease, report: [])])
      clock.advance(.seconds(6))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, nextDue: nil))
      #expect(try await queue.leaseOne(WorkerID())?.job.id == job.id)
    }
  }

  @Test(arguments: Backend.allCases) func aWorkerThatIsLostIsLostAllTheSame(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      _ = try await queue.enqueue([job()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.preempt([preemption(of: lease)])
      clock.advance(minute)
      #expect(try await queue.expire(limit: 10) == 1)
      #expect(try await queue.status(of: [lease.job]) == [.ready(ahead: 0, attemptsMade: 1)])
    }
  }

  @Test(arguments: Backend.allCases) func whatRunsIsToldWithWhatWorkersCouldRun(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (worker, jobs) = (WorkerID(), [job(), job(isPreemptible: false)])
      _ = try await queue.enqueue(jobs)
      let room = ResourceRequest(cpuMillicores: 3_000, memoryBytes: 8 << 30)
      let request = LeaseRequest(worker: worker, tiers: [.cpu, .gpu], count: 3, room: room)
      let leases = try await queue.lease(request, for: minute).leases
      _ = try await queue.preempt([preemption(of: leases[0].reference)])
      let load = try #require(try await queue.running().first)
      #expect(load.id == worker && load.deadline == clock.now + minute)
      #expect(
        load.capacity
          == WorkerLoad.Capacity(wholeRoom: room, slotsLeft: 1, keepsFor: nil, tiers: [.cpu, .gpu]))
      #expect(load.running.map(\.lease) == leases.map(\.reference))
      #expect(load.running.map(\.isPreemptible) == [true, false])
      #expect(load.running.map(\.isEnding) == [true, false])
      #expect(load.running.allSatisfy { $0.startedAt == clock.now && $0.lane == jobs[0].lane })
    }
  }

  @Test(arguments: Backend.allCases) func aLookTellsWhoIsNext(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let jobs = [job(), job()]
      _ = try await queue.enqueue(jobs)
      #expect(try await queue.room().lanes.values.map(\.nextJob) == [jobs[0].id])
      _ = try await queue.leaseOne(WorkerID())
      #expect(try await queue.room().lanes.values.map(\.nextJob) == [jobs[1].id])
    }
  }
}
