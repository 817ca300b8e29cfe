import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// A controller while another one leads, and jobs that were accepted and not enqueued.
@Suite struct FollowerTests {
  /// A controller that runs and does not lead while `body` does: the lead is held by somebody who does nothing.
  private func withFollower(_ fixture: ControlFixture, _ body: () async throws -> Void) async throws {
    let lead = try await Leadership(PostgreSQLConfiguration(connectionString: fixture.database)).lead(.controller)
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await body()
    #expect(lead.isHeld)
    running.cancel()
    await running.value
  }

  @Test func whatItCouldNotEnqueueItEnqueuesLater() async throws {
    let fixture = try await ControlFixture()
    for error in [QueueError.disconnected("gone"), .lost] { fixture.queue.fail(.enqueue, with: error) }
    try await withFollower(fixture) {
      for _ in 0..<2 {
        let job = try await fixture.submit()
        try await eventually("the job is in the queue") { try await fixture.queue.status(of: [job]) != [nil] }
      }
    }
    #expect(fixture.queue.count(of: .restore) == 2)
  }

  @Test func whileItCannotItIsNotReady() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.fail(.enqueue, with: .outOfMemory)
    for _ in 0..<100 { fixture.queue.fail(.restore, with: .outOfMemory) }
    _ = try await fixture.submit()
    #expect(await fixture.control.obstacles() == [])
    try await withFollower(fixture) {
      try await eventually("it is not ready") {
        await fixture.control.obstacles().contains { $0.contains("cannot be enqueued") && $0.contains("outOfMemory") }
      }
    }
  }

  @Test func whatTheLeaderDoesNotSettleItSettles() async throws {
    let fixture = try await ControlFixture {
      $0.settlerSilenceMax = .milliseconds(5)
      $0.followerInterval = .milliseconds(10)
    }
    let job = try await fixture.submit()
    let spoilt = try await fixture.submit()
    try fixture.spoil(spoilt)
    try await fixture.complete(try await fixture.lease(2))
    try await withFollower(fixture) {
      try await eventually("it is settled") { try await fixture.state(of: job) == .succeeded }
    }
    #expect(try await fixture.state(of: spoilt) == .queued)
  }

  /// As a controller does that is killed between the two.
  @Test func whatWasCommittedAndNeverEnqueuedTheLeaderFinds() async throws {
    let fixture = try await ControlFixture {
      $0.acceptedAge = .seconds(2)
      $0.acceptedInterval = .milliseconds(10)
    }
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await eventually("it leads, and has compared") {
      fixture.metrics.render().contains(#"strata_reconciliations_total{reason="start"} 1"#)
    }
    let order = WorkOrder(
      job: JobID(), tenant: fixture.tenant, capability: "test.echo", version: 1, parametersJSON: "{}", inputs: [],
      timeoutSeconds: 60, resources: ResourceRequest())
    _ = try await fixture.ledger.admit([JobSubmission(order: order, tier: .cpu, attemptsMax: 3, fingerprint: [1])])
    try await eventually("the job is in the queue") {
      try await fixture.queue.status(of: [order.job]) == [.ready(ahead: 0, attemptsMade: 0)]
    }
    #expect(!fixture.metrics.render().contains("enqueueFailed"))
    running.cancel()
    await running.value
  }

  @Test func eachJobIsLookedForAtEachAgeOnce() async throws {
    let start = Timestamp(milliseconds: 1_000_000)
    var looks = AcceptedLooks(ages: [.seconds(15), .seconds(75)], start: start)
    var seen: [String] = []
    func advance(_ seconds: Int64, failing: Bool = false) async {
      try? await looks.advance(to: start + .seconds(seconds)) { first, last in
        if failing { throw QueueError.disconnected("gone") }
        seen.append("\(Int((first - start).seconds))…\(Int((last - start).seconds))")
      }
    }
    await advance(0)
    await advance(5)
    await advance(10, failing: true)
    await advance(15)
    #expect(seen == ["-15…-10", "-75…-70", "-10…0", "-70…-60"])
  }

  @Test func whatWasSeenTooLongAgoIsNotActedUpon() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.queue.forget([job])
    let frozen = Reconciler(
      ledger: fixture.ledger, queue: fixture.queue, settler: fixture.settler(), lookAgeMax: .zero)
    let error = await #expect(throws: StrataError.self) { try await frozen.reconcile(.regular) }
    #expect(error?.code == .timeout)
    await fixture.queue.memory.lose()
    _ = await #expect(throws: StrataError.self) { try await frozen.reconcile(.queueLost) }
    let generation = try await fixture.queue.memory.generation()
    #expect(generation == nil && fixture.queue.count(of: .restore) == 0)
    #expect(try await fixture.reconciler(fixture.settler()).reconcile(.queueLost).restored == 1)
  }
}

@Suite struct SettlementProgressTests {
  private let start = ContinuousClock.now
  private func position(_ number: UInt64) -> OutcomePosition { OutcomePosition(milliseconds: number, sequence: 0) }

  @Test func anOutcomeThatStaysIsNoticed() {
    var progress = SettlementProgress(patience: .seconds(20))
    for second in 0..<100 {
      // Outcomes come and go.
      let isStuck = progress.note(isLed: true, [position(UInt64(second))], at: start + .seconds(second))
      #expect(!isStuck)
    }
    for second in 100...120 {
      let isStuck = progress.note(
        isLed: true, [position(100), position(UInt64(101 + second))], at: start + .seconds(second))
      #expect(!isStuck && progress.obstacles(at: start + .seconds(second)).isEmpty)
    }
    let isStuck = progress.note(isLed: true, [position(100)], at: start + .seconds(121))
    #expect(isStuck)
    #expect(progress.obstacles(at: start + .seconds(121)) == ["no outcome could be settled for 21 s"])
    progress.noteDrained(refused: [], at: start + .seconds(121))
    #expect(
      progress.obstacles(at: start + .seconds(122)).first?.contains("had not settled an outcome for 21 s") == true)
    #expect(progress.obstacles(at: start + .seconds(200)).isEmpty)
  }

  @Test func aRefusedOutcomeHoldsUpNobody() {
    var progress = SettlementProgress(patience: .seconds(20))
    for second in [0, 21] { _ = progress.note(isLed: true, [position(1)], at: start + .seconds(second)) }
    progress.noteDrained(refused: [position(1)], at: start + .seconds(21))
    for second in 22..<100 {
      let isStuck = progress.note(isLed: true, [position(1)], at: start + .seconds(second))
      #expect(!isStuck && progress.obstacles(at: start + .seconds(second)).isEmpty)
    }
  }

  @Test func thatNobodyLeadsIsTold() {
    var progress = SettlementProgress(patience: .seconds(20))
    for second in [0, 20] {
      _ = progress.note(isLed: false, [], at: start + .seconds(second))
      #expect(progress.obstacles(at: start + .seconds(second)).isEmpty)
    }
    #expect(progress.obstacles(at: start + .seconds(21)) == ["no controller has led for 21 s"])
    _ = progress.note(isLed: true, [], at: start + .seconds(22))
    #expect(progress.obstacles(at: start + .seconds(22)).isEmpty)
  }
}
