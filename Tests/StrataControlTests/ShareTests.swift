import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import Testing

/// What tenants received, from looks at their tags: pure.
@Suite struct ShareWindowTests {
  private let start = ContinuousClock.now
  private let pool = QueuePool(tier: .cpu, priorityClass: .standard)
  private let tenants = (0..<3).map { _ in TenantID() }

  private func standing(_ tags: [Int: Int64], weights: [Int: Int] = [:]) -> [PoolStanding] {
    let all = tags.map { place, tag in
      TenantStanding(tenant: tenants[place], waiting: 1, running: 0, weight: weights[place] ?? 100, tag: tag)
    }
    return [PoolStanding(pool: pool, virtualTime: 0, tenants: all, count: all.count, weightWaiting: 0)]
  }

  @Test func growthTimesWeightIsWhatWasReceived() {
    var window = ShareWindow(length: .seconds(60))
    window.note(standing([0: 1_000, 1: 5_000], weights: [1: 300]), at: start)
    #expect(window.received(in: pool).isEmpty)
    window.note(standing([0: 2_000, 1: 6_000], weights: [1: 300]), at: start + .seconds(10))
    #expect(window.received(in: pool) == [tenants[0]: 0.25, tenants[1]: 0.75])
  }

  @Test func whoComesWasNotChargedForWhereItBegins() {
    var window = ShareWindow(length: .seconds(60))
    window.note(standing([0: 1_000]), at: start)
    window.note(standing([0: 2_000, 1: 90_000]), at: start + .seconds(10))
    #expect(window.received(in: pool) == [tenants[0]: 1])
  }

  @Test func whatWasChargedTooMuchIsGivenBack() {
    var window = ShareWindow(length: .seconds(60))
    for (second, tags) in [(0, [0: 0, 1: 0]), (10, [0: 9_000, 1: 1_000]), (20, [0: 1_000, 1: 3_000])] {
      window.note(standing(tags.mapValues { Int64($0) }), at: start + .seconds(second))
    }
    #expect(window.received(in: pool) == [tenants[0]: 0.25, tenants[1]: 0.75])
  }

  @Test func whatLiesTooFarBackIsForgotten() {
    var window = ShareWindow(length: .seconds(60))
    window.note(standing([0: 0, 1: 0]), at: start)
    window.note(standing([0: 1_000, 1: 0]), at: start + .seconds(10))
    window.note(standing([0: 1_000, 1: 1_000]), at: start + .seconds(65))
    #expect(window.received(in: pool) == [tenants[0]: 0.5, tenants[1]: 0.5])
    window.note(standing([0: 1_000, 1: 1_000]), at: start + .seconds(71))
    #expect(window.received(in: pool) == [tenants[0]: 0, tenants[1]: 1])
    // A pool in which nothing is left.
    window.note([], at: start + .seconds(80))
    #expect(window.received(in: pool).isEmpty)
  }
}

/// Tiers × classes × tenants, and tiers.
@Suite struct QueueReportTests {
  private let draft = JobDraft(capability: "test.echo", parametersJSON: "{}")

  private func tenant(_ name: String, in fixture: ControlFixture) async throws -> TenantID {
    try await fixture.ledger.createTenant(name: name, plan: "p", credits: MicroCredits(micros: 1_000_000))
  }

  private func pool(_ fixture: ControlFixture, of tenant: TenantID? = nil) async throws -> QueueReport.Pool {
    try #require(try await fixture.control.queueReport(of: tenant, tenants: 10).pools.first)
  }

  @Test func sharesAreDueByWeightAmongThoseWhoMayStart() async throws {
    let clock = HeldClock()
    let fixture = try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock.clock))) {
      $0.clock = clock.clock
    }
    let (other, paused) = (try await tenant("other", in: fixture), try await tenant("paused", in: fixture))
    _ = try await fixture.control.change(SharingChange(weight: 300), ofTenantNamed: "other")
    _ = try await fixture.control.change(SharingChange(limit: LimitChange(isPaused: true)), ofTenantNamed: "paused")
    let first = try await fixture.submit()
    for _ in 0..<3 { _ = try await fixture.control.submit(draft, tenant: fixture.tenant) }
    for _ in 0..<5 { _ = try await fixture.control.submit(draft, tenant: other) }
    _ = try await fixture.control.submit(draft, tenant: paused)
    var later = draft
    later.start = .after(.seconds(60))
    _ = try await fixture.control.submit(later, tenant: other)

    await fixture.control.shares.look()
    for _ in 0..<4 {
      let lease = try await fixture.lease(1)
      clock.advance(by: .seconds(1))
      try await fixture.complete(lease)
    }
    await fixture.control.shares.look()
    let report = try await pool(fixture)
    #expect(report.waiting == 6 && report.running == 0 && report.delayed == 1 && report.tenantCount == 3)
    let lines = Dictionary(uniqueKeysWithValues: report.tenants.map { ($0.name, $0) })
    #expect(lines["acme"]?.due == 0.25 && lines["other"]?.due == 0.75)
    // Charges are whole core-milliseconds.
    let received = [lines["acme"]?.received ?? 0, lines["other"]?.received ?? 0]
    #expect(abs(received[0] - 0.25) < 0.001 && abs(received[1] - 0.75) < 0.001, "\(received)")
    #expect(lines["other"]?.weight == 300)
    #expect(lines["paused"]?.due == nil && lines["paused"]?.isStopped == true && lines["paused"]?.received == 0)
    // The first has been run.
    let since = try #require(lines["acme"]?.waitingSince)
    #expect(since >= Timestamp(milliseconds: Int64(first.high >> 16)) && since <= .now)

    // A tenant's own part, with what is due to it beside those that it is not told of.
    let own = try await pool(fixture, of: fixture.tenant)
    #expect(own.tenants.map(\.name) == ["acme"] && own.waiting == 3 && own.delayed == nil && own.tenantCount == 1)
    let nobody = try await fixture.control.queueReport(of: TenantID(), tenants: 10)
    #expect(nobody.pools.isEmpty)
  }

  @Test func aTenantAtItsLimitIsMarkedAndIsDueNothing() async throws {
    let fixture = try await ControlFixture()
    _ = try await fixture.control.change(
      SharingChange(limit: LimitChange(runningMax: .atMost(1))), ofTenantNamed: "acme")
    for _ in 0..<2 { _ = try await fixture.submit() }
    #expect(try await pool(fixture).tenants.map(\.isStopped) == [false])
    _ = try await fixture.lease(2)
    let line = try #require(try await pool(fixture).tenants.first)
    #expect(line.isStopped && line.due == nil && line.waiting == 1 && line.running == 1)
  }

  @Test func tiersTellTheirWorkersAndRoom() async throws {
    let fixture = try await ControlFixture()
    let empty = try await fixture.control.tierReports()
    #expect(empty.map(\.name) == [.cpu] && empty[0].workers == 0 && empty[0].slots == 0)
    #expect(empty[0].definition == ControlFixture.tier)
    for _ in 0..<3 { _ = try await fixture.submit() }
    let room = ResourceRequest(cpuMillicores: 4_000, memoryBytes: 8 << 30)
    _ = try await fixture.queue.lease(
      LeaseRequest(worker: fixture.worker, tiers: [.cpu], count: 8, room: room), for: .seconds(60))
    _ = try await fixture.queue.lease(
      LeaseRequest(worker: WorkerID(), tiers: [.cpu, .gpu], count: 2, room: room), for: .seconds(60))
    _ = try await fixture.control.change(LimitChange(runningMax: .atMost(5), isPaused: true), of: .tier, named: "cpu")
    _ = try await fixture.submit()
    let tiers = try await fixture.control.tierReports()
    #expect(tiers.map(\.name) == [.cpu, .gpu])
    let cpu = tiers[0]
    #expect(cpu.workers == 2 && cpu.running == 3 && cpu.waiting == 1 && cpu.slots == 3 + cpu.slotsFree)
    // Twice what each has, whatever runs and whether or not it was woken.
    #expect(cpu.room == room.adding(room))
    #expect(cpu.limit == RunningLimit(runningMax: 5, isPaused: true))
    #expect(tiers[1].workers == 1 && tiers[1].slotsFree == 2 && tiers[1].free == room && tiers[1].definition == nil)
  }

  /// What a worker has does not depend on what runs: also where it is full, and where jobs count for more than they are.
  @Test func aBusyWorkerHasTheRoomThatItHasWhenNothingRuns() async throws {
    let fixture = try await ControlFixture()
    for _ in 0..<2 { _ = try await fixture.submit() }
    let whole = ResourceRequest(cpuMillicores: 16_000, memoryBytes: 64 << 30, gpuThousandths: 1_000)
    let grant = try await fixture.queue.lease(
      LeaseRequest(worker: fixture.worker, tiers: [.cpu], count: 2, room: whole, wholeRoom: whole), for: .seconds(60))
    #expect(grant.leases.count == 2)
    let busy = try #require(try await fixture.control.tierReports().first)
    #expect(busy.workers == 1 && busy.running == 2 && busy.slots == 2 && busy.slotsFree == 0)
    #expect(busy.room == whole && busy.free == .init(cpuMillicores: 0, memoryBytes: 0))
  }
}
