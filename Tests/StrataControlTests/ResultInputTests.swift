import ControlTestSupport
import Foundation
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// Jobs that work on results of others, through the controller.
@Suite struct ResultInputTests {
  private static func submit(_ fixture: ControlFixture, on source: JobID, _ result: String = "made") async throws
    -> JobID
  {
    let draft = JobDraft(
      capability: "test.files", parametersJSON: "{}",
      inputs: [.result(ResultReference(name: "in", job: source, result: result))])
    return try await fixture.control.submit(draft, tenant: fixture.tenant).id
  }

  /// Ends the next job as one that has made an artifact.
  private static func completeNext(_ fixture: ControlFixture, making name: String = "made") async throws
    -> ArtifactReference
  {
    let stored = try await fixture.upload("made by \(name)")
    let result = ArtifactReference(name: name, digest: stored.digest, sizeBytes: stored.sizeBytes)
    try await fixture.complete(try await fixture.lease(), report: ControlFixture.report(results: [result]))
    try await fixture.control.settler.drain()
    return result
  }

  private static func order(_ lease: Lease) throws -> WorkOrder {
    try JSONDecoder().decode(WorkOrder.self, from: Data(lease.job.payload))
  }

  @Test func `whoever leases the job is told of the result as of any input`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    let job = try await Self.submit(fixture, on: source)
    #expect(try await fixture.state(of: job) == .blocked)
    let stored = try #require(try await fixture.ledger.job(job, tenant: fixture.tenant))
    #expect(stored.structure.after == [source])
    let made = try await Self.completeNext(fixture)
    let lease = try #require(try await fixture.lease().first)
    let order = try Self.order(lease)
    #expect(lease.job.id == job)
    #expect(order.inputs == [ArtifactReference(name: "in", digest: made.digest, sizeBytes: made.sizeBytes)])
    try await fixture.complete([lease])
    try await fixture.control.settler.drain()
    // One that comes when all has ended is told at once.
    let late = try await Self.submit(fixture, on: source)
    #expect(try await fixture.lease().map(\.job.id) == [late])
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func `a repeated submission is the same one, and another result is another request`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    func submit(_ result: String) async throws -> AdmittedJob {
      var draft = JobDraft(
        capability: "test.files", parametersJSON: "{}",
        inputs: [.result(ResultReference(job: source, result: result))])
      draft.idempotencyKey = "k"
      return try await fixture.control.submit(draft, tenant: fixture.tenant)
    }
    let first = try await submit("made")
    #expect(try await submit("made").id == first.id)
    let error = await #expect(throws: StrataError.self) { try await submit("other") }
    #expect(error?.code == .conflict)
  }

  @Test func `jobs that are done again together work on what the new ones make`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    let job = try await Self.submit(fixture, on: source)
    try await fixture.fail(try #require(try await fixture.lease().first), code: "broken", isRetryable: false)
    try await fixture.control.settler.drain()
    #expect(try await fixture.state(of: job) == .failed)
    let all = try await fixture.control.retryAll(
      JobFilter(tenant: fixture.tenant, states: [.failed]), tenant: fixture.tenant)
    let again = Dictionary(uniqueKeysWithValues: try all.map { ($0.job.id, try $0.verdict.get().id) })
    let second = try #require(again[job])
    let stored = try #require(try await fixture.ledger.job(second, tenant: fixture.tenant))
    let newSource = try #require(again[source])
    #expect(stored.structure.after == [newSource] && stored.awaited?.sources == [newSource])
    let made = try await Self.completeNext(fixture)
    let order = try Self.order(try #require(try await fixture.lease().first))
    #expect(order.job == second && order.inputs.map(\.digest) == [made.digest])
  }

  @Test func `a job that is done again later works on what has been done again meanwhile`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    let job = try await Self.submit(fixture, on: source)
    try await fixture.fail(try #require(try await fixture.lease().first), code: "broken", isRetryable: false)
    try await fixture.control.settler.drain()
    let newSource = try await fixture.control.retry(source, tenant: fixture.tenant).id
    let made = try await Self.completeNext(fixture)
    let again = try await fixture.control.retry(job, tenant: fixture.tenant).id
    let stored = try #require(try await fixture.ledger.job(again, tenant: fixture.tenant))
    #expect(stored.order.inputs.map(\.digest) == [made.digest] && stored.structure.after == [newSource])
    #expect(try await fixture.lease().map(\.job.id) == [again])
  }

  /// Of three tasks one makes something, one fails, and one is cancelled before it is made.
  @Test func `of an array there is what its tasks have left`() async throws {
    let fixture = try await ControlFixture()
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    draft.array = ArrayDraft(try TaskIndexes(text: "4-6"))
    let array = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    let keeper = ArrayKeeper(ledger: fixture.ledger, admission: fixture.control.admission)
    func submit(_ result: String, _ policy: DependencyPolicy) async throws -> JobID {
      let draft = JobDraft(
        capability: "test.files", parametersJSON: "{}", inputs: [.result(ResultReference(job: array, result: result))],
        structure: JobStructure(dependencyPolicy: policy))
      return try await fixture.control.submit(draft, tenant: fixture.tenant).id
    }
    let (whole, some) = (try await submit("made", .fail), try await submit("m*", .run))
    let nothing = try await submit("other*", .run)
    _ = try await fixture.control.cancel(try TaskIndexes(text: "6"), of: ArrayID(array), tenant: fixture.tenant)
    while try await keeper.makeDue() > 0 {}
    let made = try await Self.completeNext(fixture)
    try await fixture.fail(try #require(try await fixture.lease().first), code: "broken", isRetryable: false)
    try await fixture.control.settler.drain()
    let order = try Self.order(try #require(try await fixture.lease().first))
    #expect(order.job == some && order.inputs.map(\.name) == ["4-made"] && order.inputs[0].digest == made.digest)
    for (job, code) in [(whole, "dependency_failed"), (nothing, "result_missing")] {
      let stored = try #require(try await fixture.ledger.job(job, tenant: fixture.tenant))
      #expect(stored.error?.code == code, "\(stored)")
    }
    let error = try await fixture.ledger.job(nothing, tenant: fixture.tenant)?.error
    #expect(error?.message.contains("none of 2 tasks") == true && error?.message.contains("'made'") == true, "\(error)")
    // Whoever would fail at once is told so instead, unless that is to be borne.
    let refusal = await #expect(throws: StrataError.self) {
      try await fixture.control.retry(whole, tenant: fixture.tenant)
    }
    #expect(refusal?.code == .conflict && refusal?.message.contains("\(array)") == true)
    let many = try await fixture.control.retryAll(
      JobFilter(tenant: fixture.tenant, states: [.failed], soldAs: "test.files"), tenant: fixture.tenant)
    let verdicts = Dictionary(uniqueKeysWithValues: many.map { ($0.job.id, $0.verdict) })
    guard case .failure(let hopeless)? = verdicts[whole] else { throw StrataError(.internalError, "\(many)") }
    #expect(hopeless.code == .conflict && hopeless.message == refusal?.message)
    guard case .success(let borne)? = verdicts[nothing] else { throw StrataError(.internalError, "\(many)") }
    // One that is done again already is found.
    #expect(try await fixture.control.retry(nothing, tenant: fixture.tenant).id == borne.id)
    let again = try await fixture.control.retry(nothing, tenant: fixture.tenant).id
    let stored = try #require(try await fixture.ledger.job(again, tenant: fixture.tenant))
    #expect(stored.structure.dependencyPolicy == .run && stored.error?.code == "result_missing")
    #expect(try await fixture.ledger.verify().isSound)
  }

  /// With inputs the order is written in another way, in which each of its many slashes takes two bytes.
  @Test func `what is released is small enough for the queue`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    func submit(slashes count: Int) async -> Result<AdmittedJob, StrataError> {
      let paths = String(repeating: "/", count: count)
      let draft = JobDraft(
        capability: "command.run", parametersJSON: "{\"command\":[\"ls\",\"\(paths)\"]}",
        inputs: [.result(ResultReference(job: source, result: "made"))])
      do throws(StrataError) {
        return .success(try await fixture.control.submit(draft, tenant: fixture.tenant))
      } catch {
        return .failure(error)
      }
    }
    var taken: [JobID] = []
    var refusals: [StrataError.Code] = []
    for count in stride(from: 28_000, through: 34_000, by: 500) {
      switch await submit(slashes: count) {
      case .success(let job): taken.append(job.id)
      case .failure(let error): refusals.append(error.code)
      }
    }
    #expect(!taken.isEmpty && !refusals.isEmpty)
    #expect(refusals.allSatisfy { $0 == .invalidInput })
    _ = try await Self.completeNext(fixture)
    let leased = try await fixture.lease(100).map(\.job.id)
    #expect(leased.sorted() == taken.sorted())
  }

  @Test func `nobody works on results of another tenant, whatever is named`() async throws {
    let fixture = try await ControlFixture()
    let other = try await fixture.ledger.createTenant(
      name: "other", plan: "p", credits: MicroCredits(micros: 10_000_000))
    let source = try await fixture.submit()
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    draft.array = ArrayDraft(try TaskIndexes(text: "1-2"))
    let array = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    for job in [source, array] {
      let stealing = JobDraft(
        capability: "test.files", parametersJSON: "{}", inputs: [.result(ResultReference(job: job, result: "*"))])
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(stealing, tenant: other)
      }
      #expect(error?.code == .unknownDependency)
    }
  }

  @Test func `names that cannot be are refused at once`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    let results = [
      ResultReference(name: "output", job: source, result: "a"), ResultReference(name: "a/b", job: source, result: "a"),
      ResultReference(job: source, result: ""),
      ResultReference(job: source, result: String(repeating: "a", count: 2_000)),
    ]
    for result in results + [
      ResultReference(job: source, result: "a\u{0}"), ResultReference(job: source, result: "a/b"),
    ] {
      let draft = JobDraft(capability: "test.files", parametersJSON: "{}", inputs: [.result(result)])
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(draft, tenant: fixture.tenant)
      }
      #expect([.invalidName, .invalidInput].contains(error?.code), "\(result)")
    }
    let unknown = JobDraft(
      capability: "test.files", parametersJSON: "{}", inputs: [.result(ResultReference(job: JobID(), result: "a"))])
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(unknown, tenant: fixture.tenant)
    }
    #expect(error?.code == .unknownDependency)
  }
}
