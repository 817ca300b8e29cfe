import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// Who is preempted for whom, and what their owners are told.
@Suite struct PreemptionTests {
  /// A worker that is full with a job of an ordinary tenant, and a tenant of a higher class.
  private struct Bench {
    let clock = HeldClock()
    let fixture: ControlFixture
    let favoured: TenantID
    var heads = WaitingHeads()

    init() async throws {
      let clock = clock
      fixture = try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock.clock))) {
        $0.clock = clock.clock
      }
      favoured = try await fixture.ledger.createTenant(
        name: "favoured", plan: "p", credits: MicroCredits(micros: 1_000_000))
      _ = try await fixture.control.change(
        SharingChange(priorityClass: PriorityClass(rawValue: 7)), ofTenantNamed: "favoured")
      // Identifiers have the true time, which goes on meanwhile: what is accepted here was accepted before.
      clock.advance(by: .seconds(3_600))
    }

    func submit(by tenant: TenantID, isPreemptible: Bool = false) async throws -> JobID {
      var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
      if isPreemptible { draft.preemption = PreemptionTerms() }
      return try await fixture.control.submit(draft, tenant: tenant).id
    }

    /// A look of the leader after so much time.
    mutating func look(after time: Duration = .zero, preemptionsMax: Int = 20) async throws {
      clock.advance(by: time)
      let preempter = Preempter(
        queue: fixture.queue, ledger: fixture.ledger, preemptionsMax: preemptionsMax,
        metrics: ControlMetrics(fixture.metrics))
      try await preempter.look(&heads)
    }

    func signals() async throws -> [WorkerSignal] {
      try await fixture.queue.signals(for: fixture.worker, waitingUpTo: .zero)
    }
  }

  @Test func aJobEndsForOneOfAHigherClassThatHasWaitedAndIsToldSo() async throws {
    var bench = try await Bench()
    let fixture = bench.fixture
    let low = try await bench.submit(by: fixture.tenant, isPreemptible: true)
    let lease = try #require(try await fixture.lease().first)
    let high = try await bench.submit(by: bench.favoured)
    try await bench.look()
    try await bench.look(after: .seconds(29))
    #expect(try await bench.signals() == [])
    try await bench.look(after: .seconds(1))
    // It has room coming: nothing more ends for it, and nobody is told twice.
    try await bench.look(after: .seconds(60))
    #expect(try await bench.signals() == [.preempt(low)])
    let ending = try await fixture.control.explain(low, tenant: fixture.tenant).reasons
    #expect(ending.map(\.code) == [.preempted] && ending[0].message.contains("class 7"))
    _ = try await fixture.queue.release([AttemptResult(lease: lease.reference, report: ControlFixture.report())])
    try await fixture.settler().drain()
    #expect(try await fixture.lease().map(\.job.id) == [high])
    let waiting = try await fixture.control.explain(low, tenant: fixture.tenant).reasons
    #expect(waiting.last?.code == .preempted && waiting.last?.count == 1)
    let job = try await fixture.control.job(low, tenant: fixture.tenant)
    #expect(job.state == .queued && job.attempts.map(\.ending) == [.preempted])
    #expect(fixture.metrics.render().contains("strata_jobs_preempted_total 1"))
  }

  /// Several end for one that needs all their room, and nobody else gets what the first give back.
  @Test func severalEndForOneAndTheirRoomIsKeptForIt() async throws {
    var bench = try await Bench()
    let fixture = bench.fixture
    var low: [JobID] = []
    for _ in 0..<4 { low.append(try await bench.submit(by: fixture.tenant, isPreemptible: true)) }
    let room = ResourceRequest(cpuMillicores: 2_000, memoryBytes: 2 << 30)
    func ask(_ free: ResourceRequest) async throws -> [Lease] {
      try await fixture.queue.lease(
        LeaseRequest(worker: fixture.worker, tiers: [.cpu], count: 4, room: free, wholeRoom: room), for: .seconds(9_999)
      ).leases
    }
    let leases = try await ask(room)
    #expect(leases.count == 2)
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}", cpuMillicores: 2_000)
    draft.memoryBytes = 2 << 30
    let high = try await fixture.control.submit(draft, tenant: bench.favoured).id
    try await bench.look()
    try await bench.look(after: .seconds(30))
    #expect(Set(try await bench.signals()) == Set(leases.map { .preempt($0.job.id) }))
    let each = ResourceRequest(cpuMillicores: 1_000, memoryBytes: 1 << 30)
    _ = try await fixture.queue.release([AttemptResult(lease: leases[0].reference, report: ControlFixture.report())])
    #expect(try await ask(each) == [])
    _ = try await fixture.queue.release([AttemptResult(lease: leases[1].reference, report: ControlFixture.report())])
    #expect(try await ask(room).map(\.job.id) == [high])
  }

  @Test func nothingEndsThatMayNotOrWhereAnOperatorWantsNone() async throws {
    var bench = try await Bench()
    let fixture = bench.fixture
    _ = try await bench.submit(by: fixture.tenant)
    _ = try await fixture.lease()
    _ = try await bench.submit(by: bench.favoured)
    try await bench.look()
    try await bench.look(after: .seconds(600))
    #expect(try await bench.signals() == [])
    _ = try await bench.submit(by: fixture.tenant, isPreemptible: true)
    let other = WorkerID()
    // The favoured job would come first.
    _ = try await fixture.control.change(SharingChange(limit: LimitChange(isPaused: true)), ofTenantNamed: "favoured")
    #expect(
      try await fixture.queue.lease(worker: other, tiers: [.cpu], count: 1, for: .seconds(3_600)).leases.count == 1)
    _ = try await fixture.control.change(SharingChange(limit: LimitChange(isPaused: false)), ofTenantNamed: "favoured")
    var never = QueueOrder()
    never.preemptAfter = .zero
    #expect(try await fixture.control.change(never).preemptAfter == nil)
    try await bench.look()
    try await bench.look(after: .seconds(600))
    #expect(try await fixture.queue.signals(for: other, waitingUpTo: .zero) == [])
  }

  @Test func whoStoodBehindALimitDoesNotComeWithThatTime() async throws {
    var bench = try await Bench()
    let fixture = bench.fixture
    let low = try await bench.submit(by: fixture.tenant, isPreemptible: true)
    _ = try await fixture.lease()
    _ = try await fixture.control.change(SharingChange(limit: LimitChange(isPaused: true)), ofTenantNamed: "favoured")
    _ = try await bench.submit(by: bench.favoured)
    try await bench.look()
    try await bench.look(after: .seconds(600))
    _ = try await fixture.control.change(SharingChange(limit: LimitChange(isPaused: false)), ofTenantNamed: "favoured")
    try await bench.look()
    try await bench.look(after: .seconds(29))
    #expect(try await bench.signals() == [])
    try await bench.look(after: .seconds(1))
    #expect(try await bench.signals() == [.preempt(low)])
  }

  @Test func aJobIsNotPreemptedAgainAndAgain() async throws {
    var bench = try await Bench()
    let fixture = bench.fixture
    let low = try await bench.submit(by: fixture.tenant, isPreemptible: true)
    for isLast in [false, true] {
      let lease = try #require(try await fixture.lease().first)
      let high = try await bench.submit(by: bench.favoured)
      try await bench.look(preemptionsMax: 1)
      try await bench.look(after: .seconds(30), preemptionsMax: 1)
      #expect(try await bench.signals() == (isLast ? [] : [.preempt(low)]))
      if isLast { break }
      _ = try await fixture.queue.release([AttemptResult(lease: lease.reference, report: ControlFixture.report())])
      try await fixture.settler().drain()
      let leases = try await fixture.lease()
      #expect(leases.map(\.job.id) == [high])
      try await fixture.complete(leases)
    }
  }

  /// The queue knows that it had started; a queue that is rebuilt learns it from the ledger.
  @Test func aRebuiltQueueDoesNotFailAPreemptedJobForNotHavingStarted() async throws {
    var bench = try await Bench()
    let fixture = bench.fixture
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    (draft.preemption, draft.startBy) = (PreemptionTerms(graceSeconds: 5), .after(.seconds(60)))
    let low = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    let lease = try #require(try await fixture.lease().first)
    _ = try await bench.submit(by: bench.favoured)
    try await bench.look()
    try await bench.look(after: .seconds(30))
    _ = try await fixture.queue.release([AttemptResult(lease: lease.reference, report: ControlFixture.report())])
    let settler = fixture.settler()
    try await settler.drain()
    await fixture.queue.memory.lose()
    try await fixture.reconciler(settler).reconcile(.queueLost)
    bench.clock.advance(by: .seconds(600))
    #expect(try await fixture.queue.promote(limit: 10).expired == 0)
    #expect(try await fixture.lease(2).map(\.job).filter { $0.id == low }.map(\.isPreemptible) == [true])
  }
}
