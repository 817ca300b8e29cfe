import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling
import Testing

/// What is remembered of how long attempts took: pure.
@Suite struct ServiceWindowTests {
  private let start = ContinuousClock.now

  @Test func endsAndWhatRunsAreCountedAndForgotten() {
    var window = ServiceWindow()
    #expect(window.history(of: .cpu, at: start) == ServiceHistory(completed: 0, busy: .zero))
    for second in 0..<4 { window.noteEnd(of: .seconds(10), on: .cpu, at: start + .seconds(second)) }
    #expect(window.history(of: .cpu, at: start + .seconds(5)) == ServiceHistory(completed: 4, busy: .seconds(40)))
    // Long ones that have not ended have kept slots busy all the same.
    window.noteRunning(20, on: .cpu, for: .seconds(5), at: start + .seconds(70))
    #expect(window.history(of: .cpu, at: start + .seconds(70)).busy == .seconds(100))
    #expect(window.history(of: .gpu, at: start).completed == 0)
    #expect(window.history(of: .cpu, at: start + .seconds(601)).completed == 0)
    #expect(window.history(of: .cpu, at: start + .seconds(601)).busy == .seconds(100))
  }

  @Test func howMuchTimesVaryIsBelievedFromTenOn() {
    var window = ServiceWindow()
    for place in 0..<9 { window.noteEnd(of: .seconds(place % 2 == 0 ? 1 : 3), on: .cpu, at: start) }
    #expect(window.history(of: .cpu, at: start).squaredVariation == 1)
    window.noteEnd(of: .seconds(3), on: .cpu, at: start)
    // Mean 2, variance 1.
    #expect(abs(window.history(of: .cpu, at: start).squaredVariation - 0.25) < 1e-9)
  }
}

/// "When does my job start?"
@Suite struct StartTests {
  private func fixture(_ clock: HeldClock) async throws -> ControlFixture {
    try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock.clock))) { $0.clock = clock.clock }
  }

  private func start(_ fixture: ControlFixture, _ job: JobID) async throws -> StartOutlook? {
    try await fixture.control.explain(job, tenant: fixture.tenant).start
  }

  /// Has so many jobs run, one after the other, for so long, and settles them.
  private func runJobs(_ count: Int, _ seconds: Int64, _ fixture: ControlFixture, _ clock: HeldClock) async throws {
    for _ in 0..<count {
      _ = try await fixture.submit()
      let lease = try await fixture.lease()
      clock.advance(by: .seconds(seconds))
      try await fixture.complete(lease)
    }
    try await fixture.control.settler.drain()
  }

  private func code(_ outlook: StartOutlook?) -> String? {
    if case .unknown(let code, _)? = outlook { code } else { nil }
  }

  @Test func whatIsNotKnownIsSaidToBeUnknown() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    let job = try await fixture.submit()
    #expect(code(try await start(fixture, job)) == "no_workers")
    // It runs, and so does not wait; the next one waits for it, and nobody knows for how long.
    _ = try await fixture.lease()
    #expect(try await start(fixture, job) == nil)
    let next = try await fixture.submit()
    #expect(code(try await start(fixture, next)) == "not_settling")
    _ = try await fixture.control.change(LimitChange(isPaused: true), of: .tier, named: "cpu")
    #expect(code(try await start(fixture, next)) == "paused")
    let rate = LimitChange(isPaused: false, rate: .atMost(try RateLimit(1, per: .seconds(60))))
    _ = try await fixture.control.change(rate, of: .tier, named: "cpu")
    #expect(code(try await start(fixture, next)) == "rate_limit")
  }

  @Test func whereAWorkerHasRoomItStartsNow() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    let room = ResourceRequest(cpuMillicores: 1_000, memoryBytes: 4 << 30)
    _ = try await fixture.queue.lease(
      LeaseRequest(worker: WorkerID(), tiers: [.cpu], count: 1, room: room), for: .seconds(600))
    _ = try await fixture.queue.lease(
      LeaseRequest(worker: fixture.worker, tiers: [.cpu], count: 1, room: room), for: .seconds(600))
    // One of them is woken, the other still waits.
    let job = try await fixture.submit()
    #expect(try await start(fixture, job) == .now)
  }

  /// One slot, jobs of ten seconds, three ahead and one running: four have to end.
  @Test func theWaitFollowsFromThePlaceAndFromHowLongJobsTook() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    try await runJobs(40, 10, fixture, clock)
    for _ in 0..<4 { _ = try await fixture.submit() }
    #expect(try await fixture.lease().count == 1)
    let job = try await fixture.submit()
    guard case .after(let interval)? = try await start(fixture, job) else {
      Issue.record("the start should have been told")
      return
    }
    #expect((30...45).contains(interval.expected.seconds), "\(interval)")
    #expect(interval.earliest < interval.expected && interval.expected < interval.latest)
    #expect(interval.confidence == StartEstimate.confidenceDefault)
    let explanation = try await fixture.control.explain(job, tenant: fixture.tenant)
    #expect(explanation.unknown.isEmpty, "\(explanation.unknown)")
  }

  /// One slot, jobs of ten seconds, an array of which ten tasks are made at a time: forty have to end.
  @Test func tasksThatAreStillToBeMadeAreWaitedFor() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    try await runJobs(40, 10, fixture, clock)
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    draft.array = ArrayDraft(try TaskIndexes(text: "0-39"))
    _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
    var limits = ArrayLimits()
    limits.windowMax = 10
    let admission = fixture.control.admission
    #expect(try await ArrayKeeper(ledger: fixture.ledger, admission: admission, limits: limits).makeDue() == 10)
    #expect(try await fixture.lease().count == 1)
    let job = try await fixture.submit()
    guard case .after(let interval)? = try await start(fixture, job) else {
      Issue.record("the start should have been told")
      return
    }
    #expect((320...480).contains(interval.expected.seconds), "\(interval)")
  }

  /// One slot, jobs of ten seconds: what is left of the one that runs is waited for, and no less than a part of one.
  @Test func howLongTheRunningOneHasRunIsCounted() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    try await runJobs(40, 10, fixture, clock)
    _ = try await fixture.submit()
    #expect(try await fixture.lease().count == 1)
    let job = try await fixture.submit()
    var waits: [Double] = []
    for _ in 0..<3 {
      guard case .after(let span)? = try await start(fixture, job) else {
        Issue.record("the start should have been told")
        return
      }
      #expect(!span.isRough && span.observed == 40)
      waits.append(span.expected.seconds)
      clock.advance(by: .seconds(8))
    }
    #expect(abs(waits[1] / waits[0] - 0.2) < 0.01 && abs(waits[2] / waits[0] - 0.1) < 0.01, "\(waits)")
  }

  @Test func fewAttemptsMakeARoughGuess() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    func span(_ job: JobID) async throws -> StartSpan? {
      if case .after(let span)? = try await start(fixture, job) { span } else { nil }
    }
    try await runJobs(9, 10, fixture, clock)
    for _ in 0..<2 { _ = try await fixture.submit() }
    let running = try await fixture.lease()
    let job = try await fixture.submit()
    let few = try #require(try await span(job))
    #expect(few.isRough && few.observed == 9)
    clock.advance(by: .seconds(10))
    try await fixture.complete(running)
    try await fixture.control.settler.drain()
    _ = try await fixture.lease()
    let enough = try #require(try await span(job))
    #expect(!enough.isRough && few.latest / enough.latest > 2, "\(few) \(enough)")
  }

  /// Tenants take turns: of the other's many jobs only as many go first as it has turns.
  @Test func othersGoFirstByTheirWeight() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    let other = try await fixture.ledger.createTenant(
      name: "other", plan: "p", credits: MicroCredits(micros: 1_000_000))
    _ = try await fixture.control.change(SharingChange(weight: 200), ofTenantNamed: "other")
    try await runJobs(40, 10, fixture, clock)
    let draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    for _ in 0..<100 { _ = try await fixture.control.submit(draft, tenant: other) }
    #expect(try await fixture.lease().count == 1)
    let (first, second) = (try await fixture.submit(), try await fixture.submit())
    guard case .after(let early)? = try await start(fixture, first),
      case .after(let late)? = try await start(fixture, second)
    else {
      Issue.record("the starts should have been told")
      return
    }
    // Two of the other's for each of its own: three ends, and six.
    #expect((20...40).contains(early.expected.seconds) && (45...75).contains(late.expected.seconds), "\(early) \(late)")
  }

  @Test func aLimitOfTheTenantHoldsItWhereWorkersWouldNot() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    try await runJobs(40, 10, fixture, clock)
    _ = try await fixture.control.change(
      SharingChange(limit: LimitChange(runningMax: .atMost(1))), ofTenantNamed: "acme")
    let jobs = [try await fixture.submit(), try await fixture.submit()]
    let room = ResourceRequest(cpuMillicores: 8_000, memoryBytes: 16 << 30)
    let grant = try await fixture.queue.lease(
      LeaseRequest(worker: fixture.worker, tiers: [.cpu], count: 5, room: room), for: .seconds(600))
    #expect(grant.leases.map(\.job.id) == [jobs[0]])
    guard case .after(let interval)? = try await start(fixture, jobs[1]) else {
      Issue.record("the start should have been told")
      return
    }
    #expect((4...12).contains(interval.expected.seconds), "\(interval)")
  }
}
