import StrataCore
import StrataQueue
import Testing

/// Room that is kept for a job for which several others are ended. Runs on every backend.
@Suite struct ReserveConformanceTests {
  private let small = Lane.sample(class: 2, cpu: 1_000)
  private let large = Lane.sample(class: 6, cpu: 3_000)

  private func free(_ cores: Int64) -> ResourceRequest {
    ResourceRequest(cpuMillicores: 1_000 * cores, memoryBytes: 64 << 30)
  }

  /// What a worker of four cores gets that has so many free.
  private func ask(
    _ queue: any JobQueue, _ worker: WorkerID, free cores: Int64, tiers: [TierName] = [.cpu]
  ) async throws -> [Lease] {
    let request = LeaseRequest(worker: worker, tiers: tiers, count: 9, room: free(cores), wholeRoom: free(4))
    return try await queue.lease(request, for: .seconds(3_600)).leases
  }

  /// Runs `body` with a worker that runs four small jobs, while others and a large one wait.
  private func withFullWorker(
    _ backend: Backend, _ body: (any JobQueue, HeldClock, WorkerID, [Lease], QueuedJob) async throws -> Void
  ) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let worker = WorkerID()
      _ = try await queue.enqueue((0..<20).map { _ in QueuedJob.sample(in: small) })
      let running = try await ask(queue, worker, free: 4)
      #expect(running.count == 4)
      let waiting = QueuedJob.sample(in: large)
      _ = try await queue.enqueue([waiting])
      try await body(queue, clock, worker, running, waiting)
    }
  }

  @Test(arguments: Backend.allCases) func whatSeveralGiveBackIsThereTogether(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, _, worker, running, waiting in
      #expect(try await queue.reserve(large, on: worker, for: minute))
      for (place, lease) in running.prefix(3).enumerated() {
        _ = try await queue.release([AttemptResult(lease: lease.reference, report: [])])
        let granted = try await ask(queue, worker, free: Int64(place + 1)).map(\.job.id)
        #expect(granted == (place == 2 ? [waiting.id] : []))
      }
      // Nothing is kept any more.
      _ = try await queue.release([AttemptResult(lease: running[3].reference, report: [])])
      #expect(try await ask(queue, worker, free: 1).map(\.job.lane) == [small])
      #expect(try await queue.promote(limit: 9).nextDue == nil)
    }
  }

  @Test(arguments: Backend.allCases) func withoutItTheFirstGoesToOthers(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, _, worker, running, _ in
      _ = try await queue.release([AttemptResult(lease: running[0].reference, report: [])])
      #expect(try await ask(queue, worker, free: 1).map(\.job.lane) == [small])
    }
  }

  @Test(arguments: Backend.allCases) func higherClassesGoFirstAllTheSame(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, _, worker, running, _ in
      #expect(try await queue.reserve(large, on: worker, for: minute))
      let higher = QueuedJob.sample(in: .sample(class: 8))
      _ = try await queue.enqueue([higher])
      _ = try await queue.release([AttemptResult(lease: running[0].reference, report: [])])
      #expect(try await ask(queue, worker, free: 1).map(\.job.id) == [higher.id])
    }
  }

  @Test(arguments: Backend.allCases) func itIsOverWithItsTime(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, clock, worker, running, _ in
      #expect(try await queue.reserve(large, on: worker, for: .seconds(30)))
      _ = try await queue.release([AttemptResult(lease: running[0].reference, report: [])])
      _ = try await queue.signals(for: worker, waitingUpTo: .zero)
      clock.advance(.seconds(30))
      #expect(try await queue.promote(limit: 9).timers == 1)
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
      #expect(try await ask(queue, worker, free: 1).map(\.job.lane) == [small])
    }
  }

  @Test(arguments: Backend.allCases) func itStaysWhileAnotherIsReadyAndGoesWithTheLast(_ backend: Backend) async throws
  {
    try await withFullWorker(backend) { queue, clock, worker, _, first in
      let second = QueuedJob.sample(in: large)
      _ = try await queue.enqueue([second])
      #expect(try await queue.reserve(large, on: worker, for: minute))
      // Another worker takes the first, and an operator says something of somebody.
      #expect(try await ask(queue, WorkerID(), free: 3).map(\.job.id) == [first.id])
      try await queue.govern([.tenant(TenantID()): GatePolicy(weight: 700)])
      #expect(try await queue.promote(limit: 9).nextDue == clock.now + minute)
      _ = try await queue.cancel([second.id])
      #expect(try await queue.promote(limit: 9).nextDue == nil)
      let again = try await queue.reserve(large, on: worker, for: minute)
      #expect(!again)
    }
  }

  @Test(arguments: Backend.allCases) func itGoesWithItsWorker(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, clock, worker, _, _ in
      #expect(try await queue.reserve(large, on: worker, for: .seconds(90_000)))
      clock.advance(.seconds(4_000))
      _ = try await queue.expire(limit: 100)
      #expect(try await queue.promote(limit: 9).nextDue == nil)
    }
  }

  @Test(arguments: Backend.allCases) func aPoolHasOneReservationAtATime(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, clock, worker, _, waiting in
      let (other, second) = (WorkerID(), Lane.sample(class: 6, cpu: 4_000))
      _ = try await ask(queue, other, free: 0)
      _ = try await queue.enqueue([.sample(in: second)])
      var answers: [Bool] = []
      for (lane, worker) in [(large, worker), (large, worker), (large, other), (second, worker)] {
        answers.append(try await queue.reserve(lane, on: worker, for: minute))
      }
      #expect(answers == [true, true, false, false])
      _ = try await queue.cancel([waiting.id])
      #expect(try await queue.reserve(second, on: other, for: minute))
      #expect(try await queue.promote(limit: 9).nextDue == clock.now + minute)
    }
  }

  @Test(arguments: Backend.allCases) func nothingIsReservedForWhatNobodyKnows(_ backend: Backend) async throws {
    try await withFullWorker(backend) { queue, _, worker, _, _ in
      let answers = [
        try await queue.reserve(large, on: WorkerID(), for: minute),
        try await queue.reserve(.sample(class: 6, cpu: 9_000), on: worker, for: minute),
      ]
      #expect(answers == [false, false])
    }
  }
}
