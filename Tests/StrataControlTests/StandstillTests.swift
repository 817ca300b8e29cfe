import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// When consumption stands still, and when it only looks so: pure.
@Suite struct StandstillTests {
  private let start = ContinuousClock.now
  private let time = Timestamp(milliseconds: 1_800_000_000_000)
  private let lane = Lane(tier: .cpu, capability: "noop", resources: ResourceRequest(cpuMillicores: 1_000))
  private let worker = WorkerID()
  private let tenant = TenantID()

  private func standstill() -> Standstill { Standstill(patience: .seconds(60), gapMax: .seconds(20)) }

  private func waiting(_ tag: Int64? = 5) -> [Lane: QueueRoom.Waiting] {
    [lane: QueueRoom.Waiting(ready: 3, next: tag.map { QueueRoom.Head(tenant: tenant, tag: $0) })]
  }

  private func idle(
    cpu: Int64 = 4_000, tier: TierName? = .cpu, leases: Int = 0, isAlive: Bool = true
  ) -> QueueRoom.Worker {
    QueueRoom.Worker(
      id: worker, deadline: time + .seconds(isAlive ? 100_000 : -1), leases: leases,
      idle: tier.map { [$0: 2] } ?? [:], free: ResourceRequest(cpuMillicores: cpu, memoryBytes: 8 << 30), runs: nil)
  }

  /// Looks every five seconds until `end`, and returns what stands still then.
  private func causes(
    until end: Int = 70, _ look: (Int) -> QueueRoom, unsettled: (Int) -> Timestamp? = { _ in nil }
  ) -> [Standstill.Cause] {
    var standstill = standstill()
    for second in stride(from: 0, through: end, by: 5) {
      standstill.note(look(second), unsettled: unsettled(second), at: start + .seconds(second))
    }
    return standstill.obstacles(at: start + .seconds(end)).map(\.cause)
  }

  private func room(
    _ lanes: [Lane: QueueRoom.Waiting], _ workers: [QueueRoom.Worker], due: Timestamp? = nil, at second: Int = 0
  ) -> QueueRoom {
    QueueRoom(time: time + .seconds(second), lanes: lanes, nextDue: due, workers: workers)
  }

  @Test func jobsThatAWorkerHasRoomForDoNotStand() {
    let stuck = { (_: Int) in room(waiting(), [idle()]) }
    #expect(causes(until: 60, stuck).isEmpty)
    #expect(causes(stuck) == [.leasing])
    var standstill = standstill()
    for second in stride(from: 0, through: 65, by: 5) { standstill.note(stuck(0), at: start + .seconds(second)) }
    let message = standstill.obstacles(at: start + .seconds(65)).first?.message
    #expect(message?.contains("tier 'cpu'") == true && message?.contains("\(worker)") == true)
    #expect(message?.contains("for 65 s") == true)
    // One lease, and it has moved.
    standstill.note(room(waiting(6), [idle()]), at: start + .seconds(70))
    #expect(standstill.obstacles(at: start + .seconds(70)).isEmpty)
  }

  @Test func aWorkerThatWasWokenAndDoesNotAskCountsAsWell() {
    // Seen waiting for the tier once; then woken, with nothing to do.
    #expect(causes(until: 80) { $0 == 0 ? room([:], [idle()]) : room(waiting(), [idle(tier: nil)]) } == [.leasing])
    // One that is busy may have no room left.
    #expect(
      causes(until: 80) { $0 == 0 ? room([:], [idle()]) : room(waiting(), [idle(tier: nil, leases: 1)]) }.isEmpty)
    // Of one that was never seen nobody knows what it serves.
    #expect(causes { _ in room(waiting(), [idle(tier: nil)]) }.isEmpty)
  }

  @Test func whatIsExplainedIsNoStandstill() {
    // Paused, at limits, or none ready: nobody is next.
    #expect(causes { _ in room(waiting(nil), [idle()]) }.isEmpty)
    // No worker, none that fits, none of the tier, none alive.
    #expect(causes { _ in room(waiting(), []) }.isEmpty)
    #expect(causes { _ in room(waiting(), [idle(cpu: 500)]) }.isEmpty)
    #expect(causes { _ in room(waiting(), [idle(tier: .gpu)]) }.isEmpty)
    #expect(!causes { _ in room(waiting(), [idle(isAlive: false)]) }.contains(.leasing))
    // Jobs come and go.
    #expect(causes { room(waiting(Int64($0)), [idle()]) }.isEmpty)
    // A worker had room only now and then.
    #expect(causes { room(waiting(), $0 % 10 == 0 ? [idle()] : []) }.isEmpty)
  }

  @Test func whatIsDueIsMadeReady() {
    #expect(causes { room([:], [], due: time, at: $0) } == [.promotion])
    #expect(causes(until: 60) { room([:], [], due: time, at: $0) }.isEmpty)
    // Many are due, and one after the other is made ready.
    #expect(causes { room([:], [], due: time + .seconds($0 - 600), at: $0) }.isEmpty)
    #expect(causes { room([:], [], due: time + .seconds(1_000), at: $0) }.isEmpty)
  }

  @Test func silentWorkersLoseTheirLeases() {
    #expect(causes { _ in room([:], [idle(isAlive: false)]) } == [.expiry])
    #expect(causes { room([:], $0 < 40 ? [idle(isAlive: false)] : []) }.isEmpty)
  }

  @Test func outcomesDoNotPileUp() {
    let idle = room([:], [])
    func causes(_ behind: @escaping (Int) -> Int) -> [Standstill.Cause] {
      self.causes(until: 130, { _ in idle }, unsettled: { time + .seconds(-behind($0)) })
    }
    #expect(causes { 100 + $0 } == [.settlement])
    #expect(causes { _ in 100 } == [.settlement])
    // Far behind, as after an outage, but catching up.
    #expect(causes { 10_000 - $0 * 10 }.isEmpty)
    #expect(causes { _ in 50 }.isEmpty)
  }

  @Test func whoSawNothingForAWhileBeginsAnew() {
    var standstill = standstill()
    for second in [0, 5, 10, 500, 505] { standstill.note(room(waiting(), [idle()]), at: start + .seconds(second)) }
    #expect(standstill.obstacles(at: start + .seconds(505)).isEmpty)
  }
}

/// The same with a real server.
@Suite struct ConsumptionWatchTests {
  @Test func aWorkerThatDoesNotAskIsNoticedAndOneThatDoesIsNot() async throws {
    let server = try RedisFixture.shared.get()
    let loop = try EventLoop(label: "consumption")
    defer { loop.stop() }
    var configuration = RedisQueue.Configuration()
    configuration.namespace = "consumption-\(JobID())"
    let queue = try await RedisQueue.connect(
      to: RedisEndpoint(url: server.url), on: loop, configuration: configuration)
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let watch = ConsumptionWatch(queue: queue, patience: .zero, interval: .seconds(3_600))
    let worker = WorkerID()
    let lane = Lane(tier: .cpu, capability: "noop")
    _ = try await queue.lease(worker: worker, tiers: [.cpu], count: 2, for: .seconds(600))
    await watch.look()
    #expect(watch.obstacles.isEmpty)
    let job = QueuedJob(id: JobID(), tenant: TenantID(), lane: lane, attemptsMax: 1, payload: [])
    _ = try await queue.enqueue([job])
    await watch.look()
    #expect(watch.obstacles.map(\.cause) == [.leasing])
    // What is paused does not stand still, and what is leased does not wait.
    try await queue.govern([.tier(.cpu): .paused])
    await watch.look()
    #expect(watch.obstacles.isEmpty)
    try await queue.govern([.tier(.cpu): .unlimited])
    await watch.look()
    #expect(!watch.obstacles.isEmpty)
    #expect(try await queue.lease(worker: worker, tiers: [.cpu], count: 2, for: .seconds(600)).leases.count == 1)
    await watch.look()
    #expect(watch.obstacles.isEmpty)
    await queue.close()
  }

  /// Nothing leads, so nobody makes ready what is due and ends the leases of the silent; and it is told.
  @Test func readinessTellsWhatStandsStill() async throws {
    let clock = HeldClock()
    let fixture = try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock.clock))) {
      $0.clock = clock.clock
      ($0.standstillMax, $0.leaseDuration) = (.zero, .zero)
    }
    var draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    draft.start = .after(.seconds(60))
    _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
    _ = try await fixture.lease(for: .seconds(30))
    await fixture.control.consumption.look()
    #expect(await fixture.control.obstacles() == [])
    clock.advance(by: .seconds(61))
    await fixture.control.consumption.look()
    let obstacles = await fixture.control.obstacles()
    #expect(obstacles.count == 2, "\(obstacles)")
    #expect(obstacles.contains { $0.contains("have not been made ready") })
    #expect(obstacles.contains { $0.contains("silent worker") })
    await fixture.control.measure()
    let text = fixture.metrics.render()
    #expect(text.contains(#"strata_standstill{cause="promotion"} 1"#))
    #expect(text.contains(#"strata_standstill{cause="leasing"} 0"#))
    _ = try await fixture.queue.promote(limit: 10)
    _ = try await fixture.queue.expire(limit: 10)
    await fixture.control.consumption.look()
    #expect(await fixture.control.obstacles() == [])
  }
}
