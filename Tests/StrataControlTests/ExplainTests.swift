import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling
import TestSupport
import Testing

/// "Why is my job waiting?", for each thing that may hold one.
@Suite struct ExplainTests {
  private func reasons(_ fixture: ControlFixture, _ job: JobID) async throws -> [Explanation.Reason] {
    try await fixture.control.explain(job, tenant: fixture.tenant).reasons
  }

  @Test func aJobWithoutAnyWorkerSaysSo() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    let explanation = try await fixture.control.explain(job, tenant: fixture.tenant)
    #expect(explanation.state == .queued && explanation.reasons.map(\.code) == [.noWorker])
    #expect(explanation.unknown.contains { $0.contains("1 core and 1 GiB of memory") })
  }

  @Test func aJobThatTheQueueDoesNotHoldIsNotSaidToRun() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    try await fixture.queue.forget([job])
    #expect(try await reasons(fixture, job).map(\.code) == [.notEnqueued])
    let listed = try await fixture.control.jobs(
      JobFilter(tenant: fixture.tenant, states: [.queued]), after: nil, limit: 10
    ).jobs
    #expect(listed.map(\.record.id) == [job] && listed[0].isEnqueued == false)
    // One that has ended there, and is not settled yet, is ending.
    let ended = try await fixture.submit()
    try await fixture.complete(try await fixture.lease())
    #expect(try await reasons(fixture, ended).map(\.code) == [.running])
    try await fixture.settler().drain()
    #expect(try await reasons(fixture, ended).map(\.code) == [.finished])
  }

  @Test func runningJobsAreCountedByTheirIdentifiersAlone() async throws {
    let fixture = try await ControlFixture()
    let jobs = [try await fixture.submit(), try await fixture.submit(), try await fixture.submit()]
    #expect(try await fixture.ledger.unfinished(of: fixture.tenant, limit: 2) == Array(jobs.prefix(2)))
    #expect(try await fixture.ledger.unfinished(of: TenantID(), limit: 2).isEmpty)
    _ = try await fixture.control.change(
      SharingChange(limit: LimitChange(runningMax: .atMost(2))), ofTenantNamed: "acme")
    #expect(try await fixture.lease(3).count == 2)
    let full = try await reasons(fixture, jobs[2])
    #expect(full.map(\.code) == [.tenantLimit] && full[0].count == 2)
  }

  @Test func aScheduledJobSaysUntilWhenAndARetryThatItIsOne() async throws {
    let clock = HeldClock()
    let fixture = try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock.clock))) {
      $0.clock = clock.clock
    }
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    draft.start = .after(.seconds(60))
    let later = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    #expect(try await reasons(fixture, later).first?.until == clock.now + .seconds(60))
    #expect(try await reasons(fixture, later).map(\.code) == [.scheduled])
    let failed = try await fixture.submit()
    let lease = try #require(try await fixture.lease().first)
    _ = try await fixture.queue.fail([
      AttemptFailure(
        lease: lease.reference, ending: .failed, isRetryable: true, retryDelay: .seconds(5),
        report: ControlFixture.report(error: AttemptError(code: "crashed", message: "it crashed", isRetryable: true)))
    ])
    try await fixture.settler().drain()
    let retry = try await reasons(fixture, failed)
    #expect(retry.map(\.code) == [.retrying] && retry[0].until == clock.now + .seconds(5))
  }

  @Test func limitsAndPausesAreNamedWithTheirNumbers() async throws {
    let fixture = try await ControlFixture()
    let control = fixture.control
    let jobs = [try await fixture.submit(), try await fixture.submit()]
    _ = try await control.change(SharingChange(limit: LimitChange(runningMax: .atMost(1))), ofTenantNamed: "acme")
    #expect(try await fixture.lease(2).map(\.job.id) == [jobs[0]])
    let full = try await reasons(fixture, jobs[1])
    #expect(full.map(\.code) == [.tenantLimit] && full[0].count == 1 && full[0].limit == 1)
    _ = try await control.change(LimitChange(isPaused: true), of: .tier, named: "cpu")
    _ = try await control.change(LimitChange(runningMax: .atMost(1)), of: .capability, named: "test.echo")
    let all = try await reasons(fixture, jobs[1])
    #expect(all.map(\.code) == [.tenantLimit, .capabilityLimit, .tierPaused])
    #expect(try await reasons(fixture, jobs[0]).map(\.code) == [.running])
    // A limit of none is no pause: to resume would change nothing.
    _ = try await control.change(LimitChange(runningMax: .atMost(0), isPaused: false), of: .tier, named: "cpu")
    let none = try await reasons(fixture, jobs[1])
    #expect(none.last?.code == .tierLimit && none.last?.limit == 0 && none.last?.message.contains("limit of 0") == true)
  }

  @Test func whoGoesFirstIsCounted() async throws {
    let fixture = try await ControlFixture()
    let credits = MicroCredits(micros: 1_000_000)
    let (higher, equal) = (
      try await fixture.ledger.createTenant(name: "higher", plan: "p", credits: credits),
      try await fixture.ledger.createTenant(name: "equal", plan: "p", credits: credits)
    )
    _ = try await fixture.control.change(
      SharingChange(priorityClass: PriorityClass(rawValue: 5)), ofTenantNamed: "higher")
    // A worker that is there and has nothing free.
    _ = try await fixture.lease(0)
    let draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    for tenant in [higher, equal, equal, fixture.tenant] { _ = try await fixture.control.submit(draft, tenant: tenant) }
    let job = try await fixture.submit()
    let found = try await reasons(fixture, job)
    #expect(found.map(\.code) == [.higherClasses, .ownJobs, .turns, .noRoom])
    #expect(found.map(\.count) == [1, 1, 2, 1])
  }

  /// Those of its tenant that need something else may go first by their priority, and are not counted one by one.
  @Test func whereMoreOfItsTenantMayGoFirstTheCountIsTheLeast() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.lease(0)
    _ = try await fixture.submit()
    let job = try await fixture.submit()
    func own() async throws -> String? { try await reasons(fixture, job).first { $0.code == .ownJobs }?.message }
    let order = ": a tenant's jobs start by priority, then as they were submitted"
    #expect(try await own() == "1 job of its own tenant goes first\(order)")
    var other = JobDraft(capability: "test.files", parametersJSON: "{}")
    (other.memoryBytes, other.priority) = (2 << 30, JobPriority(rawValue: 90) ?? .standard)
    _ = try await fixture.control.submit(other, tenant: fixture.tenant)
    #expect(try await own() == "at least 1 job of its own tenant goes first\(order)")
  }

  @Test func aRateThatMayHoldAJobComesBeforeItsBeingNext() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.lease(0)
    let job = try await fixture.submit()
    #expect(try await reasons(fixture, job).map(\.code) == [.noRoom, .next])
    let rate = LimitChange(rate: .atMost(try RateLimit(1, per: .seconds(60))))
    _ = try await fixture.control.change(rate, of: .tier, named: "cpu")
    #expect(try await reasons(fixture, job).map(\.code) == [.rateLimit, .noRoom, .next])
  }

  @Test func whichResourceIsShortIsToldWithHowMuchThereIs() async throws {
    let fixture = try await ControlFixture()
    func take(_ room: ResourceRequest, _ count: Int = 4) async throws {
      _ = try await fixture.queue.lease(
        LeaseRequest(
          worker: fixture.worker, tiers: [.cpu], count: count, room: room,
          wholeRoom: ResourceRequest(cpuMillicores: 8_000, memoryBytes: 16 << 30)), for: .seconds(3_600))
    }
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    (draft.cpuMillicores, draft.memoryBytes) = (4_000, 8 << 30)
    try await take(ResourceRequest(cpuMillicores: 3_000, memoryBytes: 12 << 30))
    let job = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    let short = try await reasons(fixture, job)
    #expect(short.map(\.code) == [.noRoom, .next])
    #expect(
      short[0].message
        == "the one worker of tier 'cpu' that is large enough has no room for 4 cores and 8 GiB of memory now: the roomiest has 3 cores free"
    )
    // One that has asked for nothing takes nothing.
    try await take(ResourceRequest(cpuMillicores: 8_000, memoryBytes: 16 << 30), 0)
    #expect(try await reasons(fixture, job)[0].message.hasSuffix("now: one takes no more jobs now"))
    try await take(ResourceRequest(cpuMillicores: 8_000, memoryBytes: 16 << 30))
    #expect(try await reasons(fixture, job).map(\.code) == [.running])
  }

  /// What its own tenant has submitted since does not hold it, and what needs something else may.
  @Test func itsOwnTenantsOtherJobsAreNobodyElses() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.ledger.createTenant(name: "other", plan: "p", credits: MicroCredits(micros: 1_000_000))
    _ = try await fixture.lease(0)
    let job = try await fixture.submit()
    _ = try await fixture.submit()
    let explanation = try await fixture.control.explain(job, tenant: fixture.tenant)
    #expect(explanation.reasons.map(\.code) == [.noRoom, .next] && explanation.unknown.isEmpty)
    var other = JobDraft(capability: "test.files", parametersJSON: "{}")
    other.memoryBytes = 2 << 30
    _ = try await fixture.control.submit(other, tenant: fixture.tenant)
    let beside = try await fixture.control.explain(job, tenant: fixture.tenant)
    #expect(beside.reasons.map(\.code) == [.ownJobs, .noRoom] && beside.reasons[0].count == nil)
    #expect(beside.unknown == ["whether jobs of its own tenant go first that need something else"])
    guard case .unknown("own_jobs", _)? = beside.start else {
      Issue.record("\(String(describing: beside.start))")
      return
    }
  }

  /// A look at the room and one at the tenants are not of the same moment.
  @Test func whereThereIsOneTenantNoOthersAreTold() async throws {
    let fixture = try await ControlFixture()
    var jobs: [JobID] = []
    for _ in 0..<3 { jobs.append(try await fixture.submit()) }
    fixture.queue.holdRooms()
    let (last, tenant) = (jobs[2], fixture.tenant)
    async let explanation = fixture.control.explain(last, tenant: tenant)
    await fixture.queue.wait(for: .room)
    #expect(try await fixture.lease(2).count == 2)
    fixture.queue.releaseRooms()
    let codes = try await explanation.reasons.map(\.code)
    #expect(!codes.contains(.turns), "\(codes)")
  }

  @Test func tasksThatAreStillToBeMadeGoFirstToo() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.lease(0)
    var limits = ArrayLimits()
    limits.windowMax = 20
    let keeper = ArrayKeeper(ledger: fixture.ledger, admission: fixture.control.admission, limits: limits)
    func array(_ indexes: String, _ change: (inout JobDraft) -> Void = { _ in }) async throws -> ArrayID {
      var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
      draft.array = ArrayDraft(try TaskIndexes(text: indexes))
      change(&draft)
      return ArrayID(try await fixture.control.submit(draft, tenant: fixture.tenant).id)
    }
    func own(_ job: JobID) async throws -> Explanation.Reason? {
      try await reasons(fixture, job).first { $0.code == .ownJobs }
    }
    let large = try await array("0-59")
    // Neither what is less important, nor what comes later.
    _ = try await array("0-39") { $0.priority = JobPriority(rawValue: 10) ?? .standard }
    let job = try await fixture.submit()
    _ = try await array("0-39")
    while try await keeper.makeDue() > 0 {}
    let waits = try await own(job)
    #expect(waits?.count == 60, "\(waits?.message ?? "")")
    #expect(
      waits?.message.contains("60 jobs of its own tenant go first, counting 40 tasks that its arrays have") == true)
    // A task goes before those of its own array that are made after it.
    #expect(try await own(large.task(at: 19))?.count == 19)
    #expect(try await own(large.task(at: 0)) == nil)
    #expect(try await own(try await fixture.submit(priority: JobPriority(rawValue: 60) ?? .standard)) == nil)
    // What is cancelled will not be made; and one of higher priority has come.
    _ = try await fixture.control.cancel(try TaskIndexes(text: "40-59"), of: large, tenant: fixture.tenant)
    #expect(try await own(job)?.count == 41)
  }

  @Test func aWorkerThatIsFullOrStoppedIsSaidToBe() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.submit()
    #expect(try await fixture.lease().count == 1)
    let job = try await fixture.submit()
    let full = try await reasons(fixture, job)
    #expect(full.map(\.code) == [.noRoom, .next] && full[0].message.hasSuffix("now: one is busy in all its slots"))
    #expect(try await fixture.queue.leave(fixture.worker) == false)
    let stopped = try await reasons(fixture, job)
    #expect(stopped.map(\.code) == [.noWorker])
    #expect(stopped[0].message == "the worker of tier 'cpu' is being stopped: it waits until another comes")
  }

  @Test func aCancelledJobThatStillRunsIsSaidToBeStopped() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    _ = try await fixture.lease()
    #expect(try await fixture.control.cancel(job, tenant: fixture.tenant).state == .running)
    #expect(try await reasons(fixture, job).map(\.code) == [.cancelling])
  }

  @Test func aJobOfAnotherTenantIsNotExplained() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.explain(job, tenant: TenantID())
    }
    #expect(error?.code == .notFound)
  }
}
