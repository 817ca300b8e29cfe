import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// Jobs that are tried again, and jobs that lose their workers.
@Suite struct RetryTests {
  private let clock = HeldClock()

  private func fixture() async throws -> ControlFixture {
    let clock = clock.clock
    return try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock))) { $0.clock = clock }
  }

  /// Leases the job to a worker that is never heard of again.
  private func lose(_ fixture: ControlFixture) async throws {
    _ = try #require(try await fixture.lease(for: .seconds(10)).first)
    clock.advance(by: .seconds(11))
    #expect(try await fixture.queue.expire(limit: 10) == 1)
  }

  @Test func aJobThatLosesItsWorkersIsStoppedAndSuspected() async throws {
    #expect(SettlementDecision.workerLossesMax == QueueLimits().workerLossesMax)
    let fixture = try await fixture()
    var draft = JobDraft(capability: "test.stubborn", parametersJSON: "{}")
    draft.idempotencyKey = "k"
    let job = try await fixture.control.submit(draft, tenant: fixture.tenant).id
    for _ in 0..<3 { try await lose(fixture) }
    #expect(try await fixture.lease().isEmpty)
    try await fixture.settler().drain()
    let record = try #require(try await fixture.ledger.job(job, tenant: nil))
    #expect(record.state == .failed && record.error?.code == "worker_lost_repeatedly")
    #expect(record.error?.message.hasPrefix("3 workers were lost") == true)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == .zero)
  }

  @Test func aLostQueueIsToldHowManyWorkersAJobHasLost() async throws {
    let fixture = try await fixture()
    let draft = JobDraft(capability: "test.stubborn", parametersJSON: "{}")
    _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
    for _ in 0..<2 { try await lose(fixture) }
    try await fixture.settler().drain()
    let unfinished = try #require(try await fixture.ledger.unfinished(limit: 10).first)
    #expect(unfinished.attemptsMade == 2 && unfinished.workersLost == 2)
    let fresh = HookedQueue(MemoryQueue(clock: clock.clock))
    let settler = Settler(ledger: fixture.ledger, queue: fresh)
    try await Reconciler(ledger: fixture.ledger, queue: fresh, settler: settler).reconcile(.queueLost)
    _ = try await fresh.lease(worker: fixture.worker, tiers: [.cpu], count: 1, for: .seconds(10))
    clock.advance(by: .seconds(11))
    _ = try await fresh.expire(limit: 10)
    try await settler.drain()
    #expect(try await fixture.ledger.job(unfinished.id, tenant: nil)?.error?.code == "worker_lost_repeatedly")
  }

  @Test func theCapabilitysPolicyTravelsWithTheOrderAndOutlivesTheQueue() async throws {
    let fixture = try await fixture()
    let stubborn = try #require(TestCatalogue().capabilities.first { $0.name == "test.stubborn" })
    let draft = JobDraft(capability: "test.stubborn", parametersJSON: "{}")
    _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
    #expect(try await fixture.ledger.unfinished(limit: 1).first?.order.retry == stubborn.retry)
    // The standard goes without saying.
    let plain = try await fixture.submit()
    #expect(try await fixture.ledger.job(plain, tenant: nil)?.order.retry == nil)
  }
}
