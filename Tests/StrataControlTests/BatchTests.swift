import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Testing

/// Many jobs at once, unique keys, and jobs that are done again.
@Suite struct BatchTests {
  private static let echo = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi"}"#)

  private static func changed(_ change: (inout JobDraft) -> Void) -> Result<JobDraft, StrataError> {
    var draft = echo
    change(&draft)
    return .success(draft)
  }

  private static func submit(
    _ fixture: ControlFixture, _ jobs: [Result<JobDraft, StrataError>], batch: BatchID? = nil, staysOpen: Bool = false,
    key: String? = nil
  ) async throws -> (batch: StoredBatch, verdicts: [Result<AdmittedJob, StrataError>]) {
    try await fixture.control.submit(
      ControlPlane.BatchDraft(jobs: jobs, batch: batch, staysOpen: staysOpen, idempotencyKey: key),
      tenant: fixture.tenant)
  }

  @Test func oneThatIsRefusedStandsInNobodysWay() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("mine")
    let missing = ArtifactReference(name: "x", digest: file.digest, sizeBytes: 99)
    let (batch, verdicts) = try await Self.submit(
      fixture,
      [
        .success(Self.echo), Self.changed { $0.capability = "test.eco" }, Self.changed { $0.maxCharge = .zero },
        .failure(StrataError(.invalidInput, "found before")),
        Self.changed { ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(file)]) },
        Self.changed { ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(missing)]) },
        .success(Self.echo),
      ])
    let codes = verdicts.map { verdict -> StrataError.Code? in
      if case .failure(let error) = verdict { error.code } else { nil }
    }
    #expect(codes == [nil, .notFound, .budgetExceeded, .invalidInput, nil, .unknownArtifact, nil])
    #expect(batch.total == 3 && !batch.isOpen && batch.finishedAt == nil)
    let jobs = verdicts.compactMap { try? $0.get().id }
    #expect(try await fixture.queue.page(after: nil, limit: 10).jobs.sorted() == jobs.sorted())
    let listed = try await fixture.control.jobs(
      JobFilter(tenant: fixture.tenant, batch: batch.id), after: nil, limit: 10
    ).jobs
    #expect(listed.map(\.record.id).sorted() == jobs.sorted())
    #expect(fixture.metrics.render().contains("strata_jobs_accepted_total 3"))
    try await fixture.complete(try await fixture.lease(3))
    try await fixture.settler().drain()
    let start = OutcomePosition(milliseconds: 0, sequence: 0)
    let events = try await fixture.queue.events(after: start, limit: 100, waitingUpTo: .zero)
    let ends = events.filter { $0.job == JobID(high: batch.id.high, low: batch.id.low) }
    #expect(ends.map(\.kind) == [.finished(.succeeded)])
    #expect(try await fixture.control.batch(batch.id, tenant: fixture.tenant).finishedAt != nil)
  }

  @Test func aRepeatedBatchIsTheSameAlsoWhereItWasBrokenOff() async throws {
    let fixture = try await ControlFixture()
    let jobs = Array(repeating: Result<JobDraft, StrataError>.success(Self.echo), count: 5)
    // As if the controller had fallen when two jobs were in.
    let begun = try await fixture.ledger.openBatch(tenant: fixture.tenant, idempotencyKey: "k")
    _ = try await Self.submit(fixture, Array(jobs.prefix(2)), batch: begun.id, staysOpen: true, key: "k")
    let first = try await Self.submit(fixture, jobs, key: "k")
    #expect(first.batch.id == begun.id && first.batch.total == 5 && !first.batch.isOpen)
    let again = try await Self.submit(fixture, jobs, key: "k")
    #expect(try first.verdicts.map { try $0.get().id } == again.verdicts.map { try $0.get().id })
    #expect(try again.verdicts.allSatisfy { try $0.get().isRepeat } && again.batch == first.batch)
    #expect(try await fixture.queue.page(after: nil, limit: 10).jobs.count == 5)
    let late = try await Self.submit(fixture, [.success(Self.echo)], batch: begun.id)
    guard case .failure(let error) = late.verdicts[0] else { throw StrataError(.internalError, "it was taken") }
    #expect(error.code == .conflict)
  }

  @Test func manyThatCannotBeEnqueuedAreAcceptedAllTheSame() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.fail(.enqueue, with: .disconnected("gone"))
    let (batch, _) = try await Self.submit(fixture, Array(repeating: .success(Self.echo), count: 20))
    #expect(batch.total == 20)
    #expect(try await fixture.reconciler(fixture.settler()).reconcile(.enqueueFailed).restored == 20)
  }

  @Test func tooManyAtOnceAreRefused() async throws {
    let fixture = try await ControlFixture()
    let error = await #expect(throws: StrataError.self) {
      try await Self.submit(fixture, Array(repeating: .success(Self.echo), count: 1_001))
    }
    #expect(error?.code == .invalidInput && error?.message.contains("1000") == true)
  }

  // MARK: Unique keys

  @Test func aUniqueJobIsFoundOrRefused() async throws {
    let fixture = try await ControlFixture()
    var draft = Self.echo
    draft.structure.unique = UniqueKey("nightly")
    let first = try await fixture.control.submit(draft, tenant: fixture.tenant)
    let second = try await fixture.control.submit(draft, tenant: fixture.tenant)
    #expect(second.id == first.id && second.isRepeat && !first.isRepeat)
    draft.structure.unique?.onConflict = .refuse
    let refused = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(draft, tenant: fixture.tenant)
    }
    #expect(refused?.code == .notUnique)
    try await fixture.complete(try await fixture.lease())
    try await fixture.settler().drain()
    #expect(try await fixture.control.submit(draft, tenant: fixture.tenant).id != first.id)
    for bad in [UniqueKey(""), UniqueKey(String(repeating: "x", count: 256)), UniqueKey("k", seconds: 0)] {
      draft.structure.unique = bad
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(draft, tenant: fixture.tenant)
      }
      #expect(error?.code == .invalidInput)
    }
  }

  // MARK: Retries

  private static func failed(_ fixture: ControlFixture, _ draft: JobDraft = echo) async throws -> JobID {
    let job = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    try await fixture.fail(fixture.lease()[0], code: "broken", isRetryable: false)
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: job) == .failed)
    return job
  }

  @Test func aFailedJobIsDoneAgainAsANewOne() async throws {
    let fixture = try await ControlFixture()
    var draft = Self.echo
    draft.priority = try #require(JobPriority(rawValue: 70))
    draft.structure.unique = UniqueKey("k", seconds: 3_600)
    let job = try await Self.failed(fixture, draft)
    let retry = try await fixture.control.retry(job, tenant: fixture.tenant)
    #expect(retry.id != job && retry.held == ControlFixture.price && !retry.isRepeat)
    let (old, new) = (
      try await fixture.control.job(job, tenant: fixture.tenant),
      try await fixture.control.job(retry.id, tenant: fixture.tenant)
    )
    #expect(old.record.retriedBy == retry.id && new.record.structure.retryOf == job)
    #expect(new.record.order.parametersJSON == old.record.order.parametersJSON)
    #expect(new.record.priority == old.record.priority && new.state == .queued)
    let again = try await fixture.control.retry(job, tenant: fixture.tenant)
    #expect(again.id == retry.id && again.isRepeat)
    let early = await #expect(throws: StrataError.self) {
      try await fixture.control.retry(retry.id, tenant: fixture.tenant)
    }
    #expect(early?.code == .conflict)
    let other = try await fixture.ledger.createTenant(name: "other", plan: "creator")
    let foreign = await #expect(throws: StrataError.self) { try await fixture.control.retry(job, tenant: other) }
    #expect(foreign?.code == .notFound)
    try await fixture.complete(try await fixture.lease())
    try await fixture.settler().drain()
    let done = await #expect(throws: StrataError.self) {
      try await fixture.control.retry(retry.id, tenant: fixture.tenant)
    }
    #expect(done?.code == .conflict)
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func manyAreDoneAgainWithinALimitAndNotTwice() async throws {
    let fixture = try await ControlFixture()
    var jobs: [JobID] = []
    for _ in 0..<5 { jobs.append(try await Self.failed(fixture)) }
    let filter = JobFilter(
      tenant: fixture.tenant, states: [.failed], soldAs: "test.echo", errorCode: "broken")
    #expect(try await fixture.control.retryable(filter, limit: 3).map(\.id) == Array(jobs.prefix(3)))
    let first = try await fixture.control.retryAll(filter, limit: 3, tenant: fixture.tenant)
    #expect(first.map(\.job.id) == Array(jobs.prefix(3)) && first.allSatisfy { (try? $0.verdict.get()) != nil })
    let second = try await fixture.control.retryAll(filter, limit: 3, tenant: fixture.tenant)
    #expect(second.map(\.job.id) == Array(jobs.suffix(2)))
    #expect(try await fixture.control.retryAll(filter, limit: 3, tenant: fixture.tenant).isEmpty)
    #expect(try await fixture.queue.page(after: nil, limit: 10).jobs.count == 5)
    let none = JobFilter(tenant: fixture.tenant, errorCode: "other")
    #expect(try await fixture.control.retryable(none).isEmpty)
  }
}
