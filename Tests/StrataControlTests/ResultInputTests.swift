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

  @Test func `names that cannot be are refused at once`() async throws {
    let fixture = try await ControlFixture()
    let source = try await fixture.submit()
    let results = [
      ResultReference(name: "output", job: source, result: "a"), ResultReference(name: "a/b", job: source, result: "a"),
      ResultReference(job: source, result: ""),
      ResultReference(job: source, result: String(repeating: "a", count: 2_000)),
    ]
    for result in results {
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
