import StrataCore
import StrataQueue
import Testing

/// Workers that keep room for a job that needs more than they have free. Runs on every backend.
@Suite struct KeepingConformanceTests {
  private let four = ResourceRequest(cpuMillicores: 4_000, memoryBytes: 64 << 30, gpuThousandths: 0)
  private let small = Lane.sample(cpu: 1_000)
  private let large = Lane.sample(cpu: 4_000)

  private func free(_ cores: Int64) -> ResourceRequest {
    ResourceRequest(cpuMillicores: 1_000 * cores, memoryBytes: 64 << 30, gpuThousandths: 0)
  }

  /// A job that has waited for a second.
  private func job(_ lane: Lane, of tenant: TenantID = .sample, at now: Timestamp) -> QueuedJob {
    QueuedJob(
      id: SampleIdentifiers.next(at: now + .seconds(-1)), tenant: tenant, lane: lane, attemptsMax: 3, payload: [])
  }

  /// Runs `body` with a queue that has room kept for jobs that have waited so long.
  private func withKeeping(
    _ backend: Backend, after: Duration = .microseconds(1), _ body: (any JobQueue, HeldClock) async throws -> Void
  ) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      var policy = QueuePolicy()
      policy.keepRoomAfter = after
      policy.keepRoomFor = .seconds(30)
      try await queue.tune(policy)
      try await body(queue, clock)
    }
  }

  /// A worker of four cores that has finished `completed`, and runs as many small jobs as it may.
  private func ask(
    _ queue: any JobQueue, _ worker: WorkerID, free cores: Int64, completed: [Lease] = []
  ) async throws -> [Lease] {
    let request = LeaseRequest(
      worker: worker, tiers: [.cpu], count: Int(cores), room: free(cores), wholeRoom: four,
      completed: completed.map { AttemptResult(lease: $0.reference, report: []) })
    return try await queue.lease(request, for: minute).leases
  }

  /// Small jobs come without end: without kept room there would never be four cores free at once.
  @Test(arguments: Backend.allCases) func aLargeJobIsNotStarvedBySmallOnes(_ backend: Backend) async throws {
    try await withKeeping(backend, after: .seconds(60)) { queue, clock in
      let worker = WorkerID()
      _ = try await queue.enqueue((0..<4).map { _ in job(small, at: clock.now) })
      var running = try await ask(queue, worker, free: 4)
      let waiting = job(large, at: clock.now)
      _ = try await queue.enqueue([waiting])
      var waited = 0
      while !running.contains(where: { $0.job.id == waiting.id }), waited < 20 {
        waited += 1
        clock.advance(.seconds(10))
        _ = try await queue.enqueue((0..<4).map { _ in job(small, at: clock.now) })
        let finished = running.isEmpty ? [] : [running.removeFirst()]
        running += try await ask(queue, worker, free: Int64(4 - running.count), completed: finished)
      }
      // Six rounds until it has waited for long, and those that it takes until all cores are free, while short ones
      // run in the gap.
      #expect(running.map(\.job.id) == [waiting.id])
      #expect(waited == 14)
    }
  }

  @Test(arguments: Backend.allCases) func onlyOneWorkerKeepsRoomForIt(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let (keeper, other) = (WorkerID(), WorkerID())
      _ = try await queue.enqueue([job(large, at: clock.now)] + (0..<9).map { _ in job(small, at: clock.now) })
      #expect(try await ask(queue, keeper, free: 2).isEmpty)
      #expect(try await ask(queue, other, free: 2).count == 2)
      #expect(try await ask(queue, keeper, free: 2).isEmpty)
      // One that runs nothing, and has not asked, makes place in time.
      clock.advance(.seconds(30))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, timers: 1, nextDue: nil))
      #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [.work])
      // Another does then, and what is expected to be over by the time runs there.
      #expect(try await ask(queue, other, free: 2).count == 2)
      #expect(try await ask(queue, keeper, free: 2).count == 2)
    }
  }

  /// However often others ask: what it has let run out would be lost.
  @Test(arguments: Backend.allCases) func aKeeperThatRunsSomethingStaysTheOne(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let (keeper, other) = (WorkerID(), WorkerID())
      try await teach(queue, clock, small, .seconds(100))
      _ = try await queue.enqueue((0..<2).map { _ in job(small, at: clock.now) })
      let running = try await ask(queue, keeper, free: 2)
      let waiting = job(large, at: clock.now)
      _ = try await queue.enqueue([waiting] + (0..<20).map { _ in job(small, at: clock.now) })
      // What is expected to be over in time fills it; it does not ask any more.
      let inGap = try await ask(queue, keeper, free: 2)
      #expect(inGap.map(\.job.lane) == [small, small])
      for _ in 0..<3 {
        clock.advance(.seconds(30))
        #expect(try await queue.promote(limit: 10).timers == 1)
        #expect(try await ask(queue, other, free: 2).count == 2)
      }
      let last = try await ask(queue, keeper, free: 4, completed: running + inGap)
      #expect(last.map(\.job.id) == [waiting.id])
    }
  }

  @Test(arguments: Backend.allCases) func whatAKeeperPassesOverOthersAreWokenFor(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let (keeper, idle) = (WorkerID(), WorkerID())
      #expect(try await ask(queue, keeper, free: 3).isEmpty)
      #expect(try await ask(queue, idle, free: 2).isEmpty)
      _ = try await queue.enqueue([job(large, at: clock.now)])
      _ = try await queue.enqueue([job(small, at: clock.now)])
      // The emptiest is woken, keeps its room, and passes the signal on.
      #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [.work])
      #expect(try await queue.signals(for: idle, waitingUpTo: .zero) == [])
      #expect(try await ask(queue, keeper, free: 3).isEmpty)
      #expect(try await queue.signals(for: idle, waitingUpTo: .zero) == [.work])
      #expect(try await ask(queue, idle, free: 2).count == 1)
    }
  }

  @Test(arguments: Backend.allCases) func aKeeperIsToldWhenTheJobIsGone(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let keeper = WorkerID()
      for isCancelled in [true, false] {
        let waiting = job(large, at: clock.now)
        _ = try await queue.enqueue([waiting])
        #expect(try await ask(queue, keeper, free: 2).isEmpty)
        if isCancelled {
          _ = try await queue.cancel([waiting.id])
        } else {
          #expect(try await ask(queue, WorkerID(), free: 4).map(\.job.id) == [waiting.id])
        }
        #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [.work])
        #expect(try await queue.promote(limit: 10).nextDue == nil)
      }
    }
  }

  @Test(arguments: Backend.allCases) func aKeeperStillServesHigherClasses(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let keeper = WorkerID()
      _ = try await queue.enqueue([job(large, at: clock.now)])
      #expect(try await ask(queue, keeper, free: 2).isEmpty)
      _ = try await queue.enqueue([job(small, at: clock.now)])
      #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [])
      let urgent = job(.sample(class: 9), at: clock.now)
      _ = try await queue.enqueue([urgent])
      #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [.work])
      #expect(try await ask(queue, keeper, free: 2).map(\.job.id) == [urgent.id])
    }
  }

  /// Else somebody with jobs of many sizes could have every worker stand half empty.
  @Test(arguments: Backend.allCases) func oneWorkerOfAPoolKeepsRoomWhateverTheSizes(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let sizes = [4_000, 3_900, 3_800].map { job(.sample(cpu: $0), at: clock.now) }
      _ = try await queue.enqueue(sizes + (0..<9).map { _ in job(small, at: clock.now) })
      #expect(try await ask(queue, WorkerID(), free: 2).isEmpty)
      for _ in 0..<3 { #expect(try await ask(queue, WorkerID(), free: 2).count == 2) }
    }
  }

  @Test(arguments: Backend.allCases) func aKeeperIsAskedAgainWhenItsReasonMayBeGone(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let keeper = WorkerID()
      let waiting = [job(large, at: clock.now), job(large, at: clock.now)]
      _ = try await queue.enqueue(waiting)
      #expect(try await ask(queue, keeper, free: 2).isEmpty)
      _ = try await queue.cancel([waiting[0].id])
      #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [])
      #expect(try await ask(queue, keeper, free: 2).isEmpty)
      try await queue.govern([.tenant(.sample): .paused])
      #expect(try await queue.signals(for: keeper, waitingUpTo: .zero) == [.work])
      #expect(try await ask(queue, keeper, free: 2).isEmpty)
      #expect(try await queue.promote(limit: 10).nextDue == nil)
    }
  }

  /// Keeping room must not let a tenant that has had more than others go before them.
  @Test(arguments: Backend.allCases) func roomIsKeptOnlyForWhoIsDue(_ backend: Backend) async throws {
    try await withKeeping(backend) { queue, clock in
      let worker = WorkerID()
      let greedy = TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0900)
      func large(_ tenant: TenantID) -> QueuedJob {
        QueuedJob(
          id: SampleIdentifiers.next(at: clock.now + .seconds(-1)), tenant: tenant, lane: self.large, attemptsMax: 3,
          payload: [])
      }
      _ = try await queue.enqueue((0..<3).map { _ in large(greedy) })
      _ = try await queue.enqueue([job(small, at: clock.now)])
      let first = try await ask(queue, WorkerID(), free: 4)
      #expect(first.map(\.job.tenant) == [greedy])
      // Its next job has waited long enough, but the other tenant is due.
      #expect(try await ask(queue, worker, free: 2).map(\.job.tenant) == [.sample])
      #expect(try await ask(queue, worker, free: 1).isEmpty)
    }
  }

  /// Has attempts of a lane last so long, as far as the queue knows.
  private func teach(_ queue: any JobQueue, _ clock: HeldClock, _ lane: Lane, _ duration: Duration) async throws {
    _ = try await queue.enqueue([job(lane, at: clock.now)])
    let leases = try await ask(queue, WorkerID(), free: 4)
    clock.advance(duration)
    _ = try await queue.complete(leases.map { AttemptResult(lease: $0.reference, report: []) })
  }

  /// Runs two long jobs of a core on a worker of four, for 100 s; then a job of four cores waits, and short and long ones.
  private func withGap(
    _ backend: Backend, cores: Int64 = 4, _ body: (any JobQueue, HeldClock, WorkerID, _ long: Lane) async throws -> Void
  ) async throws {
    try await withKeeping(backend) { queue, clock in
      let (worker, long) = (WorkerID(), Lane.sample(capability: "long"))
      try await teach(queue, clock, small, .seconds(10))
      try await teach(queue, clock, long, .seconds(100))
      _ = try await queue.enqueue([job(long, at: clock.now), job(long, at: clock.now)])
      #expect(try await ask(queue, worker, free: 2).count == 2)
      _ = try await queue.enqueue([job(.sample(cpu: 1_000 * cores), at: clock.now)])
      clock.advance(.seconds(10))
      try await body(queue, clock, worker, long)
    }
  }

  /// What takes longer than expected is expected to take twice as long as it has, and short jobs run meanwhile; but not for
  /// ever, as they may take longer than expected, too.
  @Test(arguments: Backend.allCases) func shortJobsRunInTheGap(_ backend: Backend) async throws {
    try await withGap(backend) { queue, clock, worker, long in
      _ = try await queue.enqueue((0..<20).map { _ in job(small, at: clock.now) } + [job(long, at: clock.now)])
      var held: [Lease] = []
      for _ in 0..<3 {
        held = try await ask(queue, worker, free: 2, completed: held)
        #expect(held.map(\.job.lane) == [small, small])
        clock.advance(.seconds(10))
      }
      #expect(try await queue.promote(limit: 10).timers == 1)
      // The long ones should have ended by then.
      for late in [65, 1_000] {
        clock.advance(.seconds(late))
        _ = try await queue.promote(limit: 10)
        held = try await ask(queue, worker, free: 2, completed: held)
        #expect(held.map(\.job.lane) == [small, small])
      }
      // The keeping was to take 90 s.
      clock.advance(.seconds(32 * 90))
      #expect(try await ask(queue, worker, free: 2, completed: held).isEmpty)
    }
  }

  /// While one worker keeps room for a tenant's large job, others run its small ones: these make it due no more, and it is
  /// kept for all the same.
  @Test(arguments: Backend.allCases) func aTenantsOwnSmallJobsDoNotTakeTheRoomFromItsLargeOne(_ backend: Backend)
    async throws
  {
    try await withGap(backend) { queue, clock, worker, long in
      #expect(try await ask(queue, worker, free: 2).isEmpty)
      _ = try await queue.enqueue((0..<2).map { _ in job(long, at: clock.now) })
      #expect(try await ask(queue, WorkerID(), free: 2).count == 2)
      // Now another tenant is due, with what would take longer than the gap.
      _ = try await queue.enqueue((0..<2).map { _ in job(long, of: TenantID(), at: clock.now) })
      #expect(try await ask(queue, worker, free: 2).isEmpty)
      #expect(try await ask(queue, WorkerID(), free: 2).count == 2)
    }
  }

  /// What it runs may never end.
  @Test(arguments: Backend.allCases) func anotherKeepsRoomThatHasItMuchSooner(_ backend: Backend) async throws {
    try await withGap(backend) { queue, clock, worker, long in
      let other = WorkerID()
      #expect(try await ask(queue, worker, free: 2).isEmpty)
      clock.advance(.seconds(32 * 90))
      #expect(try await ask(queue, worker, free: 2).isEmpty)
      _ = try await queue.enqueue((0..<2).map { _ in job(small, at: clock.now) })
      let held = try await ask(queue, other, free: 2)
      #expect(held.map(\.job.lane) == [small, small])
      _ = try await queue.enqueue((0..<4).map { _ in job(long, at: clock.now) })
      // The first is expected to run as long again as it has, the other has enough within 10 s.
      clock.advance(.seconds(5))
      #expect(try await ask(queue, other, free: 3, completed: [held[0]]).isEmpty)
      #expect(try await ask(queue, worker, free: 2).count == 2)
    }
  }

  @Test(arguments: Backend.allCases) func anotherKeepsRoomWhereOneIsNotSeenTo(_ backend: Backend) async throws {
    try await withGap(backend) { queue, clock, worker, long in
      let other = WorkerID()
      #expect(try await ask(queue, worker, free: 2).isEmpty)
      clock.advance(.seconds(90))
      _ = try await queue.enqueue((0..<4).map { _ in job(long, at: clock.now) })
      #expect(try await ask(queue, other, free: 2).count == 2)
      // The first should have had enough by now; it is filled otherwise, and asks no more.
      clock.advance(.seconds(62))
      #expect(try await ask(queue, other, free: 2).isEmpty)
      #expect(try await ask(queue, worker, free: 2).count == 2)
    }
  }

  @Test(arguments: Backend.allCases) func whatIsLeftBesideALargeJobIsForOthers(_ backend: Backend) async throws {
    try await withGap(backend, cores: 3) { queue, clock, worker, long in
      _ = try await queue.enqueue((0..<9).map { _ in job(long, at: clock.now) })
      #expect(try await ask(queue, worker, free: 2).map(\.job.lane) == [long])
      #expect(try await ask(queue, worker, free: 1).isEmpty)
    }
  }
}
