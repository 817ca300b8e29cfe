import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling
import TestSupport
import Testing

/// Rates, times by which jobs have to have started, priorities that change: from the ledger to the queue and back.
@Suite struct TimingTests {
  private let clock = HeldClock()

  private func fixture() async throws -> ControlFixture {
    let clock = clock.clock
    return try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock))) { $0.clock = clock }
  }

  private func draft(startBy: StartTime? = nil, start: StartTime? = nil) -> JobDraft {
    JobDraft(
      capability: "test.echo", parametersJSON: #"{"text":"hi"}"#, start: start, startBy: startBy)
  }

  @Test func aRateBoundsWhatStartsAndIsKeptByTheLedger() async throws {
    let fixture = try await fixture()
    let rate = try RateLimit(2, per: .seconds(60), burst: 1)
    for _ in 0..<4 { _ = try await fixture.submit() }
    let change = SharingChange(limit: LimitChange(rate: .atMost(rate)))
    #expect(try await fixture.control.change(change, ofTenantNamed: "acme").sharing.limit.rate == rate)
    var started = [try await fixture.lease(5).count, try await fixture.lease(5).count]
    clock.advance(by: .seconds(30))
    _ = try await fixture.queue.promote(limit: 10)
    started.append(try await fixture.lease(5).count)
    // Other members leave it as it is; null lifts it.
    let weighed = try await fixture.control.change(SharingChange(weight: 200), ofTenantNamed: "acme")
    #expect(weighed.sharing.limit.rate == rate)
    let lifted = SharingChange(limit: LimitChange(rate: .unlimited))
    #expect(try await fixture.control.change(lifted, ofTenantNamed: "acme").sharing.limit == RunningLimit())
    started.append(try await fixture.lease(5).count)
    #expect(started == [1, 0, 1, 2])
  }

  @Test(arguments: SharedGate.Kind.allCases) func ratesOfWhatAllShareAreKeptToo(kind: SharedGate.Kind) async throws {
    let fixture = try await fixture()
    let name = kind == .tier ? "cpu" : "test.echo"
    let rate = try RateLimit(1, per: .seconds(3_600), burst: 2)
    for _ in 0..<4 { _ = try await fixture.submit() }
    let limit = try await fixture.control.change(LimitChange(rate: .atMost(rate)), of: kind, named: name).limit
    #expect(limit.rate == rate)
    #expect(try await fixture.lease(5).count == 2)
    #expect(try await fixture.ledger.gates().map(\.limit.rate) == [rate])
  }

  /// Credits that were held for a job that was not worth running come back.
  @Test func aJobThatDidNotStartInTimeFailsAndCostsNothing() async throws {
    let fixture = try await fixture()
    let job = try await fixture.control.submit(draft(startBy: .after(.seconds(60))), tenant: fixture.tenant)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held > .zero)
    let end = clock.now + .seconds(60)
    let waiting = try await fixture.control.job(job.id, tenant: fixture.tenant)
    #expect(waiting.record.startBy == end)
    clock.advance(by: .seconds(60))
    #expect(try await fixture.queue.promote(limit: 10).expired == 1)
    try await fixture.settler().drain()
    let record = try await fixture.control.job(job.id, tenant: fixture.tenant).record
    #expect(record.state == .failed && record.error?.code == "not_started_in_time")
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == .zero)
    #expect(try await fixture.control.job(job.id, tenant: fixture.tenant).attempts.isEmpty)
  }

  @Test func aTimeThatCannotBeKeptIsRefused() async throws {
    let fixture = try await fixture()
    for (startBy, start) in [
      (StartTime.at(clock.now), nil), (.after(.zero), nil), (.after(.seconds(5)), .after(.seconds(5))),
      (.after(.seconds(400 * 86_400)), nil),
    ] as [(StartTime, StartTime?)] {
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(draft(startBy: startBy, start: start), tenant: fixture.tenant)
      }
      #expect(error?.code == .invalidBody)
    }
  }

  @Test func aLostQueueIsToldOfThatTimeAgain() async throws {
    let fixture = try await fixture()
    _ = try await fixture.control.submit(draft(startBy: .after(.seconds(60))), tenant: fixture.tenant)
    let fresh = HookedQueue(MemoryQueue(clock: clock.clock))
    let settler = Settler(ledger: fixture.ledger, queue: fresh, lanes: LaneRule(clock: clock.clock))
    _ = try await Reconciler(ledger: fixture.ledger, queue: fresh, settler: settler).reconcile(.queueLost)
    #expect(try await fresh.promote(limit: 10).nextDue == clock.now + .seconds(60))
  }

  @Test func aPriorityIsChangedWhileTheJobWaits() async throws {
    let fixture = try await fixture()
    let control = fixture.control
    let jobs = [try await fixture.submit(), try await fixture.submit()]
    let high = JobPriority(rawValue: 90) ?? .standard
    #expect(try await control.change(priority: high, of: jobs[1], tenant: fixture.tenant).record.priority == high)
    let first = try await fixture.lease(1)
    #expect(first.map(\.job.id) == [jobs[1]])
    try await fixture.complete(first)
    try await fixture.settler().drain()
    let finished = await #expect(throws: StrataError.self) {
      try await control.change(priority: high, of: jobs[1], tenant: fixture.tenant)
    }
    let stranger = await #expect(throws: StrataError.self) {
      try await control.change(priority: high, of: jobs[0], tenant: TenantID())
    }
    #expect(finished?.code == .conflict && stranger?.code == .notFound)
  }

  @Test func whatIsWantedOfTheOrderIsKeptAndTold() async throws {
    let fixture = try await fixture()
    let control = fixture.control
    #expect(try await control.queuePolicy() == .standard)
    var change = QueueOrder()
    change.classPatience = .seconds(600)
    change.keepRoomAfter = .seconds(120)
    let policy = try await control.change(change)
    #expect(policy.classPatience == .seconds(600) && policy.keepRoomAfter == .seconds(120))
    #expect(policy.keepRoomFor == QueuePolicy.standard.keepRoomFor)
    var nothing = QueueOrder()
    nothing.keepRoomFor = .zero
    let error = await #expect(throws: StrataError.self) { try await control.change(nothing) }
    #expect(error?.code == .invalidBody)
    #expect(try await control.queuePolicy() == policy)
  }
}
