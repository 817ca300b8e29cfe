import ControlTestSupport
import Foundation
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// What is paid for by what it counts: held for as much as the inputs say, charged for what was counted. `test.counted` costs 1,000
/// micro-credits and 2 more for each byte.
@Suite struct MeteringTests {
  private func draft(_ inputs: [ArtifactReference], unitsMax: Int64? = nil) -> JobDraft {
    var draft = JobDraft(capability: "test.counted", parametersJSON: "{}", inputs: inputs.map(JobInput.artifact))
    draft.unitsMax = unitsMax
    return draft
  }

  @Test func isHeldForWhatItsInputsSay() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("12345")
    let job = try await fixture.control.submit(draft([file]), tenant: fixture.tenant)
    #expect(job.held == MicroCredits(micros: 1_010))
    let stored = try await fixture.ledger.job(job.id, tenant: fixture.tenant)
    #expect(stored?.order.unitsMax == 5)
    let lease = try #require(try await fixture.lease().first)
    #expect(String(decoding: lease.job.payload, as: UTF8.self).contains(#""units_max":5"#))
  }

  @Test func isChargedForWhatWasCounted() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("1234567890")
    let job = try await fixture.control.submit(draft([file]), tenant: fixture.tenant)
    #expect(try await fixture.settled(job.id, units: 4).charged == MicroCredits(micros: 1_008))
    let attempts = try await fixture.ledger.attempts(of: job.id)
    #expect(attempts.map(\.usage.units) == [4])
    let balance = try await fixture.ledger.balance(of: fixture.tenant)
    #expect(balance.held == .zero && balance.posted == MicroCredits(micros: 1_008))
  }

  @Test func isNeverChargedMoreThanItWasHeldFor() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("1234567890")
    let job = try await fixture.control.submit(draft([file], unitsMax: 3), tenant: fixture.tenant)
    #expect(job.held == MicroCredits(micros: 1_006))
    #expect(try await fixture.settled(job.id, units: 10).charged == MicroCredits(micros: 1_006))
  }

  @Test func isHeldForWhatIsAssumedWhereInputsAreYetToBeMade() async throws {
    let fixture = try await ControlFixture(credits: 20)
    let file = try await fixture.upload("12345")
    let first = try await fixture.control.submit(draft([file]), tenant: fixture.tenant)
    var next = draft([])
    next.inputs = [.result(ResultReference(job: first.id, result: "*"))]
    let second = try await fixture.control.submit(next, tenant: fixture.tenant)
    #expect(second.held == MicroCredits(micros: 10_001_000))
    #expect(second.warnings.map(\.code) == [.unitsUnknown])
    var noted = draft([file])
    noted.inputs.append(.result(ResultReference(name: "note", job: first.id, result: "*")))
    let known = try await fixture.control.submit(noted, tenant: fixture.tenant)
    #expect(known.held == MicroCredits(micros: 1_010))
    next.unitsMax = 7
    let third = try await fixture.control.submit(next, tenant: fixture.tenant)
    #expect(third.held == MicroCredits(micros: 1_014))
  }

  /// A client asks before it uploads: nobody is refused for what is not known yet.
  @Test func previewTellsOfInputsThatAreNotThere() async throws {
    let fixture = try await ControlFixture(credits: 1)
    let absent = ArtifactReference(name: "a", digest: ArtifactDigest(hashing: [7]), sizeBytes: 1)
    let preview = try await fixture.control.check(draft([absent]), tenant: fixture.tenant)
    #expect(preview.held == ControlFixture.price)
    #expect(preview.warnings.map(\.code) == [.unitsUnknown])
    // What another tenant has is as absent as what nobody has.
    let other = try await fixture.ledger.createTenant(name: "other", plan: "creator")
    let theirs = try await fixture.upload("secret", tenant: other)
    #expect(try await fixture.control.check(draft([theirs]), tenant: fixture.tenant) == preview)
    let there = try await fixture.upload("123")
    let known = try await fixture.control.check(draft([there]), tenant: fixture.tenant)
    #expect(known.held == MicroCredits(micros: 1_006))
    #expect(known.warnings.isEmpty)
  }

  @Test func manyAreMeasuredEachByItsOwnInputs() async throws {
    let fixture = try await ControlFixture()
    let files = [try await fixture.upload("1"), try await fixture.upload("22"), try await fixture.upload("333")]
    let drafts = files.map { Result<JobDraft, StrataError>.success(draft([$0])) }
    let plain = Result<JobDraft, StrataError>.success(JobDraft(capability: "test.echo", parametersJSON: "{}"))
    let verdicts = try await fixture.control.admission.submit(drafts + [plain], tenant: fixture.tenant)
    let held = try verdicts.map { try $0.get().held.micros }
    #expect(held == [1_002, 1_004, 1_006, 1_000])
  }

  @Test func tasksOfAnArrayAreHeldForTheirInputs() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("12345")
    var array = draft([file])
    array.parametersJSON = #"{"part":"{task}/3"}"#
    array.array = ArrayDraft(try TaskIndexes(count: 3))
    let preview = try await fixture.control.check(array, tenant: fixture.tenant)
    #expect(preview.held == MicroCredits(micros: 3_030))
    let accepted = try await fixture.control.submit(array, tenant: fixture.tenant)
    #expect(accepted.held == MicroCredits(micros: 1_010))
  }

  @Test func aRepeatedKeyIsTheSameHoweverItIsMeasured() async throws {
    let fixture = try await ControlFixture()
    var keyed = draft([try await fixture.upload("12345")])
    keyed.idempotencyKey = "k"
    let first = try await fixture.control.submit(keyed, tenant: fixture.tenant)
    let again = try await fixture.control.submit(keyed, tenant: fixture.tenant)
    #expect(again.isRepeat && again.id == first.id)
    keyed.unitsMax = 5
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(keyed, tenant: fixture.tenant)
    }
    #expect(error?.code == .conflict)
  }

  @Test func isDoneAgainWithAsMuchUnlessItCameToMore() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("1234567890")
    for (code, unitsMax, held) in [
      ("crashed", nil, 1_006), ("units_exceeded", nil, 1_020), ("units_exceeded", 12, 1_024),
    ]
      as [(String, Int64?, Int64)]
    {
      let job = try await fixture.control.submit(draft([file], unitsMax: 3), tenant: fixture.tenant)
      let lease = try #require(try await fixture.lease().first)
      try await fixture.fail(lease, code: code, isRetryable: false)
      try await fixture.settler().drain()
      let again = try await fixture.control.retry(job.id, tenant: fixture.tenant, unitsMax: unitsMax)
      #expect(again.held == MicroCredits(micros: held), "\(code)")
      try await fixture.complete(try await fixture.lease())
      try await fixture.settler().drain()
    }
  }

  @Test func tasksAreDoneAgainWithAsMuchAsIsSaid() async throws {
    let fixture = try await ControlFixture()
    var tasks = draft([try await fixture.upload("1234567890")], unitsMax: 3)
    tasks.array = ArrayDraft(try TaskIndexes(text: "1-2"), runningMax: nil)
    let keeper = ArrayKeeper(ledger: fixture.ledger, admission: fixture.control.admission, limits: ArrayLimits())
    let array = ArrayID(try await fixture.control.submit(tasks, tenant: fixture.tenant).id)
    while try await keeper.makeDue() > 0 {}
    for lease in try await fixture.lease(2) {
      try await fixture.fail(lease, code: "units_exceeded", isRetryable: false)
    }
    try await fixture.settler().drain()
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.retryArray(array, tenant: fixture.tenant, unitsMax: -1)
    }
    #expect(error?.code == .invalidBody)
    let again = try await fixture.control.retryArray(array, tenant: fixture.tenant, unitsMax: 12)
    #expect(again.tasks == 2 && again.held == MicroCredits(micros: 1_024))
    #expect(try await fixture.ledger.verify().isSound)
  }

  @Test func aRetryIsNotBoundByWhatCannotBe() async throws {
    let fixture = try await ControlFixture()
    for (draft, unitsMax) in [
      (JobDraft(capability: "test.echo", parametersJSON: "{}"), 5), (draft([], unitsMax: 3), -1),
    ] as [(JobDraft, Int64)] {
      let job = try await fixture.control.submit(draft, tenant: fixture.tenant)
      try await fixture.fail(try #require(try await fixture.lease().first), code: "crashed", isRetryable: false)
      try await fixture.settler().drain()
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.retry(job.id, tenant: fixture.tenant, unitsMax: unitsMax)
      }
      #expect(error?.code == .invalidBody)
      _ = try await fixture.control.retry(job.id, tenant: fixture.tenant)
      try await fixture.complete(try await fixture.lease())
      try await fixture.settler().drain()
    }
  }

  @Test func aBoundForWhatIsNotCountedIsRefused() async throws {
    let fixture = try await ControlFixture()
    var echo = JobDraft(capability: "test.echo", parametersJSON: "{}")
    echo.unitsMax = 5
    var negative = draft([])
    negative.unitsMax = -1
    for draft in [echo, negative] {
      let error = await #expect(throws: StrataError.self) {
        try await fixture.control.submit(draft, tenant: fixture.tenant)
      }
      #expect(error?.code == .invalidBody)
    }
  }

  /// A change of what a million costs alone is a new version of the price; jobs keep theirs.
  @Test func aNewPriceOfUnitsIsAnotherVersion() async throws {
    let fixture = try await ControlFixture()
    let file = try await fixture.upload("1234567890")
    let job = try await fixture.control.submit(draft([file]), tenant: fixture.tenant)
    let dearer = Price(perJob: ControlFixture.price, perMillionUnits: MicroCredits(micros: 9_000_000))
    let listing = Capability.Listing(name: "test.counted", price: dearer)
    let changed = try await fixture.ledger.publish(prices: [listing])
    #expect(changed == ["test.counted"])
    #expect(try await fixture.ledger.publish(prices: [listing]).isEmpty)
    #expect(try await fixture.settled(job.id, units: 10).charged == MicroCredits(micros: 1_020))
    let next = try await fixture.control.submit(draft([file]), tenant: fixture.tenant)
    #expect(next.held == MicroCredits(micros: 1_090))
  }
}

extension ControlFixture {
  /// Runs the job that comes first, which counts so many units, and settles it.
  fileprivate func settled(_ job: JobID, units: Int64) async throws -> (charged: MicroCredits, state: JobState) {
    let report = AttemptReport(usage: AttemptUsage(wallMicroseconds: 10, units: units))
    try await complete(try await lease(), report: Array(try JSONEncoder().encode(report)))
    try await settler().drain()
    let stored = try #require(try await ledger.job(job, tenant: tenant))
    return (stored.charged ?? .zero, stored.state)
  }
}
