import StrataCore
import StrataQueue
import Testing

@Suite struct WakeConformanceTests {
  @Test(arguments: Backend.allCases)
  func anIdleWorkerIsWokenByAnEnqueue(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      #expect(try await queue.leaseOne(worker) == nil)
      async let signals = queue.signals(for: worker, waitingUpTo: minute)
      _ = try await queue.enqueue([.sample()])
      #expect(try await signals == [.work])
      #expect(try await queue.leaseOne(worker) != nil)
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [])
    }
  }

  @Test(arguments: Backend.allCases)
  func aSignalGivenBeforeTheWorkerWaitsIsKept(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.leaseOne(worker)
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: worker, waitingUpTo: minute) == [.work])
    }
  }

  @Test(arguments: Backend.allCases)
  func noMoreWorkersAreWokenThanAreOfUse(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let workers = (0..<4).map { _ in WorkerID() }
      for (place, worker) in workers.enumerated() {
        _ = try await queue.lease(worker: worker, tiers: [.cpu], count: place + 1, for: minute)
      }
      _ = try await queue.enqueue((0..<6).map { _ in .sample() })
      var woken: [Bool] = []
      for worker in workers { woken.append(!(try await queue.signals(for: worker, waitingUpTo: .zero)).isEmpty) }
      #expect(woken == [false, false, true, true])
    }
  }

  /// A worker of 16 slots that has room for one job takes one.
  @Test(arguments: Backend.allCases)
  func asManyAreWokenAsHaveRoomForAll(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let workers = (0..<4).map { _ in WorkerID() }
      let room = ResourceRequest(cpuMillicores: 4_000, memoryBytes: 64 << 30)
      for worker in workers {
        let request = LeaseRequest(worker: worker, tiers: [.cpu], count: 16, room: room)
        _ = try await queue.lease(request, for: minute)
      }
      _ = try await queue.enqueue((0..<3).map { _ in .sample(in: .sample(cpu: 4_000)) })
      var woken = 0
      for worker in workers { woken += try await queue.signals(for: worker, waitingUpTo: .zero).count }
      #expect(woken == 3)
    }
  }

  @Test(arguments: Backend.allCases)
  func aWorkerPastItsDeadlineIsNotCountedOn(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (dead, alive) = (WorkerID(), WorkerID())
      _ = try await queue.lease(worker: dead, tiers: [.cpu], count: 9, for: .seconds(1))
      _ = try await queue.leaseOne(alive)
      clock.advance(.seconds(2))
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: alive, waitingUpTo: .zero) == [.work])
    }
  }

  @Test(arguments: Backend.allCases)
  func aSignalToAWorkerThatDiesIsPassedOn(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let (dying, alive) = (WorkerID(), WorkerID())
      _ = try await queue.lease(worker: dying, tiers: [.cpu], count: 9, for: .seconds(1))
      _ = try await queue.leaseOne(alive)
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: alive, waitingUpTo: .zero) == [])
      clock.advance(.seconds(2))
      #expect(try await queue.expire(limit: 10) == 0)
      #expect(try await queue.signals(for: alive, waitingUpTo: .zero) == [.work])
      #expect(try await queue.census().workers.map(\.id) == [alive])
    }
  }

  /// Whether the wake-up has reached it already, or still lies there.
  @Test(arguments: Backend.allCases, [true, false])
  func whatAWorkerThatLeavesWasWokenForIsPassedOn(_ backend: Backend, _ hasHeard: Bool) async throws {
    try await withQueue(backend) { queue in
      let (leaving, staying) = (WorkerID(), WorkerID())
      _ = try await queue.enqueue([.sample()])
      let lease = try await queue.lease(worker: leaving, tiers: [.cpu], count: 9, for: minute).leases.first
      let held = try #require(lease).reference
      _ = try await queue.leaseOne(staying)
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: staying, waitingUpTo: .zero) == [])
      if hasHeard { #expect(try await queue.signals(for: leaving, waitingUpTo: .zero) == [.work]) }
      #expect(try await queue.leave(leaving) == false)
      #expect(try await queue.signals(for: staying, waitingUpTo: .zero) == [.work])
      #expect(try await queue.leaseOne(staying) != nil)
      // It is counted on no more, and told what concerns what it runs.
      _ = try await queue.leaseOne(staying)
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: staying, waitingUpTo: .zero) == [.work])
      _ = try await queue.cancel([held.job])
      #expect(try await queue.leave(leaving) == false)
      #expect(try await queue.signals(for: leaving, waitingUpTo: .zero) == [.cancel(held.job)])
      let load = try #require(try await queue.running().first { $0.id == leaving })
      #expect(load.running.count == 1 && load.capacity?.slotsLeft == 0 && load.capacity?.tiers == [.cpu])
      // Nothing is ended there to make room.
      #expect(load.capacity?.wholeRoom.cpuMillicores == 0 && load.capacity?.wholeRoom.memoryBytes == 0)
      #expect(try await queue.room().workers.first { $0.id == leaving }?.idle == [:])
      #expect(try await queue.complete([AttemptResult(lease: held, report: [])]) == [.accepted])
    }
  }

  @Test(arguments: Backend.allCases)
  func aWorkerThatHoldsNothingAndLeavesIsGone(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let worker = WorkerID()
      _ = try await queue.leaseOne(worker)
      _ = try await queue.heartbeat(worker: worker, held: [], for: minute, place: "here:1")
      #expect(try await queue.leave(worker))
      #expect(try await queue.census().workers.isEmpty)
      #expect(try await queue.running().isEmpty)
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [])
      #expect(try await queue.leave(worker))
      // One that asks again is back.
      #expect(try await queue.leaseOne(worker) != nil)
      #expect(try await queue.running().first?.place == nil)
    }
  }

  @Test(arguments: Backend.allCases)
  func aWorkerThatExpiredIsIdleNowhere(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let worker = WorkerID()
      // The tier has never had a job.
      _ = try await queue.leaseOne(worker)
      clock.advance(minute)
      #expect(try await queue.expire(limit: 10) == 0)
      _ = try await queue.enqueue([.sample()])
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [])
    }
  }

  @Test(arguments: Backend.allCases)
  func aRetryWakesAnIdleWorker(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let idle = WorkerID()
      _ = try await queue.enqueue([.sample()])
      let lease = try #require(try await queue.leaseOne(WorkerID())).reference
      _ = try await queue.leaseOne(idle)
      _ = try await queue.fail([AttemptFailure(lease: lease, ending: .failed, isRetryable: true, report: [])])
      #expect(try await queue.signals(for: idle, waitingUpTo: minute) == [.work])
    }
  }

  @Test(arguments: Backend.allCases)
  func aCancelledWaitEndsSoon(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let waiting = Task { try await queue.signals(for: WorkerID(), waitingUpTo: .seconds(3_600)) }
      waiting.cancel()
      let signals = (try? await waiting.value) ?? []
      #expect(signals == [])
    }
  }
}
