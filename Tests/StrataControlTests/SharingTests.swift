import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// Classes, weights and limits, from the ledger to the queue.
@Suite struct SharingTests {
  @Test func aPausedTenantWaitsAndOthersDoNot() async throws {
    let fixture = try await ControlFixture()
    let other = try await fixture.ledger.createTenant(
      name: "other", plan: "creator", credits: MicroCredits(micros: 1_000_000))
    _ = try await fixture.submit()
    let theirs = try await fixture.control.submit(
      JobDraft(capability: "test.echo", parametersJSON: "{}"), tenant: other)
    let paused = try await fixture.control.change(
      SharingChange(limit: LimitChange(isPaused: true)), ofTenantNamed: "acme")
    #expect(paused.sharing.limit == RunningLimit(isPaused: true))
    #expect(try await fixture.lease(5).map(\.job.id) == [theirs.id])
    _ = try await fixture.control.change(SharingChange(limit: LimitChange(isPaused: false)), ofTenantNamed: "acme")
    #expect(try await fixture.lease(5).map(\.job.tenant) == [fixture.tenant])
  }

  @Test(arguments: SharedGate.Kind.allCases) func aLimitBoundsWhatRunsAndOutlivesAPause(kind: SharedGate.Kind)
    async throws
  {
    let fixture = try await ControlFixture()
    let name = kind == .tier ? "cpu" : "test.echo"
    for _ in 0..<4 { _ = try await fixture.submit() }
    let control = fixture.control
    _ = try await control.change(LimitChange(runningMax: .atMost(2)), of: kind, named: name)
    let first = try await fixture.lease(5)
    #expect(first.count == 2)
    try await fixture.complete(Array(first.prefix(1)))
    let paused = try await control.change(LimitChange(isPaused: true), of: kind, named: name)
    #expect(paused.name == name && paused.limit == RunningLimit(runningMax: 2, isPaused: true))
    #expect(try await fixture.lease(5).isEmpty)
    _ = try await control.change(LimitChange(isPaused: false), of: kind, named: name)
    #expect(try await fixture.lease(5).count == 1)
    _ = try await control.change(LimitChange(runningMax: .unlimited), of: kind, named: name)
    #expect(try await fixture.lease(5).count == 1)
  }

  @Test func aHigherClassGoesFirst() async throws {
    let fixture = try await ControlFixture()
    let other = try await fixture.ledger.createTenant(
      name: "other", plan: "enterprise", credits: MicroCredits(micros: 1_000_000))
    _ = try await fixture.control.change(
      SharingChange(priorityClass: PriorityClass(rawValue: 7)), ofTenantNamed: "other")
    let ours = try await fixture.submit()
    let theirs = try await fixture.control.submit(
      JobDraft(capability: "test.echo", parametersJSON: "{}"), tenant: other)
    #expect(try await fixture.lease(2).map(\.job.id) == [theirs.id, ours])
  }

  @Test func aLostQueueIsToldOfAllBeforeItIsComplete() async throws {
    let fixture = try await ControlFixture()
    let control = fixture.control
    _ = try await control.change(LimitChange(isPaused: true), of: .tier, named: "cpu")
    _ = try await control.change(
      SharingChange(priorityClass: PriorityClass(rawValue: 8), weight: 300, limit: LimitChange(runningMax: .atMost(1))),
      ofTenantNamed: "acme")
    for _ in 0..<2 { _ = try await fixture.submit() }
    let fresh = HookedQueue()
    let settler = Settler(ledger: fixture.ledger, queue: fresh)
    let reconciler = Reconciler(ledger: fixture.ledger, queue: fresh, settler: settler)
    #expect(try await reconciler.reconcile(.queueLost).restored == 2)
    #expect(fresh.count(of: .govern) == 1)
    let request = LeaseRequest(worker: WorkerID(), tiers: [.cpu], count: 5)
    #expect(try await fresh.lease(request, for: .seconds(60)).leases.isEmpty)
    #expect(try await fresh.census().lanes.keys.map(\.priorityClass.rawValue) == [8])
    try await fresh.govern([.tier(.cpu): .unlimited])
    #expect(try await fresh.lease(request, for: .seconds(60)).leases.count == 1)
  }

  @Test func aChangeThatTheQueueDidNotHearIsKept() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.submit()
    fixture.queue.fail(.govern, with: .disconnected("as the test wants it"))
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.change(LimitChange(isPaused: true), of: .tier, named: "cpu")
    }
    #expect(error?.code == .unavailable)
    try await fixture.reconciler(fixture.settler()).reconcile(.regular)
    #expect(try await fixture.lease().isEmpty)
  }

  @Test func whatIsNotThereOrOutOfRangeIsRefused() async throws {
    let fixture = try await ControlFixture()
    func code(_ body: () async throws -> Void) async -> StrataError.Code? {
      await #expect(throws: StrataError.self) { try await body() }?.code
    }
    let control = fixture.control
    #expect(await code { _ = try await control.change(SharingChange(weight: 5), ofTenantNamed: "nobody") } == .notFound)
    #expect(await code { _ = try await control.change(LimitChange(), of: .tier, named: "gpu") } == .notFound)
    #expect(await code { _ = try await control.change(LimitChange(), of: .capability, named: "x") } == .notFound)
    for weight in [0, 10_001] {
      #expect(
        await code { _ = try await control.change(SharingChange(weight: weight), ofTenantNamed: "acme") }
          == .invalidBody)
    }
    let negative = LimitChange(runningMax: .atMost(-1))
    #expect(await code { _ = try await control.change(negative, of: .tier, named: "cpu") } == .invalidBody)
    #expect(try await fixture.ledger.gates().isEmpty)
  }
}
