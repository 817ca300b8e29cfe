import ControlTestSupport
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import StrataScheduling
import TestSupport
import Testing

/// What people who have run cron jobs for a while expect of recurring jobs.
@Suite struct RecurringJobTests {
  let bench = KeeperBench(start: "2026-06-01T12:00:30Z")

  @Test func aMissedRunAfterDowntimeIsMadeUpForOnce() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "hourly", "0 * * * *")
    bench.clock.advance(by: .seconds(10 * 3_600))
    #expect(try await bench.fireAll(fixture) == 1)
    #expect(try await bench.instants(fixture) == ["2026-06-01T22:00"])
    #expect(try await bench.fireAll(fixture) == 0)
    bench.clock.advance(by: .seconds(3_600))
    #expect(try await bench.fireAll(fixture) == 1)
    #expect(try await bench.instants(fixture) == ["2026-06-01T22:00", "2026-06-01T23:00"])
  }

  @Test func eachMissedRunIsMadeUpForWhereThePolicySaysSoWithinItsBound() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "hourly", "0 * * * *") { $0.missed = .all(limit: 3) }
    bench.clock.advance(by: .seconds(10 * 3_600))
    _ = try await bench.fireAll(fixture)
    #expect(try await bench.instants(fixture) == ["2026-06-01T20:00", "2026-06-01T21:00", "2026-06-01T22:00"])
  }

  @Test func aRunThatIsTooLateIsLeftOutAndOneThatIsNotIsMade() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "hourly", "0 * * * *") { $0.missed = .skip(tolerance: .seconds(60)) }
    // 22:00:30, then 23:02:30, then 00:00:30.
    for seconds in [36_000, 3_720, 3_480] as [Int64] {
      bench.clock.advance(by: .seconds(seconds))
      _ = try await bench.fireAll(fixture)
    }
    #expect(try await bench.instants(fixture) == ["2026-06-01T22:00", "2026-06-02T00:00"])
  }

  /// In Madrid clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
  @Test(arguments: [
    ("2026-03-27T23:00:00Z", ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]),
    ("2026-10-23T22:00:00Z", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
  ])
  func aScheduleInAZoneWithDSTRunsOnceOnBothChangeDays(start: String, instants: [String]) async throws {
    let bench = KeeperBench(start: start)
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "nightly", "30 2 * * *") { $0.timeZone = "Europe/Madrid" }
    // Looked at every ten minutes for three days.
    for _ in 0..<(72 * 6) {
      bench.clock.advance(by: .seconds(600))
      _ = try await bench.fireAll(fixture)
    }
    #expect(try await bench.instants(fixture) == instants)
  }

  @Test func twoControllersFireARunOnce() async throws {
    let fixture = try await bench.fixture()
    let other = try bench.another(fixture)
    for number in 0..<5 {
      try await bench.create(fixture, "n\(number)", "* * * * *") { $0.missed = .all(limit: 10) }
    }
    for _ in 0..<10 {
      bench.clock.advance(by: .seconds(90))
      async let first = bench.fireAll(fixture)
      async let second = bench.fireAll(fixture, by: other)
      _ = try await (first, second)
    }
    let jobs = try await fixture.ledger.jobs(JobFilter(tenant: fixture.tenant), limit: 1_000)
    // A quarter of an hour and a half minute: fifteen instants of each.
    #expect(jobs.count == 75 && Set(jobs.map(\.occurrence)).count == 75)
    let queued = try await fixture.queue.status(of: jobs.map(\.id))
    #expect(queued.allSatisfy { $0 != nil }, "every one of them is in the queue")
    #expect(try await fixture.ledger.verify().violations == [])
  }

  @Test func aPausedScheduleDoesNotFireABacklogWhenResumed() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "hourly", "0 * * * *") { $0.missed = .all(limit: 100) }
    let paused = try await bench.change(fixture, "hourly") { $0.isPaused = true }
    #expect(paused.stored.progress.dueAt == nil && paused.times.isEmpty)
    bench.clock.advance(by: .seconds(10 * 3_600))
    #expect(try await bench.fireAll(fixture) == 0)
    let resumed = try await bench.change(fixture, "hourly") { $0.isPaused = false }
    #expect(resumed.stored.progress.dueAt == bench.clock.now + .seconds(3_570))
    #expect(try await bench.fireAll(fixture) == 0)
    bench.clock.advance(by: .seconds(3_600))
    _ = try await bench.fireAll(fixture)
    #expect(try await bench.instants(fixture) == ["2026-06-01T23:00"])
  }

  @Test func aSlowJobDoesNotPileUpWhereOverlapsAreSkipped() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *") { $0.overlap = .skip }
    for _ in 0..<3 {
      bench.clock.advance(by: .seconds(60))
      _ = try await bench.fireAll(fixture)
    }
    let stored = try await bench.schedule(fixture, "minutely").stored
    #expect(stored.runs == 1 && stored.skips == 2 && stored.lastSkip?.reason == .overlap)
    try await fixture.complete(try await fixture.lease())
    _ = try await fixture.control.settler.drain()
    bench.clock.advance(by: .seconds(60))
    _ = try await bench.fireAll(fixture)
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01", "2026-06-01T12:04"])
    #expect(fixture.metrics.render().contains(#"strata_schedule_runs_total{outcome="skipped"} 2"#))
  }

  @Test func aRunThatCannotBePaidIsToldAndTheNextOneIsMadeOnceItCan() async throws {
    let fixture = try await bench.fixture(credits: 0)
    try await bench.create(fixture, "minutely", "* * * * *")
    bench.clock.advance(by: .seconds(60))
    #expect(try await bench.fireAll(fixture) == 1)
    let refused = try await bench.schedule(fixture, "minutely").stored
    #expect(refused.refusals == 1 && refused.runs == 0 && refused.lastRefusal?.error.code == "budget_exceeded")
    #expect(refused.lastRefusal?.error.message.contains("add credits") == true)
    #expect(fixture.metrics.render().contains(#"strata_schedule_runs_total{outcome="refused"} 1"#))
    _ = try await fixture.ledger.grant(MicroCredits(micros: 1_000_000), to: fixture.tenant)
    bench.clock.advance(by: .seconds(60))
    _ = try await bench.fireAll(fixture)
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:02"])
  }

  @Test func aClockThatGoesBackMakesNoRunTwice() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *")
    for seconds in [60, -600, 120, 480, 60] as [Int64] {
      bench.clock.advance(by: .seconds(seconds))
      _ = try await bench.fireAll(fixture)
    }
    #expect(try await bench.instants(fixture) == ["2026-06-01T12:01", "2026-06-01T12:02"])
  }

  @Test func itsJobSaysWhichRunItIsAndRunsLikeAnyOther() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "minutely", "* * * * *")
    bench.clock.advance(by: .seconds(60))
    _ = try await bench.fireAll(fixture)
    let lease = try #require(try await fixture.lease().first)
    let job = try await fixture.control.job(lease.job.id, tenant: fixture.tenant)
    #expect(job.record.scheduleName == "minutely" && job.state == .running)
    #expect(job.record.occurrence?.instant == bench.clock.now + .seconds(-30))
    try await fixture.complete([lease])
    _ = try await fixture.control.settler.drain()
    #expect(try await fixture.state(of: lease.job.id) == .succeeded)
    #expect(try await fixture.ledger.balance(of: fixture.tenant).held == .zero)
  }

  @Test func itCanBeRunBesideItsTimesAlsoWhilePaused() async throws {
    let fixture = try await bench.fixture()
    try await bench.create(fixture, "nightly", "30 2 * * *") { $0.isPaused = true }
    let control = fixture.control
    let first = try await control.runSchedule(named: "nightly", tenant: fixture.tenant, idempotencyKey: "k")
    let again = try await control.runSchedule(named: "nightly", tenant: fixture.tenant, idempotencyKey: "k")
    #expect(first.state == .queued && again.id == first.id && again.isRepeat)
    let id = try await bench.schedule(fixture, "nightly").stored.id
    let job = try await control.job(first.id, tenant: fixture.tenant)
    #expect(job.record.occurrence == ScheduleOccurrence(schedule: id, instant: nil))
    let listed = try await control.jobs(
      JobFilter(tenant: fixture.tenant, schedule: id), after: nil, limit: 10)
    #expect(listed.jobs.map(\.record.id) == [first.id])
    // Another schedule's run under the same key is another job.
    try await bench.create(fixture, "weekly", "@weekly")
    let other = try await control.runSchedule(named: "weekly", tenant: fixture.tenant, idempotencyKey: "k")
    #expect(other.id != first.id && !other.isRepeat)
  }
}
