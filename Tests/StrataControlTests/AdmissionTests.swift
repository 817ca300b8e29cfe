import ControlTestSupport
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

@Suite struct AdmissionTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let why: String
    let code: StrataError.Code
    let change: @Sendable (inout JobDraft) -> Void

    init(_ why: String, _ code: StrataError.Code, _ change: @escaping @Sendable (inout JobDraft) -> Void) {
      (self.why, self.code, self.change) = (why, code, change)
    }

    var testDescription: String { why }
  }

  private static let digest = ArtifactDigest(bytes: [UInt8](repeating: 7, count: 32))!
  private static let file = ArtifactReference(name: "a", digest: digest, sizeBytes: 1)

  private static func named(_ name: String) -> ArtifactReference {
    ArtifactReference(name: name, digest: digest, sizeBytes: 1)
  }

  @Test(arguments: [
    Refusal("unknown capability", .notFound) { $0.capability = "test.eco" },
    Refusal("bad parameter", .invalidInput) { $0.parametersJSON = #"{"loud":true}"# },
    Refusal("parameters that are no object", .invalidInput) { $0.parametersJSON = "[]" },
    Refusal("inputs it does not take", .invalidInput) { $0.inputs = [.artifact(file)] },
    Refusal("no such tier", .unsatisfiable) { $0.tier = .gpu },
    Refusal("no CPU", .invalidBody) { $0.cpuMillicores = 0 },
    Refusal("more CPU than any worker has", .unsatisfiable) { $0.cpuMillicores = 4_001 },
    Refusal("more memory than any worker has", .unsatisfiable) { $0.memoryBytes = 8 << 30 + 1 },
    Refusal("over its own bound", .budgetExceeded) { $0.maxCharge = MicroCredits(micros: 999) },
    Refusal("over the budget", .budgetExceeded) { $0.capability = "echo-deluxe" },
    Refusal("more than the queue takes", .invalidInput) {
      $0.parametersJSON = #"{"text":""# + String(repeating: "x", count: 70_000) + #""}"#
    },
    Refusal("two inputs of one name", .invalidInput) {
      ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(file), .artifact(file)])
    },
    Refusal("an input under a worker's own name", .invalidName) {
      ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(named(".stdin"))])
    },
    Refusal("an input where the results go", .invalidName) {
      ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(named("output"))])
    },
    Refusal("an input with a line feed in its name", .invalidName) {
      ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(named("a\nb"))])
    },
    Refusal("an input that nobody uploaded", .unknownArtifact) {
      ($0.capability, $0.parametersJSON, $0.inputs) = ("test.files", "{}", [.artifact(file)])
    },
  ]) func isRefused(_ refusal: Refusal) async throws {
    let fixture = try await ControlFixture(credits: 1)
    var draft = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi"}"#)
    refusal.change(&draft)
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(draft, tenant: fixture.tenant)
    }
    #expect(error?.code == refusal.code)
    #expect(try await fixture.ledger.unfinished(limit: 10).isEmpty)
    #expect(try await fixture.queue.page(after: nil, limit: 10).jobs.isEmpty)
    #expect(fixture.metrics.render().contains("strata_jobs_refused_total{reason=\"\(refusal.code.rawValue)\"} 1"))
  }

  @Test func inputsMustBeTheTenantsAndStored() async throws {
    let fixture = try await ControlFixture()
    let other = try await fixture.ledger.createTenant(name: "other", plan: "creator")
    let mine = try await fixture.upload("mine")
    let theirs = try await fixture.upload("theirs", tenant: other)
    let gone = try await fixture.upload("gone")
    try fixture.store.delete(gone.digest)
    let wrong = ArtifactReference(name: "input", digest: mine.digest, sizeBytes: mine.sizeBytes + 1)
    for input in [theirs, gone, wrong] {
      let draft = JobDraft(capability: "test.files", parametersJSON: "{}", inputs: [.artifact(input)])
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(draft, tenant: fixture.tenant)
      }
      #expect(error?.code == .unknownArtifact)
    }
    let draft = JobDraft(capability: "test.files", parametersJSON: "{}", inputs: [.artifact(mine)])
    let job = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    #expect(try await fixture.ledger.job(job, tenant: fixture.tenant)?.order.inputs == [mine])
  }

  @Test func anAcceptedJobIsHeldForAndReady() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit()
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == ControlFixture.price)
    let text = fixture.metrics.render()
    #expect(text.contains("strata_jobs_accepted_total 1") && text.contains("strata_admission_seconds_count 1"))
  }

  @Test func anIdempotencyKeyFindsItsJobAndEnqueuesIt() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit(key: "k")
    // As if the controller had fallen between commit and enqueue.
    try await fixture.queue.forget([job])
    #expect(try await fixture.submit(key: "k") == job)
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
    let error = await #expect(throws: StrataError.self) {
      try await fixture.submit(key: "k", priority: #require(JobPriority(rawValue: 99)))
    }
    #expect(error?.code == .conflict)
    #expect(fixture.metrics.render().contains("strata_jobs_repeated_total 1"))
  }

  @Test func anIdempotencyKeyDoesNotRunAJobAgainWhoseOutcomeIsOnItsWay() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit(key: "k")
    try await fixture.complete(try await fixture.lease())
    for _ in 0..<2 {
      #expect(try await fixture.submit(key: "k") == job)
      #expect(try await fixture.queue.status(of: [job]) == [nil])
      #expect(try await fixture.state(of: job) == .succeeded)
    }
    #expect(fixture.queue.count(of: .restore) == 0 && fixture.queue.count(of: .enqueue) == 1)
  }

  @Test func anIdempotencyKeyDoesNotRunAJobAgainWhoseOutcomeIsRefused() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit(key: "k")
    try fixture.spoil(job)
    try await fixture.complete(try await fixture.lease())
    for _ in 0..<2 { #expect(try await fixture.submit(key: "k") == job) }
    #expect(try await fixture.queue.status(of: [job]) == [nil])
    #expect(try await fixture.state(of: job) == .queued)
    #expect(fixture.queue.count(of: .restore) == 0)
  }

  @Test func aRepeatedKeyOfAWaitingJobCostsNoComparison() async throws {
    let fixture = try await ControlFixture()
    for _ in 0..<20 { _ = try await fixture.submit(key: "k") }
    #expect(fixture.queue.count(of: .outcomes) == 0 && fixture.queue.count(of: .restore) == 0)
    #expect(fixture.queue.count(of: .enqueue) == 1)
  }

  @Test func aJobThatIsPutBackKnowsItsAttempts() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit(key: "k")
    try await fixture.fail(try await fixture.lease()[0], code: "crashed")
    try await fixture.settler().drain()
    try await fixture.queue.forget([job])
    #expect(try await fixture.submit(key: "k") == job)
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 1)])
  }

  @Test func whatIsCommittedIsAcceptedWhateverHappensToTheQueue() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.fail(.enqueue, with: .disconnected("gone"))
    let job = try await fixture.submit()
    #expect(try await fixture.state(of: job) == .queued)
    #expect(try await fixture.queue.status(of: [job]) == [nil])
    let outcome = try await fixture.reconciler(fixture.settler()).reconcile(.enqueueFailed)
    #expect(outcome.restored == 1)
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
  }
}
