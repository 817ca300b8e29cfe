import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import Testing

/// When the door closes and opens: pure.
@Suite struct AdmissionDoorTests {
  private func door(_ change: (inout AdmissionBounds) -> Void = { _ in }) -> AdmissionDoor {
    var bounds = AdmissionBounds()
    change(&bounds)
    return AdmissionDoor(bounds)
  }

  private func load(_ percent: Int64, jobs: Int = 0) -> QueueLoad {
    QueueLoad(jobs: jobs, memoryUsedBytes: percent * 10_000_000, memoryMaxBytes: 1_000_000_000)
  }

  @Test func itClosesAtTheUpperBoundAndOpensBelowTheLower() {
    var door = door()
    #expect(door.refusal == nil)
    for (percent, isOpen) in [(79, true), (80, false), (76, false), (75, false), (74, true), (79, true), (95, false)] {
      door.note(load(Int64(percent)))
      #expect((door.refusal == nil) == isOpen, "\(percent) %")
    }
    let refusal = door.refusal
    #expect(refusal?.code == .queueFull && refusal?.retryAfter == .seconds(5))
    #expect(refusal?.description.contains("95 % of its memory; try again in 5 s") == true)
  }

  @Test func whatIsAcceptedBetweenTwoLooksCounts() {
    var door = door()
    door.note(load(79))
    door.noteAccepted(1, payloadBytes: 9_000_000)
    #expect(door.refusal == nil)
    door.noteAccepted(1, payloadBytes: 1_000_000)
    #expect(door.refusal?.code == .queueFull)
    // Only a look opens it.
    door.noteAccepted(1, payloadBytes: 0)
    #expect(door.refusal != nil)
    door.note(load(70))
    #expect(door.refusal == nil)
  }

  @Test func itHoldsSoManyJobsAndNoMore() {
    var door = door { $0.jobsMax = 100 }
    door.note(load(1, jobs: 98))
    door.noteAccepted(1, payloadBytes: 0)
    #expect(door.refusal == nil)
    door.noteAccepted(1, payloadBytes: 0)
    #expect(door.refusal?.message.contains("holds 100 jobs") == true)
    door.note(load(1, jobs: 95))
    #expect(door.refusal != nil)
    door.note(load(1, jobs: 94))
    #expect(door.refusal == nil)
  }

  @Test func aServerThatRefusedAJobHasClosedIt() {
    var door = door()
    door.note(load(60))
    door.noteOutOfMemory()
    #expect(door.closure == .outOfMemory && door.refusal?.message.contains("no memory left") == true)
    door.note(load(76))
    #expect(door.refusal != nil)
    door.note(load(60))
    #expect(door.refusal == nil)
  }

  /// The lower of the server's own limit and what an operator says; the machine's memory where there is neither.
  @Test func whatTheServerMayUse() {
    let machine: Int64 = 1_000
    func share(_ own: Int64?, _ said: Int64?) -> Double? {
      var door = door { $0.memoryBytesMax = said }
      door.note(QueueLoad(memoryUsedBytes: 10, memoryMaxBytes: own, machineMemoryBytes: machine))
      return door.share
    }
    #expect(share(nil, nil) == 0.01 && share(100, nil) == 0.1 && share(nil, 50) == 0.2 && share(100, 50) == 0.2)
    var unknown = door()
    unknown.note(QueueLoad(jobs: 3, memoryUsedBytes: 10))
    #expect(unknown.share == nil && unknown.refusal == nil)
  }
}

/// The door in a controller.
@Suite struct AdmissionRoomTests {
  private let full = QueueLoad(jobs: 9, memoryUsedBytes: 90, memoryMaxBytes: 100)

  private func refusal(_ fixture: ControlFixture, key: String? = nil) async throws -> StrataError? {
    do {
      _ = try await fixture.submit(key: key)
      return nil
    } catch let error as StrataError {
      return error
    }
  }

  @Test func aFullQueueTakesNoJobAndFinishesThoseItHas() async throws {
    let fixture = try await ControlFixture()
    let job = try await fixture.submit(key: "first")
    fixture.queue.show(full)
    await fixture.control.lookAtRoom()
    #expect(try await refusal(fixture)?.code == .queueFull)
    // One that was accepted before is found: its client may not have got the answer.
    #expect(try await fixture.submit(key: "first") == job)
    #expect(try await refusal(fixture, key: "second")?.code == .queueFull)
    let draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    let batch = ControlPlane.BatchDraft(jobs: [.success(draft), .success(draft)])
    let many = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(batch, tenant: fixture.tenant)
    }
    #expect(many?.code == .queueFull && many?.retryAfter == .seconds(5))
    let asked = await #expect(throws: StrataError.self) {
      try await fixture.control.check(draft, tenant: fixture.tenant)
    }
    #expect(asked?.code == .queueFull)
    let warnings = await fixture.control.warnings()
    #expect(warnings.contains { $0.contains("no jobs are accepted: the queue has used 90 % of its memory") })
    #expect(await fixture.control.obstacles() == [])
    await fixture.control.measure()
    let text = fixture.metrics.render()
    #expect(text.contains("strata_admission_open 0") && text.contains("strata_queue_memory_used_bytes 90"))
    #expect(text.contains(#"strata_jobs_refused_total{reason="queue_full"} 3"#))

    try await fixture.complete(try await fixture.lease())
    try await fixture.settler().drain()
    #expect(try await fixture.state(of: job) == .succeeded)
    fixture.queue.show(nil)
    await fixture.control.lookAtRoom()
    #expect(try await refusal(fixture) == nil)
  }

  /// It is not known to be full any more, and what is accepted is in the ledger.
  @Test func aQueueThatIsAwayKeepsNobodyOutForLong() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.show(full)
    await fixture.control.lookAtRoom()
    fixture.queue.show(nil)
    for look in 1...3 {
      fixture.queue.fail(.load, with: .disconnected("it is away"))
      await fixture.control.lookAtRoom()
      #expect(try await refusal(fixture)?.code == (look < 3 ? .queueFull : nil))
    }
  }

  @Test func aQueueThatRefusedAJobTakesNoMore() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.fail(.enqueue, with: .outOfMemory)
    // Committed before the queue was asked: accepted.
    _ = try await fixture.submit()
    #expect(try await refusal(fixture)?.code == .queueFull)
  }

  @Test func aQueueThatIsAwayKeepsNobodyFromSubmitting() async throws {
    let fixture = try await ControlFixture()
    fixture.queue.fail(.load, with: .disconnected("gone"))
    await fixture.control.lookAtRoom()
    #expect(try await refusal(fixture) == nil)
  }

  @Test func aTenantHasOnlySoManyJobsWaiting() async throws {
    let fixture = try await ControlFixture { $0.admission.tenantWaitingMax = 3 }
    for _ in 0..<3 { _ = try await fixture.submit() }
    let refused = try await refusal(fixture)
    #expect(refused?.code == .tooManyWaiting && refused?.retryAfter == .seconds(5))
    #expect(refused?.message == "3 jobs of this tenant wait already, and at most 3 may")
    let other = try await fixture.ledger.createTenant(
      name: "other", plan: "p", credits: MicroCredits(micros: 1_000_000))
    let draft = JobDraft(capability: "test.echo", parametersJSON: "{}")
    let batch = ControlPlane.BatchDraft(jobs: Array(repeating: .success(draft), count: 4))
    let many = await #expect(throws: StrataError.self) { try await fixture.control.submit(batch, tenant: other) }
    #expect(many?.code == .tooManyWaiting)
    _ = try await fixture.control.submit(draft, tenant: other)
  }
}

/// In how many lanes one tenant's jobs are.
@Suite struct LaneBoundTests {
  private func draft(cpu: Int64) -> JobDraft {
    JobDraft(capability: "test.echo", parametersJSON: "{}", cpuMillicores: cpu)
  }

  private func refusal(_ fixture: ControlFixture, cpu: Int64) async -> StrataError? {
    do {
      _ = try await fixture.control.submit(draft(cpu: cpu), tenant: fixture.tenant)
      return nil
    } catch {
      return error
    }
  }

  @Test func aTenantHasOnlySoManyLanes() async throws {
    let fixture = try await ControlFixture { $0.admission.tenantLanesMax = 2 }
    for cpu in [1_000, 2_000, 1_000] as [Int64] { #expect(await refusal(fixture, cpu: cpu) == nil) }
    let refused = await refusal(fixture, cpu: 3_000)
    #expect(refused?.code == .tooManyWaiting && refused?.message.contains("in 2 lanes already") == true)
    let jobs = [1_000, 3_000, 2_000].map { Result<JobDraft, StrataError>.success(draft(cpu: $0)) }
    let many = await #expect(throws: StrataError.self) {
      try await fixture.control.submit(.init(jobs: jobs), tenant: fixture.tenant)
    }
    #expect(many?.code == .tooManyWaiting)
    // To ask takes none.
    _ = try await fixture.control.check(draft(cpu: 1_000), tenant: fixture.tenant)
    let other = try await fixture.ledger.createTenant(
      name: "other", plan: "p", credits: MicroCredits(micros: 1_000_000))
    _ = try await fixture.control.submit(draft(cpu: 3_000), tenant: other)
  }

  private static func lane(_ cpu: Int64, others: Int = 0) -> Lane {
    let other = Placement(tier: .gpu, resources: ResourceRequest())
    return Lane(
      tier: .cpu, capability: "a", resources: ResourceRequest(cpuMillicores: cpu),
      alternatives: Array(repeating: other, count: others))
  }

  /// A queue that cannot be asked keeps nobody from submitting, nor does a look that goes on.
  @Test func nobodyIsRefusedByALookThatTellsNothing() {
    let (start, tenant) = (ContinuousClock.now, TenantID())
    var lanes = TenantLanes(lanesMax: 1, interval: .seconds(1))
    #expect(lanes.take([Self.lane(1)], of: tenant, at: start) == .taken)
    for _ in 0..<2 { #expect(lanes.take([Self.lane(2)], of: tenant, at: start) == .unknown) }
    #expect(lanes.beginLook(at: start) == true)
    #expect(lanes.take([Self.lane(2)], of: tenant, at: start) == .unknown)
  }

  @Test func ofWhatIsRefusedNothingCounts() {
    let (start, tenant) = (ContinuousClock.now, TenantID())
    var lanes = TenantLanes(lanesMax: 3, interval: .seconds(1))
    #expect(lanes.take([Self.lane(1)], of: tenant, at: start) == .taken)
    lanes.note([Self.lane(1)], at: start)
    #expect(lanes.take((1...4).map { Self.lane($0) }, of: tenant, at: start) == .refused(lanes: 1))
    #expect(lanes.take((1...3).map { Self.lane($0) }, of: tenant, at: start) == .taken)
  }

  @Test func lanesThatAreEmptyAreForgottenWithALook() {
    let (start, tenant) = (ContinuousClock.now, TenantID())
    var lanes = TenantLanes(lanesMax: 3, interval: .seconds(1))
    #expect(lanes.take([Self.lane(1)], of: tenant, at: start) == .taken)
    // One with another way to run counts twice.
    #expect(lanes.take([Self.lane(2, others: 1)], of: tenant, at: start) == .taken)
    #expect(lanes.take([Self.lane(3)], of: tenant, at: start) == .unknown)
    #expect(lanes.beginLook(at: start + .seconds(1)) == true)
    #expect(lanes.beginLook(at: start + .seconds(2)) == false)
    // Its jobs may be on their way.
    lanes.note([], at: start + .seconds(1))
    #expect(lanes.take([Self.lane(3)], of: tenant, at: start + .seconds(2)) == .refused(lanes: 3))
    #expect(lanes.take([Self.lane(3)], of: tenant, at: start + .seconds(3)) == .unknown)
    #expect(lanes.beginLook(at: start + .seconds(11)) == true)
    lanes.note([Self.lane(1)], at: start + .seconds(11))
    #expect(lanes.take([Self.lane(3)], of: tenant, isCounted: false, at: start + .seconds(11)) == .taken)
    #expect(lanes.take([Self.lane(3)], of: tenant, at: start + .seconds(11)) == .taken)
    #expect(lanes.take([Self.lane(4)], of: tenant, at: start + .seconds(11)) == .taken)
    #expect(lanes.take([Self.lane(5)], of: tenant, at: start + .seconds(11)) == .refused(lanes: 3))
    // What it has not asked for in a day may be another's.
    let next = start + .seconds(86_400)
    #expect(lanes.beginLook(at: next) == true)
    lanes.note([Self.lane(1), Self.lane(3), Self.lane(4)], at: next)
    #expect(lanes.take([Self.lane(2)], of: tenant, at: next) == .taken)
  }
}

/// What is remembered of tenants' backlogs: pure.
@Suite struct TenantBacklogsTests {
  private let start = ContinuousClock.now
  private let tenant = TenantID()

  @Test func aLookIsGoodForAWhileAndForARefusalOnlyForAMoment() {
    var backlogs = TenantBacklogs(waitingMax: 10, interval: .seconds(1))
    #expect(backlogs.take(1, of: tenant, at: start) == .unknown)
    backlogs.note(7, of: tenant, at: start)
    #expect(backlogs.take(2, of: tenant, isCounted: false, at: start) == .taken)
    #expect(backlogs.take(2, of: tenant, at: start + .seconds(9)) == .taken)
    #expect(backlogs.take(2, of: tenant, at: start + .seconds(1)) == .refused(waiting: 9))
    // Some may have started since.
    #expect(backlogs.take(2, of: tenant, at: start + .seconds(2)) == .unknown)
    #expect(backlogs.take(1, of: tenant, at: start + .seconds(11)) == .unknown)
  }
}
