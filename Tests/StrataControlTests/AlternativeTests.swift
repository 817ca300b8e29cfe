import ControlTestSupport
import Foundation
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// Jobs that may run in several ways, from their submission to their bill.
@Suite struct AlternativeTests {
  private static let high = TierName(rawValue: "gpu-high")!

  private static func tier(_ name: TierName, gpus: Int64, cpuHour: Int64) -> TierDefinition {
    TierDefinition(
      rate: TierRate(
        tier: name, cpuHour: MicroEuro(micros: cpuHour), memoryGibibyteHour: MicroEuro(micros: 0),
        wallHour: MicroEuro(micros: 0)),
      workers: [ResourceRequest(cpuMillicores: 8_000, memoryBytes: 64 << 30, gpuThousandths: gpus * 1_000)])
  }

  private static func fixture() async throws -> ControlFixture {
    try await ControlFixture {
      $0.tiers = [
        ControlFixture.tier, tier(.gpu, gpus: 4, cpuHour: 1_800_000), tier(high, gpus: 1, cpuHour: 9_000_000),
      ]
    }
  }

  /// One of gpu-high, or else two of gpu.
  private static func draft(_ alternatives: [JobDraft.Alternative] = [.init(tier: .gpu, gpuThousandths: 2_000)])
    -> JobDraft
  {
    var draft = JobDraft(
      capability: "test.echo", parametersJSON: #"{"text":"hi"}"#, tier: high, gpuThousandths: 1_000)
    draft.alternatives = alternatives
    return draft
  }

  private static func lease(_ fixture: ControlFixture, _ tier: TierName) async throws -> Lease? {
    try await fixture.queue.lease(worker: fixture.worker, tiers: [tier], count: 1, for: .seconds(3_600)).leases.first
  }

  private static func refusal(of draft: JobDraft, by fixture: ControlFixture) async -> String {
    do { _ = try await fixture.control.submit(draft, tenant: fixture.tenant) } catch { return "\(error)" }
    return ""
  }

  @Test func whatRunsInAnotherWayTakesAndCostsWhatItTakesThere() async throws {
    let fixture = try await Self.fixture()
    let job = try await fixture.control.submit(Self.draft(), tenant: fixture.tenant).id
    let lease = try #require(try await Self.lease(fixture, .gpu))
    #expect(lease.job.id == job && lease.job.tier == .gpu && lease.job.lane.resources.gpuThousandths == 2_000)
    let order = try JSONDecoder().decode(WorkOrder.self, from: Data(lease.job.payload)).placed(lease.job.lane.rank)
    #expect(order.resources.gpuThousandths == 2_000 && order.alternatives == nil)
    let usage = AttemptUsage(cpuMicroseconds: 2_000_000, wallMicroseconds: 3_000_000, memoryPeakBytes: 1 << 20)
    try await fixture.complete(
      [lease], report: Array(try JSONEncoder().encode(AttemptReport(usage: usage))))
    try await fixture.settler().drain()
    let record = try await fixture.control.job(job, tenant: fixture.tenant).record
    // Two seconds of 3,600 at the rate of gpu.
    #expect(record.state == .succeeded && record.cost == MicroEuro(micros: 1_000))
  }

  /// Its worker, which is lost, has told nobody where it ran.
  @Test func anAttemptThatIsLostCostsWhatItsTierCosts() async throws {
    let fixture = try await Self.fixture()
    let job = try await fixture.control.submit(Self.draft(), tenant: fixture.tenant).id
    _ = try await fixture.queue.lease(worker: fixture.worker, tiers: [.gpu], count: 1, for: .zero)
    #expect(try await fixture.control.job(job, tenant: fixture.tenant).lease?.tier == .gpu)
    #expect(try await fixture.queue.expire(limit: 10) == 1)
    try await fixture.settler().drain()
    let attempts = try await fixture.control.job(job, tenant: fixture.tenant).attempts
    #expect(attempts.map(\.ending) == [.expired] && attempts.map(\.tier) == [.gpu])
  }

  @Test func aQueueThatIsRebuiltKnowsTheOtherWays() async throws {
    let fixture = try await Self.fixture()
    let job = try await fixture.control.submit(Self.draft(), tenant: fixture.tenant).id
    try await fixture.queue.forget([job])
    try await fixture.reconciler(fixture.settler()).reconcile(.queueLost)
    #expect(try await Self.lease(fixture, .gpu)?.job.id == job)
  }

  @Test func aJobThatIsDoneAgainHasThemStill() async throws {
    let fixture = try await Self.fixture()
    _ = try await fixture.control.submit(Self.draft(), tenant: fixture.tenant)
    let lease = try #require(try await Self.lease(fixture, Self.high))
    try await fixture.fail(lease, code: "broken", isRetryable: false)
    try await fixture.settler().drain()
    let again = try await fixture.control.retry(lease.job.id, tenant: fixture.tenant).id
    #expect(try await Self.lease(fixture, .gpu)?.job.id == again)
  }

  /// What is not said of another way is as the job has it.
  @Test func whatIsNotSaidIsAsTheJobHasIt() async throws {
    let fixture = try await Self.fixture()
    let less = JobDraft.Alternative(cpuMillicores: 500)
    let job = try await fixture.control.submit(Self.draft([less]), tenant: fixture.tenant).id
    let order = try await fixture.control.job(job, tenant: fixture.tenant).record.order
    let resources = ResourceRequest(cpuMillicores: 500, memoryBytes: 1 << 30, gpuThousandths: 1_000)
    #expect(order.alternatives == [Placement(tier: Self.high, resources: resources)])
  }

  @Test func oneWayThatAWorkerCouldRunIsEnough() async throws {
    let fixture = try await Self.fixture()
    var draft = Self.draft()
    draft.gpuThousandths = 2_000
    _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
    #expect(try await Self.lease(fixture, .gpu) != nil)

    let none = await Self.refusal(of: Self.draft([.init(gpuThousandths: 9_000)]).asking(9_000), by: fixture)
    #expect(none.contains("no worker of tier 'gpu-high' could ever run this"), "\(none)")
    #expect(none.contains("nor could any run it in another way"), "\(none)")
    // A name that is misspelt is told even where the job could run.
    let unknown = await Self.refusal(of: Self.draft([.init(tier: TierName(rawValue: "gpuu"))]), by: fixture)
    #expect(unknown.contains("there is no tier 'gpuu'; did you mean 'gpu'?"), "\(unknown)")
    let many = await Self.refusal(of: Self.draft(Array(repeating: .init(tier: .gpu), count: 5)), by: fixture)
    #expect(many.contains("the job has 5 alternatives, at most 4 are taken"), "\(many)")
  }

  /// What is not said of another way is as the job has it: `tier=cpu` of a job with a GPU is a way that nobody can take.
  @Test func aWayThatNobodyCanTakeIsWarnedOf() async throws {
    let fixture = try await Self.fixture()
    let (tenant, control) = (fixture.tenant, fixture.control)
    #expect(try await control.submit(Self.draft(), tenant: tenant).warnings.isEmpty)
    var draft = Self.draft([.init(tier: .gpu, gpuThousandths: 2_000), .init(tier: .cpu)])
    let warnings = try await control.submit(draft, tenant: tenant).warnings
    #expect(warnings.map(\.code) == [.unsatisfiable])
    let message = warnings.first?.message ?? ""
    #expect(
      message.hasPrefix("alternative 2 can never be taken at present: no worker of tier 'cpu' could"), "\(message)")
    #expect(message.contains("it asks for 1 GPU"), "\(message)")
    #expect(try await control.check(draft, tenant: tenant).warnings == warnings)
    let preferred = try await control.submit(draft.asking(9_000), tenant: tenant).warnings.first?.message ?? ""
    #expect(preferred.hasPrefix("the preferred way to run it can never be taken at present: "), "\(preferred)")

    draft.idempotencyKey = "once"
    #expect(try await control.submit(draft, tenant: tenant).warnings == warnings)
    // Nothing new was made.
    #expect(try await control.submit(draft, tenant: tenant).warnings.isEmpty)
    draft.idempotencyKey = nil
    let many = try await control.admission.submit([.success(draft), .success(Self.draft())], tenant: tenant)
    let told = try many.map { try $0.get().warnings }
    #expect(told == [warnings, []])
    let schedule = ScheduleDraft(name: "nightly", cron: "@daily", job: draft)
    #expect(try await control.checkSchedule(schedule, tenant: tenant).terms.warnings == warnings)
    let made = try await control.createSchedule(schedule, tenant: tenant).schedule
    #expect(made.terms?.warnings == warnings)
    #expect(try await control.runSchedule(named: "nightly", tenant: tenant).warnings == warnings)
    draft.array = ArrayDraft(try TaskIndexes(count: 3), runningMax: nil)
    #expect(try await control.check(draft, tenant: tenant).warnings == warnings)
    #expect(try await control.submit(draft, tenant: tenant).warnings == warnings)
  }

  /// Nor one that tasks name which are not made yet.
  @Test func aTierThatAnotherWayNamesIsNotRemoved() async throws {
    func isRemoved(_ fixture: ControlFixture) async throws -> Bool {
      do { _ = try await fixture.control.removeTier(named: "gpu") } catch {
        #expect(error.code == .conflict, "\(error)")
        return false
      }
      return true
    }
    let fixture = try await Self.fixture()
    let job = try await fixture.control.submit(Self.draft(), tenant: fixture.tenant).id
    #expect(try await isRemoved(fixture) == false)
    _ = try await fixture.control.cancel(job, tenant: fixture.tenant)
    try await fixture.settler().drain()
    var draft = Self.draft()
    draft.array = ArrayDraft(try TaskIndexes(count: 3), runningMax: nil)
    _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
    #expect(try await isRemoved(fixture) == false)
    #expect(try await isRemoved(try await Self.fixture()))
  }

  @Test func whatHoldsEachWayUpIsTold() async throws {
    let fixture = try await Self.fixture()
    let job = try await fixture.control.submit(Self.draft(), tenant: fixture.tenant).id
    func alternative() async throws -> String {
      let reasons = try await fixture.control.explain(job, tenant: fixture.tenant).reasons
      return reasons.first { $0.code == .alternative }?.message ?? "\(reasons)"
    }
    let nobody = try await alternative()
    #expect(nobody.hasPrefix("or else it runs on tier 'gpu' with 1 core, 1 GiB of memory and 2 GPUs: "), "\(nobody)")
    _ = try await fixture.control.change(LimitChange(isPaused: true), of: .tier, named: "gpu")
    #expect(try await alternative().hasSuffix("that tier is paused"))
  }
}

extension JobDraft {
  fileprivate func asking(_ gpuThousandths: Int64) -> JobDraft {
    var draft = self
    draft.gpuThousandths = gpuThousandths
    return draft
  }
}
