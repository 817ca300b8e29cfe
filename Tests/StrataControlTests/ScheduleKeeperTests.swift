import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import StrataScheduling
import TestSupport
import Testing

/// How schedules are kept: when their keeper sleeps and wakes, and what becomes of what breaks.
@Suite struct ScheduleKeeperTests {
  let bench = KeeperBench(start: "2026-06-01T12:00:30Z")

  @Test func theKeeperSleepsUntilTheNextRun() async throws {
    let fixture = try await bench.fixture()
    let waits = HeldWaits()
    let running = Task { await bench.keeper(fixture.control, fixture, wait: waits.wait).run() }
    var lengths = waits.lengths.makeAsyncIterator()
    #expect(await lengths.next() == ScheduleKeeper.waitMax)
    try await bench.create(fixture, "minutely", "* * * * *")
    bench.clock.advance(by: .seconds(20))
    waits.end()
    #expect(await lengths.next() == .seconds(10))
    bench.clock.advance(by: .seconds(10))
    waits.end()
    #expect(await lengths.next() == ScheduleKeeper.waitMax)
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01"])
    running.cancel()
    waits.end()
    await running.value
  }

  /// By the notice of the database: for each of these the keeper would sleep for `waitMax` otherwise.
  @Test(.timeLimit(.minutes(1))) func aChangeThroughAnotherControllerWakesTheKeeper() async throws {
    let fixture = try await bench.fixture()
    let other = try bench.another(fixture)
    let running = Task { await bench.keeper(fixture.control, fixture).run() }
    _ = try await other.createSchedule(KeeperBench.draft("hourly", "0 * * * *"), tenant: fixture.tenant)
    _ = try await other.createSchedule(KeeperBench.draft("other", "@yearly"), tenant: fixture.tenant)
    for round in 1...8 {
      // The clock alone wakes nobody; a change does, and what is due by the clock is found.
      bench.clock.advance(by: .seconds(3_600))
      var change = ScheduleChange()
      change.jitterSeconds = Int64(round)
      _ = try await other.changeSchedule(named: "other", change, tenant: fixture.tenant)
      try await eventually("run \(round) is made") { try await bench.instants(fixture).count == round }
    }
    running.cancel()
    await running.value
  }

  @Test func theLeaderKeepsTheSchedules() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *")
    bench.clock.advance(by: .seconds(60))
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await eventually("its job is in the queue") {
      let jobs = try await fixture.ledger.jobs(JobFilter(tenant: fixture.tenant))
      guard let job = jobs.first?.id else { return false }
      return try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)]
    }
    running.cancel()
    await running.value
  }

  /// As after a fall between the commit and the queue: the job is found like that of any submission, and made once.
  @Test func aRunThatWasCommittedAndNotEnqueuedIsFound() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *")
    bench.clock.advance(by: .seconds(60))
    let stored = try await bench.schedule(fixture, "minutely").stored
    let instant = try #require(stored.progress.nextAt)
    let order = WorkOrder(
      job: JobID(), tenant: fixture.tenant, capability: "test.echo", version: 1, parametersJSON: "{}", inputs: [],
      timeoutSeconds: 60, resources: ResourceRequest())
    let submission = JobSubmission(
      order: order, tier: .cpu, attemptsMax: 3, fingerprint: [1], createdAt: bench.clock.now,
      occurrence: ScheduleOccurrence(schedule: stored.id, instant: instant))
    let firing = ScheduleFiring(
      stored, runs: [.init(instant: instant, submission: .success(submission))],
      progress: ScheduleProgress(
        decidedAt: bench.clock.now, nextAt: instant + .seconds(60), dueAt: instant + .seconds(60)))
    _ = try await fixture.ledger.fire([firing], now: bench.clock.now)
    #expect(try await bench.fireAll(fixture) == 0)
    #expect(try await fixture.queue.status(of: [order.job]) == [nil])
    _ = try await fixture.reconciler(fixture.settler()).reconcile(.start)
    #expect(try await fixture.queue.status(of: [order.job]) == [.ready(ahead: 0, attemptsMade: 0)])
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01"])
  }

  @Test func whatTheQueueCannotTakeIsMadeAllTheSame() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *")
    bench.clock.advance(by: .seconds(60))
    fixture.queue.fail(.enqueue, with: .outOfMemory)
    #expect(try await bench.fireAll(fixture) == 1)
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01"])
    let (sessions, _) = AsyncStream.makeStream(of: RedisConnection.Session.self)
    let running = Task { await fixture.control.run(queueSessions: sessions) }
    try await eventually("it is in the queue") { try await fixture.queue.census().tiers[.cpu]?.ready == 1 }
    running.cancel()
    await running.value
  }

  /// What another version wrote, and a capability that is gone, stop nobody else.
  @Test func aScheduleThatCannotBeReadStopsNoOther() async throws {
    let fixture = try await bench.fixture()
    let begin = ScheduleProgress(
      decidedAt: bench.clock.now, nextAt: bench.clock.now + .seconds(30), dueAt: bench.clock.now + .seconds(30))
    for (name, cron, draft) in [
      ("zone", "* * * * *", #"{"capability":"test.echo"}"#), ("job", "* * * * *", #"{"kind":"of tomorrow"}"#),
      ("gone", "* * * * *", #"{"capability":"test.gone","params":{},"inputs":[],"priority":50}"#),
    ] {
      _ = try await fixture.ledger.createSchedule(
        ScheduleDefinition(
          name: name, cron: cron, timeZone: name == "zone" ? "Mars/Olympus" : "UTC", draftJSON: draft),
        tenant: fixture.tenant, progress: begin, max: 10, now: bench.clock.now)
    }
    try await bench.create(fixture, "good", "* * * * *")
    bench.clock.advance(by: .seconds(60))
    #expect(try await bench.fireAll(fixture) == 4)
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01"])
    let codes = try await ["zone", "job", "gone"].asyncMap { name in
      try await bench.schedule(fixture, name).stored.lastRefusal?.error.code
    }
    #expect(codes == ["invalid_body", "invalid_body", "not_found"])
    // It is paused, and mended, all the same; its job is shown as unreadable until then.
    #expect(try await bench.schedule(fixture, "job").draft == nil)
    _ = try await bench.change(fixture, "zone") { $0.isPaused = true }
    let mended = try await bench.change(fixture, "job") {
      $0.job = JobDraft(capability: "test.echo", parametersJSON: "{}")
    }
    #expect(mended.draft?.job.capability == "test.echo")
    bench.clock.advance(by: .seconds(60))
    #expect(try await bench.fireAll(fixture) == 3)
    #expect(try await bench.schedule(fixture, "job").stored.runs == 1)
  }

  /// What is due stays so, and what was missed meanwhile is made up for as the schedule says.
  @Test func schedulesWaitWhileTheQueueIsFull() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *")
    fixture.queue.show(QueueLoad(jobs: 9, memoryUsedBytes: 90, memoryMaxBytes: 100))
    await fixture.control.lookAtRoom()
    bench.clock.advance(by: .seconds(180))
    let refused = await #expect(throws: StrataError.self) { try await bench.fireAll(fixture) }
    #expect(refused?.code == .queueFull)
    #expect(try await bench.instants(fixture) == [])
    fixture.queue.show(nil)
    await fixture.control.lookAtRoom()
    #expect(try await bench.fireAll(fixture) == 1)
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:03"])
  }

  /// It is no run that went wrong: it is made once there is a lane for it, or by a controller that has one.
  @Test func aRunForWhichThereIsNoLaneWaits() async throws {
    let fixture = try await bench.fixture(tenantLanesMax: 1)
    try await bench.create(fixture, "minutely", "* * * * *")
    var other = JobDraft(capability: "test.files", parametersJSON: "{}")
    other.memoryBytes = 2 << 30
    _ = try await fixture.control.submit(other, tenant: fixture.tenant)
    bench.clock.advance(by: .seconds(60))
    _ = try await bench.fireAll(fixture)
    let stored = try await bench.schedule(fixture, "minutely").stored
    #expect(try await bench.instants(fixture) == [])
    #expect(stored.runs == 0 && stored.refusals == 0)
    bench.clock.advance(by: .seconds(10))
    _ = try await bench.keeper(try bench.another(fixture), fixture).fireDue()
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01"])
  }

  @Test func moreRunsThanOneTransactionTakesAreMadeInOrder() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *") { $0.missed = .all(limit: 250) }
    try await bench.create(fixture, "other", "* * * * *")
    bench.clock.advance(by: .seconds(86_400))
    _ = try await bench.fireAll(fixture)
    let id = try await bench.schedule(fixture, "minutely").stored.id
    let jobs = try await fixture.ledger.jobs(JobFilter(tenant: fixture.tenant, schedule: id), limit: 1_000)
    let instants = jobs.reversed().compactMap(\.occurrence?.instant)
    #expect(instants.count == 250 && instants == instants.sorted() && Set(instants).count == 250)
    #expect(instants.last == bench.clock.now + .seconds(-30))
    #expect(try await bench.schedule(fixture, "other").stored.runs == 1)
  }

  @Test func anotherTimeCountsFromTheChangeOn() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "daily", "0 18 * * *") { $0.missed = .all(limit: 100) }
    let changed = try await bench.change(fixture, "daily") { $0.cron = "0 * * * *" }
    #expect(changed.times.first?.local == "2026-06-01T13:00:00+00:00")
    let job = try await bench.change(fixture, "daily") { $0.overlap = .skip }
    #expect(job.stored.progress == changed.stored.progress && job.stored.definition.cron == "0 * * * *")
    bench.clock.advance(by: .seconds(3_600))
    _ = try await bench.fireAll(fixture)
    #expect(try await bench.instants(fixture) == ["2026-06-01T13:00"])
  }

  @Test func aUniqueKeyThatAnotherJobHoldsLeavesARunOut() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "a", "* * * * *") { $0.job.structure.unique = UniqueKey("report") }
    try await bench.create(fixture, "b", "* * * * *") { $0.job.structure.unique = UniqueKey("report") }
    bench.clock.advance(by: .seconds(60))
    _ = try await bench.fireAll(fixture)
    let stored = try await ["a", "b"].asyncMap { try await bench.schedule(fixture, $0).stored }
    #expect(stored.map(\.runs).reduce(0, +) == 1 && stored.map(\.skips).reduce(0, +) == 1)
    #expect(stored.compactMap(\.lastSkip?.reason) == [.notUnique])
  }

  @Test func changesAtOnceAllCount() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "n", "@daily")
    async let one = bench.change(fixture, "n") { $0.cron = "@hourly" }
    async let two = bench.change(fixture, "n") { $0.overlap = .skip }
    async let three = bench.change(fixture, "n") { $0.jitterSeconds = 60 }
    _ = try await (one, two, three)
    let definition = try await bench.schedule(fixture, "n").stored.definition
    #expect(definition.cron == "@hourly" && definition.overlap == .skip && definition.jitterSeconds == 60)
  }

  @Test func aBellWakesOneWaitAndIsRemembered() async {
    let bell = Bell()
    bell.ring()
    bell.ring()
    await bell.wait(upTo: .seconds(3_600))
    await bell.wait(upTo: .zero)
    let waiting = Task { await bell.wait(upTo: .seconds(3_600)) }
    bell.ring()
    await waiting.value
    let cancelled = Task { await bell.wait(upTo: .seconds(3_600)) }
    cancelled.cancel()
    await cancelled.value
  }
}

/// Waits that end when they are told to.
private final class HeldWaits: Sendable {
  let lengths: AsyncStream<Duration>
  private let continuation: AsyncStream<Duration>.Continuation
  private let ends: AsyncStream<Void>
  private let ender: AsyncStream<Void>.Continuation

  init() {
    (lengths, continuation) = AsyncStream<Duration>.makeStream()
    (ends, ender) = AsyncStream<Void>.makeStream()
  }

  var wait: @Sendable (Duration) async -> Void {
    { [self] duration in
      continuation.yield(duration)
      for await _ in ends { return }
    }
  }

  func end() { ender.yield() }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
