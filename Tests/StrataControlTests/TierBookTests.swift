import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import TestSupport
import Testing

/// How a controller comes to know tiers: from the ledger, and from the workers that live.
@Suite struct TierBookTests {
  private static let gpus = ResourceRequest(cpuMillicores: 8_000, memoryBytes: 16 << 30, gpuThousandths: 2_000)
  private static let time = Timestamp(milliseconds: 1_000_000)

  private static func sighting(_ tier: TierName, _ cores: Int64) -> TierSighting {
    TierSighting(tier: tier, size: ResourceRequest(cpuMillicores: cores * 1_000, memoryBytes: 1 << 30))
  }

  private static func worker(
    _ low: UInt64, serving tiers: [TierName]?, cores: Int64 = 1, isAlive: Bool = true
  ) -> QueueRoom.Worker {
    QueueRoom.Worker(
      id: WorkerID(high: 1, low: low), deadline: time + .seconds(isAlive ? 5 : -1), leases: 1, idle: [:], free: nil,
      runs: .cpu,
      capacity: tiers.map {
        WorkerLoad.Capacity(wholeRoom: sighting(.cpu, cores).size, slotsLeft: 0, keepsFor: nil, tiers: $0)
      })
  }

  private func draft(_ tier: TierName? = nil, gpu: Int64? = nil) -> JobDraft {
    var draft = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi"}"#)
    draft.tier = tier
    draft.gpuThousandths = gpu
    return draft
  }

  private func code(
    _ fixture: ControlFixture, _ draft: JobDraft
  ) async throws -> StrataError.Code? {
    do throws(StrataError) {
      _ = try await fixture.control.submit(draft, tenant: fixture.tenant)
      return nil
    } catch {
      return error.code
    }
  }

  /// For a minute of the queue's clock.
  private func leaseGPU(_ fixture: ControlFixture) async throws {
    _ = try await fixture.queue.lease(
      LeaseRequest(worker: WorkerID(), tiers: [.gpu], count: 1, room: Self.gpus), for: .seconds(60))
  }

  private func fixture(_ clock: HeldClock) async throws -> ControlFixture {
    let clock = clock.clock
    return try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock))) { $0.clock = clock }
  }

  // MARK: Pure

  @Test func theWorkersThatLiveAreSeenForEachTierThatTheyServe() {
    let room = QueueRoom(
      time: Self.time, lanes: [:], nextDue: nil,
      workers: [
        Self.worker(1, serving: [.gpu, .cpu], cores: 4), Self.worker(2, serving: [.cpu], cores: 4),
        Self.worker(3, serving: nil), Self.worker(4, serving: [.cpu], cores: 64, isAlive: false),
      ])
    #expect(room.sightings == [Self.sighting(.cpu, 4), Self.sighting(.gpu, 4)])
  }

  @Test func onlyWhatIsNewOrOldIsNotedAgain() {
    let room = QueueRoom(
      time: Self.time, lanes: [:], nextDue: nil,
      workers: [Self.worker(1, serving: [.cpu], cores: 4), Self.worker(2, serving: [.cpu, .gpu], cores: 8)])
    func seen(_ cores: Int64, _ seconds: Int64) -> StoredTier.Seen {
      StoredTier.Seen(size: Self.sighting(.cpu, cores).size, age: .seconds(seconds))
    }
    func missing(_ seen: StoredTier.Seen...) -> Set<TierSighting> {
      let cpu = StoredTier(declared: nil, seen: seen, rate: .standard(.cpu))
      return Set(room.sightings(missingIn: [cpu], olderThan: .seconds(60)))
    }
    let (small, large, gpu) = (Self.sighting(.cpu, 4), Self.sighting(.cpu, 8), Self.sighting(.gpu, 8))
    #expect(missing() == [small, large, gpu])
    #expect(missing(seen(4, 59), seen(8, 1), seen(16, 1)) == [gpu])
    #expect(missing(seen(4, 60), seen(8, 59)) == [small, gpu])
  }

  // MARK: With a ledger

  @Test func aWorkerThatHasJustComeCountsBeforeAJobIsRefused() async throws {
    let fixture = try await ControlFixture()
    #expect(try await code(fixture, draft(.gpu)) == .unsatisfiable)
    try await leaseGPU(fixture)
    #expect(try await code(fixture, draft(.gpu, gpu: 2_000)) == nil)
    #expect(try await code(fixture, draft(.gpu, gpu: 2_001)) == .unsatisfiable)
    // It is in the ledger, with rates, for every other controller.
    let stored = try await fixture.ledger.tiers(seenWithin: .seconds(60))
    #expect(stored.map(\.name) == [.cpu, .gpu] && stored[1].seen.map(\.size) == [Self.gpus])
    #expect(stored[1].rate == .standard(.gpu) && stored[0].rate == ControlFixture.tier.rate)
    #expect(fixture.control.tiers.map(\.name) == [.cpu, .gpu])
  }

  @Test func manyAreRefusedAfterOneLook() async throws {
    let fixture = try await ControlFixture()
    try await leaseGPU(fixture)
    let drafts = [draft(.gpu), draft(TierName(rawValue: "metal")), draft()].map { Result<_, StrataError>.success($0) }
    let verdicts = try await fixture.control.submit(ControlPlane.BatchDraft(jobs: drafts), tenant: fixture.tenant)
      .verdicts
    #expect(verdicts.map { (try? $0.get()) != nil } == [true, false, true])
  }

  @Test func whatTheLedgerCannotTellIsNotRefusedForGood() async throws {
    let server = try PostgreSQLFixture()
    let fixture = try await ControlFixture(postgreSQL: server)
    server.stop()
    #expect(try await code(fixture, draft(.gpu)) == .unavailable)
  }

  @Test func aTierWhoseWorkersAreLongGoneTakesNoJobs() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    try await leaseGPU(fixture)
    #expect(try await code(fixture, draft(.gpu)) == nil)
    clock.advance(by: .seconds(61))
    try fixture.postgreSQL.sql(
      "UPDATE tier_worker SET seen_at = seen_at - interval '25 hours' WHERE tier = 'gpu'", database: fixture.database)
    try await fixture.control.tierWatch.read()
    #expect(fixture.control.tiers.map(\.offers.isEmpty) == [false, true])
    #expect(try await code(fixture, draft(.gpu)) == .unsatisfiable)
  }

  @Test func ratesAndSizesThatAnOperatorSetOutliveARestart() async throws {
    let fixture = try await ControlFixture()
    let change = TierChange(declared: .size(Self.gpus), wallHour: MicroEuro(micros: 77))
    let cpu = try await fixture.control.change(change, ofTierNamed: "cpu")
    #expect(cpu.definition?.rate.wallHour == MicroEuro(micros: 77) && cpu.definition?.declared == Self.gpus)
    #expect(try await code(fixture, draft(.cpu, gpu: 1_000)) == nil)
    try await fixture.control.publish()
    let again = try #require(fixture.control.tiers.first)
    #expect(again == cpu.definition && again.rate.cpuHour == ControlFixture.tier.rate.cpuHour)
  }

  @Test(arguments: [
    ("Big Tier", TierChange()), ("gpu", TierChange(wallHour: MicroEuro(micros: -1))),
    ("gpu", TierChange(cpuHour: MicroEuro(micros: .max))),
    ("gpu", TierChange(declared: .size(ResourceRequest(cpuMillicores: 0)))),
    ("gpu", TierChange(declared: .size(ResourceRequest(gpuThousandths: -1)))),
    ("gpu", TierChange(declared: .size(ResourceRequest(memoryBytes: 1 << 60)))),
  ]) func whatNoTierCanHaveIsRefused(name: String, change: TierChange) async throws {
    let fixture = try await ControlFixture()
    let error = await #expect(throws: StrataError.self) {
      try await fixture.control.change(change, ofTierNamed: name)
    }
    #expect(error?.code.rawValue == "invalid_body")
    #expect(try await fixture.ledger.tiers(seenWithin: .seconds(60)).map(\.name) == [.cpu])
  }

  @Test func aTierIsRemovedOnceNothingNeedsIt() async throws {
    let clock = HeldClock()
    let fixture = try await fixture(clock)
    func refusal() async -> StrataError? {
      do throws(StrataError) {
        _ = try await fixture.control.removeTier(named: "gpu")
        return nil
      } catch { return error }
    }
    #expect(await refusal()?.code == .notFound)
    try await leaseGPU(fixture)
    let job = try await fixture.control.submit(draft(.gpu), tenant: fixture.tenant).id
    let served = await refusal()
    #expect(served?.code == .conflict && served?.message.contains("1 worker serves") == true)
    clock.advance(by: .seconds(61))
    let waiting = await refusal()
    #expect(waiting?.code == .conflict && waiting?.message.contains("1 job of tier 'gpu' has not ended") == true)
    #expect(fixture.control.tiers.count == 2)
    _ = try await fixture.control.cancel(job, tenant: fixture.tenant)
    try await fixture.settler().drain()
    #expect(await refusal() == nil)
    #expect(fixture.control.tiers.map(\.name) == [.cpu])
  }

  // MARK: Explanations

  @Test func aJobSaysWhereNoWorkerServesItsTierOrIsLargeEnough() async throws {
    let fixture = try await ControlFixture()
    func reasons(_ job: JobID) async throws -> [Explanation.Reason] {
      try await fixture.control.explain(job, tenant: fixture.tenant).reasons
    }
    _ = try await fixture.control.change(TierChange(declared: .size(Self.gpus)), ofTierNamed: "gpu")
    let job = try await fixture.control.submit(draft(.gpu, gpu: 2_000), tenant: fixture.tenant).id
    _ = try await fixture.lease(0)
    let none = try await reasons(job)
    #expect(none.map(\.code) == [.noWorker] && none[0].count == 0)
    #expect(none[0].message.contains("no worker that is there serves tier 'gpu'"), "\(none[0].message)")
    #expect(none[0].message.contains("2 GPUs, has room for it, and no worker of that size lives"), "\(none[0].message)")
    // One of its tier that is too small.
    _ = try await fixture.queue.lease(
      LeaseRequest(worker: WorkerID(), tiers: [.gpu], count: 1, room: ResourceRequest(gpuThousandths: 1_000)),
      for: .seconds(3_600))
    let small = try await reasons(job)
    #expect(small.map(\.code) == [.noWorker] && small[0].message.contains("that is there has room for 1 core"))
    #expect(small[0].message.contains("no worker of that size lives"), "\(small[0].message)")
    try await leaseGPU(fixture)
    #expect(try await reasons(job).map(\.code) == [.running])
  }
}
