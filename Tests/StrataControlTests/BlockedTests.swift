import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// Jobs that wait for others, together with what else there is: times, classes, explanations, retry policies.
@Suite struct BlockedTests {
  private let clock = HeldClock()
  private static let gpuTier = TierDefinition(
    rate: ControlFixture.tier.rate,
    workers: [ResourceRequest(cpuMillicores: 4_000, memoryBytes: 8 << 30, gpuThousandths: 1_000)])

  private func fixture() async throws -> ControlFixture {
    let clock = clock.clock
    return try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock))) { $0.clock = clock }
  }

  private func submit(
    _ fixture: ControlFixture, after: [JobID], _ policy: DependencyPolicy = .fail, start: StartTime? = nil
  ) async throws -> AdmittedJob {
    let draft = JobDraft(
      capability: "test.echo", parametersJSON: #"{"text":"hi"}"#, start: start,
      structure: JobStructure(after: after, dependencyPolicy: policy))
    return try await fixture.control.submit(draft, tenant: fixture.tenant)
  }

  private func finishNext(_ fixture: ControlFixture) async throws {
    try await fixture.complete(try await fixture.lease())
    try await fixture.control.settler.drain()
  }

  // MARK: Times

  @Test func aDelayCountsFromTheAcceptanceAndOutlastsTheWaitForOthers() async throws {
    let fixture = try await fixture()
    let first = try await fixture.submit()
    let due = clock.now + .seconds(600)
    let second = try await submit(fixture, after: [first], start: .after(.seconds(600)))
    #expect(second.state == .blocked)
    #expect(try await fixture.control.job(second.id, tenant: fixture.tenant).scheduledFor == nil)
    clock.advance(by: .seconds(60))
    try await finishNext(fixture)
    #expect(try await fixture.queue.status(of: [second.id]) == [.delayed(until: due, attemptsMade: 0)])
    let waiting = try await fixture.control.job(second.id, tenant: fixture.tenant)
    #expect(waiting.state == .scheduled && waiting.scheduledFor == due)
    clock.advance(by: .seconds(540))
    _ = try await fixture.queue.promote(limit: 10)
    try await finishNext(fixture)
    #expect(try await fixture.state(of: second.id) == .succeeded)
  }

  @Test func aTimeThatHasPassedHoldsNobodyAtTheRelease() async throws {
    let fixture = try await fixture()
    let first = try await fixture.submit()
    let second = try await submit(fixture, after: [first], start: .at(clock.now + .seconds(60)))
    clock.advance(by: .seconds(61))
    try await finishNext(fixture)
    #expect(try await fixture.queue.status(of: [second.id]) == [.ready(ahead: 0, attemptsMade: 0)])
  }

  @Test func aBatchSaysOfItsJobsWhatTheyWaitFor() async throws {
    let fixture = try await fixture()
    let first = try await fixture.submit()
    let plain = JobDraft(capability: "test.echo", parametersJSON: "{}")
    var (later, blocked) = (plain, plain)
    later.start = .after(.seconds(60))
    (blocked.start, blocked.structure.after) = (.after(.seconds(60)), [first])
    let many = ControlPlane.BatchDraft(jobs: [plain, later, blocked].map { .success($0) })
    let verdicts = try await fixture.control.submit(many, tenant: fixture.tenant).verdicts
    #expect(try verdicts.map { try $0.get().state } == [.queued, .scheduled, .blocked])
    let ids = try verdicts.map { try $0.get().id }
    let statuses = try await fixture.queue.status(of: ids)
    #expect(statuses[1] == .delayed(until: clock.now + .seconds(60), attemptsMade: 0) && statuses[2] == nil)
  }

  // MARK: Lanes

  @Test func aReleasedJobWaitsWhereItsTenantsOthersDo() async throws {
    let fixture = try await fixture()
    _ = try await fixture.control.change(
      SharingChange(priorityClass: PriorityClass(rawValue: 7)), ofTenantNamed: "acme")
    let first = try await fixture.submit()
    let lanes = Set(try await fixture.queue.census().lanes.keys)
    _ = try await submit(fixture, after: [first])
    try await finishNext(fixture)
    let census = try await fixture.queue.census()
    #expect(Set(census.lanes.filter { $0.value.ready > 0 }.keys) == lanes)
    #expect(lanes.first?.priorityClass == PriorityClass(rawValue: 7))
  }

  // MARK: Explanations

  @Test func aBlockedJobNamesWhatItWaitsForAlsoWithoutTheQueue() async throws {
    let fixture = try await fixture()
    let (first, second) = (try await fixture.submit(), try await fixture.submit())
    let job = try await submit(fixture, after: [first, second, first], start: .after(.seconds(600))).id
    let both = try await fixture.control.explain(job, tenant: fixture.tenant)
    #expect(fixture.queue.count(of: .census) == 0)
    #expect(both.state == .blocked && both.reasons.map(\.code) == [.blocked, .scheduled])
    #expect(both.reasons[0].jobs == [first, second] && both.reasons[0].count == 2)
    #expect(both.reasons[0].message.contains("2 of the 2 jobs that it runs after to end: \(first), \(second)"))
    #expect(both.reasons[1].until == clock.now + .seconds(600) && both.unknown.isEmpty)
    try await finishNext(fixture)
    clock.advance(by: .seconds(601))
    let one = try await fixture.control.explain(job, tenant: fixture.tenant).reasons
    #expect(one.map(\.code) == [.blocked] && one[0].jobs == [second])
    #expect(one[0].message.contains("1 of the 2 jobs"))
  }

  // MARK: Cancelling

  @Test func aBlockedJobIsCancelledLaterWhereTheQueueIsAway() async throws {
    let fixture = try await fixture()
    let first = try await fixture.submit()
    let (second, third) = (try await submit(fixture, after: [first]).id, try await submit(fixture, after: [first]).id)
    let last = try await submit(fixture, after: [second], .skip).id
    fixture.queue.fail(.cancel, with: .disconnected("gone"))
    #expect(try await fixture.control.cancel(second, tenant: fixture.tenant).state == .blocked)
    try await fixture.control.reconciler.carryOutCancellations()
    #expect(try await fixture.state(of: second) == .cancelled)
    #expect(try await fixture.state(of: last) == .cancelled)
    // One whose wish nobody carried out before it would have been released ends then.
    fixture.queue.fail(.cancel, with: .disconnected("gone"))
    _ = try await fixture.control.cancel(third, tenant: fixture.tenant)
    try await finishNext(fixture)
    #expect(try await fixture.state(of: third) == .cancelled)
    #expect(try await fixture.queue.status(of: [second, third, last]) == [nil, nil, nil])
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == .zero)
    #expect(try await fixture.ledger.verify().isSound)
  }

  // MARK: Retries

  /// The capability would give it three attempts, other waits, and no GPU.
  @Test func whatIsDoneAgainKeepsItsRetryPolicyAndWhatItNeeds() async throws {
    let fixture = try await ControlFixture { $0.tiers = [Self.gpuTier] }
    let policy = try RetryPolicy(firstDelay: .seconds(7), permanentCodes: ["timeout"])
    let order = WorkOrder(
      job: JobID(), tenant: fixture.tenant, capability: "test.echo", version: 1, parametersJSON: "{}", inputs: [],
      timeoutSeconds: 30, resources: ResourceRequest(cpuMillicores: 2_000, memoryBytes: 2 << 30, gpuThousandths: 500),
      retry: policy)
    let submission = JobSubmission(
      order: order, tier: .cpu, attemptsMax: 7, fingerprint: [1], runAt: .now + .seconds(3_600))
    _ = try await fixture.ledger.admit([submission])
    #expect(try await fixture.control.cancel(order.job, tenant: fixture.tenant).state == .cancelled)
    let retry = try await fixture.control.retry(order.job, tenant: fixture.tenant)
    #expect(retry.state == .queued)
    let record = try #require(try await fixture.ledger.job(retry.id, tenant: nil))
    let kept = try RetryPolicy(attemptsMax: 7, firstDelay: .seconds(7), permanentCodes: ["timeout"])
    #expect(record.attemptsMax == 7 && record.order.retry == kept && record.runAt == nil)
    #expect(record.order.resources == order.resources && record.order.timeoutSeconds == 30)
    let lanes = try await fixture.queue.census().lanes.filter { $0.value.ready == 1 }.keys
    #expect(lanes.count == 1 && lanes.allSatisfy { $0.resources.gpuThousandths >= 500 })
  }
}
