import StrataCore
import StrataQueue
import StrataScheduling
import Testing

/// Limits on how many jobs start in a time. Runs on every backend.
@Suite struct RateConformanceTests {
  private static let gates = [Gate.capability("noop"), .tier(.cpu), .tenant(.sample)]

  private func lease(_ queue: any JobQueue, _ worker: WorkerID = WorkerID(), _ count: Int = 10) async throws -> Int {
    let grant = try await queue.lease(worker: worker, tiers: [.cpu], count: count, for: minute)
    let done = grant.leases.map { AttemptResult(lease: $0.reference, report: []) }
    _ = try await queue.complete(done)
    return done.count
  }

  @Test(arguments: Backend.allCases, gates) func noMoreStartThanTheRateAllows(_ backend: Backend, _ gate: Gate)
    async throws
  {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await queue.govern([gate: GatePolicy(rate: RateLimit(2, per: .seconds(10), burst: 3))])
      _ = try await queue.enqueue((0..<20).map { _ in .sample() })
      var started = [try await lease(queue), try await lease(queue)]
      clock.advance(.seconds(5))
      _ = try await queue.promote(limit: 10)
      started.append(try await lease(queue))
      clock.advance(.seconds(100))
      _ = try await queue.promote(limit: 10)
      started.append(try await lease(queue))
      // A full burst, then one for every five seconds; never more than a burst at once.
      #expect(started == [3, 0, 1, 3])
    }
  }

  @Test(arguments: Backend.allCases, gates)
  func aWorkerIsWokenWhenStartsComeIn(_ backend: Backend, _ gate: Gate) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await queue.govern([gate: GatePolicy(rate: RateLimit(1, per: .seconds(10)))])
      _ = try await queue.enqueue((0..<2).map { _ in .sample() })
      let worker = WorkerID()
      #expect(try await lease(queue, worker) == 1)
      // Whoever promotes is told when to look again.
      #expect(try await queue.dueSignal(waitingUpTo: .zero))
      #expect(try await queue.promote(limit: 10).nextDue == clock.now + .seconds(10))
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [])
      clock.advance(.seconds(10))
      #expect(try await queue.promote(limit: 10) == Promotion(count: 0, timers: 1, nextDue: nil))
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
      #expect(try await lease(queue, worker) == 1)
    }
  }

  /// Timers of gates are told from those of jobs, whatever their names are.
  @Test(arguments: Backend.allCases, ["ab", "image.transcode", "image.transcoder"])
  func aCapabilityOfAnyNameStartsAgain(_ backend: Backend, _ name: String) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      try await queue.govern([.capability(name): GatePolicy(rate: RateLimit(1, per: .seconds(10)))])
      _ = try await queue.enqueue((0..<2).map { _ in .sample(in: .sample(capability: name)) })
      let worker = WorkerID()
      #expect(try await lease(queue, worker) == 1)
      clock.advance(.seconds(10))
      #expect(try await queue.promote(limit: 10).timers == 1)
      #expect(try await queue.signals(for: worker, waitingUpTo: .zero) == [.work])
    }
  }

  @Test(arguments: Backend.allCases) func othersAreNotHeldUpByATenantAtItsRate(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      let other = TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0900)
      try await queue.govern([.tenant(.sample): GatePolicy(rate: RateLimit(1, per: .seconds(60)))])
      _ = try await queue.enqueue((0..<5).map { _ in .sample() } + (0..<5).map { _ in .sample(of: other) })
      #expect(try await lease(queue) == 6)
    }
  }

  @Test(arguments: Backend.allCases) func tellingARateAgainGivesNoNewStarts(_ backend: Backend) async throws {
    let clock = HeldClock()
    try await withQueue(backend, clock: clock) { queue in
      let policy = GatePolicy(rate: try RateLimit(4, per: .seconds(60)))
      _ = try await queue.enqueue((0..<20).map { _ in .sample() })
      try await queue.govern([.tier(.cpu): policy])
      let first = try await lease(queue)
      try await queue.govern([.tier(.cpu): policy])
      let again = try await lease(queue)
      // Another rate keeps what is left, here nothing.
      try await queue.govern([.tier(.cpu): GatePolicy(rate: RateLimit(8, per: .seconds(8)))])
      let changed = try await lease(queue)
      #expect(try await queue.promote(limit: 10).nextDue == clock.now + .seconds(1))
      try await queue.govern([.tier(.cpu): .unlimited])
      let free = try await lease(queue)
      #expect([first, again, changed, free] == [4, 0, 0, 10])
    }
  }

  @Test(arguments: Backend.allCases) func anAttemptThatIsTriedAgainIsAStart(_ backend: Backend) async throws {
    try await withQueue(backend) { queue in
      try await queue.govern([.capability("noop"): GatePolicy(rate: RateLimit(2, per: .seconds(60)))])
      _ = try await queue.enqueue([.sample(attemptsMax: 9)])
      for isStarted in [true, true, false] {
        let lease = try await queue.leaseOne(WorkerID())
        #expect((lease != nil) == isStarted)
        guard let lease else { return }
        _ = try await queue.fail([
          AttemptFailure(lease: lease.reference, ending: .failed, isRetryable: true, report: [])
        ])
      }
    }
  }
}
