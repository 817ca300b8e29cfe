import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Testing

/// Jobs that wait for others: out of the queue until their time has come, and then in it once.
@Suite struct DependencyTests {
  private static func submit(
    _ fixture: ControlFixture, after: [JobID], _ policy: DependencyPolicy = .fail, key: String? = nil
  ) async throws -> AdmittedJob {
    let draft = JobDraft(
      capability: "test.echo", parametersJSON: #"{"text":"hi"}"#, idempotencyKey: key,
      structure: JobStructure(after: after, dependencyPolicy: policy))
    return try await fixture.control.submit(draft, tenant: fixture.tenant)
  }

  private static func snapshot(_ fixture: ControlFixture, _ job: JobID) async throws -> JobSnapshot {
    try await fixture.control.job(job, tenant: fixture.tenant)
  }

  private static let ready = QueueStatus.ready(ahead: 0, attemptsMade: 0)

  @Test func aBlockedJobIsInTheLedgerAloneUntilItIsReleased() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    let second = try await Self.submit(fixture, after: [first])
    #expect(second.state == .blocked && second.held == ControlFixture.price)
    #expect(try await fixture.queue.status(of: [second.id]) == [nil])
    #expect(try await Self.snapshot(fixture, second.id).state == .blocked)
    let listed = try await fixture.control.jobs(
      JobFilter(tenant: fixture.tenant, states: [.blocked]), after: nil, limit: 10
    ).jobs
    #expect(listed.map(\.record.id) == [second.id])
    try await fixture.complete(try await fixture.lease())
    try await fixture.settler().drain()
    #expect(try await fixture.queue.status(of: [second.id]) == [Self.ready])
    #expect(try await Self.snapshot(fixture, second.id).state == .queued)
    try await fixture.complete(try await fixture.lease())
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: second.id) == .succeeded)
    #expect(fixture.metrics.render().contains("strata_jobs_released_total 1"))
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func theReconcilerLeavesBlockedJobsOutAndPutsReleasedOnesIn() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    let second = try await Self.submit(fixture, after: [first]).id
    let settler = fixture.settler()
    await fixture.queue.memory.lose()
    #expect(try await fixture.reconciler(settler).reconcile(.queueLost).restored == 1)
    #expect(try await fixture.queue.status(of: [first, second]) == [Self.ready, nil])
    #expect(try await fixture.reconciler(settler).reconcile(.regular) == Reconciler.Outcome())
    // The release is committed, and then the queue is away: as if the controller had fallen between the two.
    try await fixture.complete(try await fixture.lease())
    fixture.queue.fail(.enqueue, with: .disconnected("gone"))
    try await settler.drain()
    #expect(try await fixture.state(of: second) == .queued)
    #expect(try await fixture.queue.status(of: [second]) == [nil])
    #expect(try await fixture.reconciler(settler).reconcile(.enqueueFailed).restored == 1)
    #expect(try await fixture.queue.status(of: [second]) == [Self.ready])
  }

  @Test func whatCannotBeEnqueuedIsAskedForAtOnce() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    let second = try await Self.submit(fixture, after: [first]).id
    let settler = fixture.settler()
    let reconciler = fixture.reconciler(settler)
    let running = Task { await reconciler.run() }
    await fixture.queue.wait(for: .generation)
    try await fixture.complete(try await fixture.lease())
    fixture.queue.fail(.enqueue, with: .disconnected("gone"))
    try await settler.drain()
    await fixture.queue.wait(for: .restore)
    while try await fixture.queue.status(of: [second]) == [nil] { await Task.yield() }
    running.cancel()
    await running.value
  }

  @Test func aJobThatIsBeingReleasedIsNotMissing() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    let second = try await Self.submit(fixture, after: [first]).id
    try await fixture.complete(try await fixture.lease())
    let settler = fixture.settler()
    fixture.queue.holdEnqueues()
    let settling = Task { try await settler.drain() }
    await fixture.queue.wait(for: .enqueue, count: 2)
    #expect(try await fixture.state(of: second) == .queued)
    #expect(try await fixture.reconciler(settler).reconcile(.regular).restored == 0)
    fixture.queue.releaseEnqueues()
    _ = try await settling.value
    #expect(try await fixture.queue.status(of: [second]) == [Self.ready])
    // And once it is over, nothing keeps it from being put back.
    try await fixture.queue.forget([second])
    #expect(try await fixture.reconciler(settler).reconcile(.regular).restored == 1)
  }

  @Test func aBlockedJobIsCancelledWithoutAnyQueueHoldingIt() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    let (second, third) = (try await Self.submit(fixture, after: [first]).id, try await fixture.submit())
    let fourth = try await Self.submit(fixture, after: [second, third], .skip).id
    #expect(try await fixture.control.cancel(second, tenant: fixture.tenant).state == .cancelled)
    let skipped = try await Self.snapshot(fixture, fourth)
    #expect(skipped.state == .cancelled && skipped.record.error?.code == "dependency_skipped")
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held.micros == 2 * ControlFixture.price.micros)
    let start = OutcomePosition(milliseconds: 0, sequence: 0)
    let events = try await fixture.queue.events(after: start, limit: 100, waitingUpTo: .zero)
    #expect(events.filter { $0.kind == .finished(.cancelled) }.map(\.job) == [second, fourth])
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aReleaseThatItsOwnerCancelsOnTheWayNeverRuns() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    let second = try await Self.submit(fixture, after: [first]).id
    try await fixture.complete(try await fixture.lease())
    fixture.queue.holdEnqueues()
    let settling = Task { try await fixture.control.settler.drain() }
    await fixture.queue.wait(for: .enqueue, count: 2)
    #expect(try await fixture.control.cancel(second, tenant: fixture.tenant).state == .cancelled)
    fixture.queue.releaseEnqueues()
    _ = try await settling.value
    #expect(try await fixture.queue.status(of: [second]) == [nil])
    #expect(try await fixture.lease().isEmpty)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aJobThatComesAfterAFailureIsToldAtOnce() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    _ = try await fixture.control.cancel(first, tenant: fixture.tenant)
    let second = try await Self.submit(fixture, after: [first], key: "k")
    #expect(second.state == .blocked)
    let told = try await Self.snapshot(fixture, second.id)
    #expect(told.state == .failed && told.record.error?.code == "dependency_failed")
    let again = try await Self.submit(fixture, after: [first], key: "k")
    #expect(again.id == second.id && again.isRepeat && again.state == .failed)
    #expect(try await Self.submit(fixture, after: [first], .run).state == .queued)
    let error = await #expect(throws: StrataError.self) { try await Self.submit(fixture, after: [], key: "k") }
    #expect(error?.code == .conflict)
  }

  @Test func aRepeatedSubmissionOfABlockedJobEnqueuesNothing() async throws {
    let fixture = try await ControlFixture()
    let first = try await fixture.submit()
    for _ in 0..<3 { #expect(try await Self.submit(fixture, after: [first], key: "k").state == .blocked) }
    #expect(fixture.queue.count(of: .enqueue) == 1 && fixture.queue.count(of: .restore) == 0)
  }

  @Test func tooManyAreRefusedAndTheLimitIsNamed() async throws {
    let fixture = try await ControlFixture()
    let many = (0...JobStructure.afterMax).map { _ in JobID() }
    let error = await #expect(throws: StrataError.self) { try await Self.submit(fixture, after: many) }
    #expect(error?.code == .invalidInput && error?.message.contains("1000") == true)
    let unknown = await #expect(throws: StrataError.self) { try await Self.submit(fixture, after: [many[0]]) }
    #expect(unknown?.code == .unknownDependency && unknown?.message.contains("\(many[0])") == true)
  }

  /// Another controller fell after it had settled, before it had told all who waited.
  @Test func whatAnotherLeftBehindIsFollowedUp() async throws {
    let fixture = try await ControlFixture(credits: 10_000)
    let first = try await fixture.submit()
    var waiting: [JobID] = []
    for _ in 0..<3 { waiting.append(try await Self.submit(fixture, after: [first]).id) }
    let last = try await Self.submit(fixture, after: waiting).id
    try await fixture.complete(try await fixture.lease())
    let outcomes = try await fixture.queue.outcomes(after: nil, limit: 10, waitingUpTo: .zero)
    var failed = SettlementItem(outcomes[0], report: nil)
    failed.ending = .failed
    #expect(try await fixture.ledger.settle([failed]).consequences.ended.count == 3)
    #expect(try await fixture.state(of: last) == .blocked)
    let settler = fixture.settler()
    let running = Task { await settler.run() }
    while try await fixture.state(of: last) == .blocked { await Task.yield() }
    #expect(try await fixture.state(of: last) == .failed)
    running.cancel()
    await running.value
    #expect(try await fixture.ledger.verify().isSound)
  }
}
