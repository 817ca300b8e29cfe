import StrataCore
import StrataLedger
import StrataScheduling
import TestSupport
import Testing

/// Runs of schedules in the ledger: a job and the note that its run is done are one.
@Suite struct ScheduleFiringTests {
  private static let start = Timestamp(milliseconds: 1_780_000_000_000)

  private func schedule(
    _ bench: LedgerBench, _ tenant: TenantID, _ name: String = "nightly", overlap: OverlapPolicy = .allow
  ) async throws -> StoredSchedule {
    let due = Self.start + .seconds(60)
    let stored = try await bench.ledger.createSchedule(
      ScheduleDefinition(name: name, cron: "* * * * *", timeZone: "UTC", draftJSON: "{}", overlap: overlap),
      tenant: tenant, progress: ScheduleProgress(decidedAt: Self.start, nextAt: due, dueAt: due),
      max: 10, now: Self.start)
    return try #require(stored.schedule)
  }

  /// Runs of the next minutes.
  private func firing(
    _ schedule: StoredSchedule, count: Int = 1, soldAs: String = LedgerBench.flat, parameters: String = "{}"
  ) -> ScheduleFiring {
    let instants = (1...count).map { Self.start + .seconds(Int64(60 * $0)) }
    let runs = instants.map { instant in
      var submission = Sample.submission(schedule.tenant, soldAs: soldAs, parameters: parameters)
      submission.occurrence = ScheduleOccurrence(schedule: schedule.id, instant: instant)
      return ScheduleFiring.Run(instant: instant, submission: .success(submission))
    }
    let decided = instants[count - 1]
    return ScheduleFiring(
      schedule, runs: runs,
      progress: ScheduleProgress(
        decidedAt: decided, nextAt: decided + .seconds(60), dueAt: decided + .seconds(60)))
  }

  private func current(_ bench: LedgerBench, _ schedule: StoredSchedule) async throws -> StoredSchedule {
    try #require(try await bench.ledger.schedule(schedule.id, named: nil, tenant: schedule.tenant))
  }

  private func outcomes(_ verdict: FiringVerdict) throws -> [ScheduleOutcome] {
    guard case .fired(let outcomes) = verdict else { throw Unexpected(verdict) }
    return outcomes
  }

  @Test func aJobAndTheStepOfItsScheduleAreOneTransaction() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let schedule = try await schedule(bench, tenant)
    #expect(try await bench.ledger.nextDue() == Self.start + .seconds(60))
    #expect(try await bench.ledger.dueSchedules(at: Self.start + .seconds(59), limit: 10).isEmpty)
    #expect(try await bench.ledger.dueSchedules(at: Self.start + .seconds(60), limit: 10).map(\.id) == [schedule.id])

    let firing = firing(schedule)
    let now = Self.start + .seconds(61)
    guard case .made(let made)? = try outcomes(try await bench.ledger.fire([firing], now: now)[0]).first else {
      throw Unexpected(firing)
    }
    let job = try #require(try await bench.ledger.job(made.job, tenant: tenant))
    #expect(job.occurrence == ScheduleOccurrence(schedule: schedule.id, instant: Self.start + .seconds(60)))
    #expect(job.scheduleName == "nightly" && job.state == .queued)
    #expect(try await bench.ledger.balance(of: tenant).held == made.held)
    let after = try await current(bench, schedule)
    #expect(after.progress == firing.progress && after.runs == 1 && after.revision == schedule.revision)
    let last = try #require(after.lastRun)
    #expect(last.instant == Self.start + .seconds(60) && last.at == now && last.job == made.job)
    #expect(after.lastRefusal == nil)
    #expect(try await bench.ledger.jobs(JobFilter(tenant: tenant, schedule: schedule.id)).map(\.id) == [made.job])
    #expect(try await bench.ledger.verify().violations == [])
  }

  @Test func whoCannotBeSureThatItHappenedFindsOut() async throws {
    let bench = try await LedgerBench()
    let schedule = try await schedule(bench, try await bench.tenant())
    let firing = firing(schedule)
    _ = try await bench.ledger.fire([firing], now: Self.start)
    // The same call again, as after a commit whose answer was lost.
    let again = try await bench.ledger.fire([firing], now: Self.start)[0]
    guard case .stale(let jobs) = again else { throw Unexpected(again) }
    #expect(jobs.map(\.job) == firing.submissions.map(\.job))
    #expect(try await current(bench, schedule).runs == 1)
  }

  @Test func twoWhoDecideAtOnceMakeOneJob() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let other = try bench.another()
    for round in 0..<20 {
      let schedule = try await schedule(bench, tenant, "n\(round % 10)\(round)")
      let (first, second) = (firing(schedule), firing(schedule))
      async let one = bench.ledger.fire([first], now: Self.start)
      async let two = other.fire([second], now: Self.start)
      let verdicts = try await [one[0], two[0]]
      #expect(verdicts.filter { $0 == .stale([]) }.count == 1, "\(verdicts)")
      #expect(try await bench.ledger.jobs(JobFilter(tenant: tenant, schedule: schedule.id)).count == 1)
      _ = try await bench.ledger.deleteSchedule(schedule.id, tenant: tenant)
    }
    await other.close()
  }

  @Test func whatWasChangedMeanwhileIsLeft() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let (paused, deleted) = (
      try await schedule(bench, tenant, "paused"), try await schedule(bench, tenant, "deleted")
    )
    let firings = [firing(paused), firing(deleted)]
    var definition = paused.definition
    definition.isPaused = true
    let change = try await bench.ledger.changeSchedule(
      paused, to: definition, start: ScheduleProgress(decidedAt: Self.start, nextAt: nil, dueAt: nil), now: Self.start)
    #expect(change?.revision == paused.revision + 1)
    #expect(try await bench.ledger.changeSchedule(paused, to: definition, start: nil, now: Self.start) == nil)
    _ = try await bench.ledger.deleteSchedule(deleted.id, tenant: tenant)
    #expect(try await bench.ledger.fire(firings, now: Self.start) == [.stale([]), .stale([])])
    #expect(try await bench.ledger.jobs(JobFilter(tenant: tenant)).isEmpty)
  }

  @Test func whatCannotBeAdmittedIsNotedAndStopsNobody() async throws {
    let bench = try await LedgerBench()
    let (poor, rich) = (try await bench.tenant("poor", credits: 1), try await bench.tenant("rich"))
    let schedules = [
      try await schedule(bench, poor), try await schedule(bench, rich, "bad"), try await schedule(bench, rich, "good"),
    ]
    let firings = [
      firing(schedules[0], count: 2), firing(schedules[1], parameters: "no JSON"), firing(schedules[2]),
    ]
    let verdicts = try await bench.ledger.fire(firings, now: Self.start + .seconds(200))
    let all = try verdicts.map(outcomes)
    guard case .made = all[0][0], case .refused(let refusal) = all[0][1], case .refused(let bad) = all[1][0],
      case .made = all[2][0]
    else { throw Unexpected(verdicts) }
    #expect(refusal.code == "budget_exceeded" && bad.code == "invalid_input")
    let first = try await current(bench, schedules[0])
    #expect(first.runs == 1 && first.refusals == 1 && first.progress == firings[0].progress)
    #expect(first.lastRefusal?.instant == Self.start + .seconds(120) && first.lastRefusal?.error == refusal)
    #expect(try await current(bench, schedules[1]).progress == firings[1].progress)
    #expect(try await bench.ledger.verify().violations == [])
  }

  @Test func anOverlapIsSkippedUntilTheJobHasEnded() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let schedule = try await schedule(bench, tenant, overlap: .skip)
    let first = try outcomes(try await bench.ledger.fire([firing(schedule, count: 2)], now: Self.start)[0])
    guard case .made(let job) = first[0] else { throw Unexpected(first) }
    #expect(first[1] == .skipped(.overlap))
    let busy = try await current(bench, schedule)
    #expect(busy.skips == 1 && busy.lastSkip?.reason == .overlap)
    #expect(busy.lastSkip?.instant == Self.start + .seconds(120))
    _ = try await bench.ledger.settled([Sample.outcome(job.job)])
    var next = Sample.submission(tenant)
    next.occurrence = ScheduleOccurrence(schedule: schedule.id, instant: Self.start + .seconds(180))
    let third = ScheduleFiring(
      busy, runs: [.init(instant: Self.start + .seconds(180), submission: .success(next))], progress: busy.progress)
    guard case .made? = try outcomes(try await bench.ledger.fire([third], now: Self.start)[0]).first else {
      throw Unexpected(third)
    }
  }

  @Test func namesAreTakenOnceATenantAndSchedulesAreCounted() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let schedule = try await schedule(bench, tenant)
    let error = await #expect(throws: LedgerError.self) { try await self.schedule(bench, tenant) }
    #expect(error == .duplicate("a schedule named 'nightly'"))
    let theirs = try await self.schedule(bench, other)
    #expect(try await bench.ledger.schedule(schedule.id, named: "x", tenant: other) == nil)
    #expect(try await bench.ledger.schedule(nil, named: "nightly", tenant: other)?.id == theirs.id)
    #expect(try await bench.ledger.deleteSchedule(schedule.id, tenant: other) == nil)
    let full = try await bench.ledger.createSchedule(
      schedule.definition, tenant: tenant, progress: schedule.progress, max: 1, now: Self.start)
    #expect(full == .tooMany)
    let second = try await self.schedule(bench, tenant, "second")
    let page = try await bench.ledger.schedules(of: tenant, limit: 1)
    #expect(page.map(\.id) == [second.id])
    #expect(try await bench.ledger.schedules(of: tenant, before: second.id, limit: 9).map(\.id) == [schedule.id])
    // A job outlives its schedule, which it still names.
    let verdict = try await bench.ledger.fire([firing(schedule)], now: Self.start)[0]
    guard case .made(let job)? = try outcomes(verdict).first else { throw Unexpected(verdict) }
    #expect(try await bench.ledger.deleteSchedule(schedule.id, tenant: tenant)?.id == schedule.id)
    let left = try #require(try await bench.ledger.job(job.job, tenant: tenant))
    #expect(left.occurrence?.schedule == schedule.id && left.scheduleName == nil)
  }

  @Test(arguments: [MissedRunsPolicy.once, .skip(tolerance: .milliseconds(1_500)), .all(limit: 1_440)])
  func aDefinitionIsReadBackAsItWasWritten(missed: MissedRunsPolicy) async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let definition = ScheduleDefinition(
      name: "all", cron: "30 2 * * *", timeZone: "Europe/Madrid", draftJSON: #"{"capability": "x"}"#, missed: missed,
      overlap: .skip, isPaused: true, startsAt: Self.start, endsAt: Self.start + .seconds(1), jitterSeconds: 17)
    let progress = ScheduleProgress(decidedAt: Self.start, nextAt: nil, dueAt: nil)
    let made = try await bench.ledger.createSchedule(
      definition, tenant: tenant, progress: progress, key: ScheduleKey("k", fingerprint: [1]), max: 10,
      now: Self.start
    ).schedule
    #expect(made?.definition == definition && made?.progress == progress && made?.idempotencyKey == "k")
    let found = try await bench.ledger.schedule(nil, named: "all", tenant: tenant)
    #expect(found == made && found?.lastRun == nil && found?.lastSkip == nil)
  }

  @Test func aKeyMakesOneScheduleWhateverBecomesOfIt() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let controllers = [bench.ledger, try bench.another()]
    let progress = ScheduleProgress(decidedAt: Self.start, nextAt: nil, dueAt: nil)
    @Sendable func create(_ name: String, _ fingerprint: UInt8, of tenant: TenantID, by ledger: Ledger) async throws
      -> ScheduleVerdict
    {
      try await ledger.createSchedule(
        ScheduleDefinition(name: name, cron: "@daily", timeZone: "UTC", draftJSON: "{}"), tenant: tenant,
        progress: progress, key: ScheduleKey("k", fingerprint: [fingerprint]), max: 10, now: Self.start)
    }
    // However many ask at once.
    let verdicts = try await withThrowingTaskGroup(of: ScheduleVerdict.self) { group in
      for place in 0..<6 {
        group.addTask { try await create("n", 1, of: tenant, by: controllers[place % 2]) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let made = try #require(try await bench.ledger.schedule(nil, named: "n", tenant: tenant))
    #expect(verdicts.count { $0 == .made(made) } == 1 && verdicts.count { $0 == .existing(made) } == 5)
    var renamed = made.definition
    renamed.name = "m"
    let changed = try #require(
      try await bench.ledger.changeSchedule(made, to: renamed, start: nil, now: Self.start))
    #expect(try await create("n", 1, of: tenant, by: bench.ledger) == .existing(changed))
    #expect(try await create("x", 2, of: tenant, by: bench.ledger) == .conflict(changed))
    #expect(try await create("x", 2, of: other, by: bench.ledger).schedule?.tenant == other)
    _ = try await bench.ledger.deleteSchedule(made.id, tenant: tenant)
    #expect(try await create("x", 2, of: tenant, by: bench.ledger).schedule?.definition.name == "x")
    await controllers[1].close()
  }

  /// Another process's change is heard, and what was told while nobody listened is told as soon as somebody does.
  @Test func changesAreHeardWhoeverMakesThem() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let other = try bench.another()
    var changes = try bench.ledger.scheduleChanges().makeAsyncIterator()
    #expect(await changes.next() != nil, "it listens")
    let made = try await other.createSchedule(
      ScheduleDefinition(name: "n", cron: "* * * * *", timeZone: "UTC", draftJSON: "{}"), tenant: tenant,
      progress: ScheduleProgress(decidedAt: Self.start, nextAt: nil, dueAt: nil), max: 1, now: Self.start
    ).schedule
    #expect(await changes.next() != nil)
    var definition = try #require(made).definition
    definition.cron = "@daily"
    _ = try await other.changeSchedule(try #require(made), to: definition, start: nil, now: Self.start)
    #expect(await changes.next() != nil)
    await other.close()
  }

  /// What was told while the server was away is lost: whoever waits is told to look as soon as it is back.
  @Test(.timeLimit(.minutes(2))) func aServerThatCrashesIsListenedToAgain() async throws {
    let bench = try await LedgerBench(fixture: PostgreSQLFixture())
    let tenant = try await bench.tenant()
    var changes = try bench.ledger.scheduleChanges().makeAsyncIterator()
    #expect(await changes.next() != nil, "it listens")
    try bench.fixture.crashAndRestart()
    #expect(await changes.next() != nil, "it listens again")
    // Connections that the crash has broken are found so by whoever uses them first.
    var made: StoredSchedule?
    while made == nil {
      do { made = try await schedule(bench, tenant) } catch LedgerError.disconnected {}
    }
    #expect(await changes.next() != nil)
    await bench.ledger.close()
    bench.fixture.stop()
  }
}

extension ScheduleVerdict {
  /// The schedule that was made.
  var schedule: StoredSchedule? { if case .made(let stored) = self { stored } else { nil } }
}
