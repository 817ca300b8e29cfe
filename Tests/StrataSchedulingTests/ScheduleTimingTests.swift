import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct ScheduleTimingTests {
  private func instant(_ text: String) throws -> Timestamp { try #require(Timestamp(text: text)) }

  private func timing(
    _ cron: String, starts: String? = nil, ends: String? = nil, delay: Duration = .zero, zone: String = "UTC"
  ) throws -> ScheduleTiming {
    ScheduleTiming(
      cron: try CronSchedule(CronExpression(cron), in: zone), startsAt: try starts.map(instant),
      endsAt: try ends.map(instant), delay: delay)
  }

  private func texts(_ instants: [Timestamp]) -> [String] { instants.map { String($0.text.prefix(16)) } }

  @Test func boundsAreInstantsThatCount() throws {
    let hourly = try timing("0 * * * *", starts: "2026-06-01T12:00:00Z", ends: "2026-06-01T14:00:00Z")
    let all = hourly.instants(after: try instant("2026-01-01T00:00:00Z"), count: 10)
    #expect(texts(all) == ["2026-06-01T12:00", "2026-06-01T13:00", "2026-06-01T14:00"])
    let before = hourly.plan(
      after: try instant("2026-05-01T00:00:00Z"), at: try instant("2026-06-01T11:59:59Z"), missed: .all(limit: 100))
    #expect(before.runs.isEmpty && before.next == all[0])
    let after = hourly.plan(after: before.decided, at: try instant("2026-07-01T00:00:00Z"), missed: .all(limit: 100))
    #expect(after.runs == all && after.next == nil && after.due == nil)
  }

  /// What was missed is judged by how late it is now, not by how late it was at the schedule's end.
  @Test func theLastRunIsMissedLikeAnother() throws {
    let daily = try timing("0 12 * * *", ends: "2026-06-01T12:00:00Z")
    let (last, now) = (try instant("2026-06-01T11:00:00Z"), try instant("2026-06-01T13:00:00Z"))
    #expect(daily.plan(after: last, at: now, missed: .skip(tolerance: .seconds(60))).runs.isEmpty)
    #expect(texts(daily.plan(after: last, at: now, missed: .once).runs) == ["2026-06-01T12:00"])
  }

  @Test func everyRunIsDelayedByTheSame() throws {
    let hourly = try timing("0 * * * *", delay: .seconds(90))
    let start = hourly.start(at: try instant("2026-06-01T12:01:00Z"))
    // The run of 12:00 is made at 12:01:30, so it is still to come.
    let early = hourly.plan(after: start, at: try instant("2026-06-01T12:01:29Z"), missed: .once)
    #expect(try early.runs.isEmpty && early.due == instant("2026-06-01T12:01:30Z"))
    let due = hourly.plan(after: early.decided, at: try instant("2026-06-01T12:01:30Z"), missed: .once)
    #expect(try texts(due.runs) == ["2026-06-01T12:00"] && due.due == instant("2026-06-01T13:01:30Z"))
    let again = hourly.plan(after: due.decided, at: try instant("2026-06-01T12:01:31Z"), missed: .once)
    #expect(again.runs.isEmpty && again.due == due.due)
  }

  @Test func manySchedulesAreSpreadOverTheJitter() {
    var random = SeededGenerator(seed: testSeed)
    let delays = (0..<6_000).map { _ in
      ScheduleTiming.delay(of: ScheduleID(now: .now, using: &random), jitterSeconds: 59)
    }
    let counts = Dictionary(grouping: delays) { $0 }.mapValues(\.count)
    #expect(counts.keys.min() == .zero && counts.keys.max() == .seconds(59))
    #expect(counts.values.allSatisfy { (40...180).contains($0) }, "STRATA_SEED=\(testSeed)")
    let id = ScheduleID()
    #expect(ScheduleTiming.delay(of: id, jitterSeconds: 59) == ScheduleTiming.delay(of: id, jitterSeconds: 59))
    #expect(ScheduleTiming.delay(of: id, jitterSeconds: 0) == .zero)
  }

  @Test func moreThanCanBeMadeAtOnceFollows() throws {
    let minutely = try timing("* * * * *")
    let (last, now) = (try instant("2026-06-01T12:00:00Z"), try instant("2026-06-01T12:10:30Z"))
    var (decided, runs, rounds) = (last, [Timestamp](), 0)
    while true {
      let plan = minutely.plan(after: decided, at: now, missed: .all(limit: 8), runsMax: 3)
      runs += plan.runs
      decided = plan.decided
      rounds += 1
      guard plan.due == now else {
        #expect(try plan.due == instant("2026-06-01T12:11:00Z"))
        break
      }
    }
    #expect(rounds == 3 && texts(runs).first == "2026-06-01T12:03" && texts(runs).last == "2026-06-01T12:10")
    #expect(runs.count == 8)
  }

  /// Whoever looks at random times and goes on from what was decided runs each instant within the bounds once.
  @Test func howeverOftenOneLooksEachInstantRunsOnce() throws {
    var random = SeededGenerator(seed: testSeed)
    for zone in ["UTC", "Europe/Madrid", "Australia/Lord_Howe"] {
      for cron in ["*/20 1-3 * * *", "30 2 * * *", "15 * * * *"] {
        let timing = try timing(
          cron, starts: "2026-03-27T00:30:00Z", ends: "2026-04-10T00:00:00Z",
          delay: .seconds(Int64.random(in: 0...300, using: &random)), zone: zone)
        var now = try instant("2026-03-26T00:00:00Z")
        var (decided, ran) = (timing.start(at: now), [Timestamp]())
        let end = try instant("2026-04-11T00:00:00Z")
        while now < end {
          // Clocks go back now and then.
          now = now + .seconds(Int64.random(in: -2_000...9_000, using: &random))
          let plan = timing.plan(after: decided, at: now, missed: .all(limit: 1_000), runsMax: 7)
          ran += plan.runs
          decided = plan.decided
          #expect(plan.due.map { $0 > now || $0 == now && plan.runs.count == 7 } ?? true)
        }
        while case let plan = timing.plan(after: decided, at: now, missed: .all(limit: 1_000)), !plan.runs.isEmpty {
          ran += plan.runs
          decided = plan.decided
        }
        let expected = timing.instants(after: try instant("2026-01-01T00:00:00Z"), count: 10_000)
        #expect(ran == expected && ran.count > 10, "'\(cron)' in \(zone), STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test func localTimesHaveTheOffsetOfTheirDay() throws {
    let madrid = try timing("30 2 * * *", zone: "Europe/Madrid").cron.zone
    #expect(madrid.localText(of: try instant("2026-03-28T01:30:00Z")) == "2026-03-28T02:30:00+01:00")
    #expect(madrid.localText(of: try instant("2026-03-29T01:00:00Z")) == "2026-03-29T03:00:00+02:00")
    let newfoundland = try timing("0 0 * * *", zone: "America/St_Johns").cron.zone
    #expect(newfoundland.localText(of: try instant("2026-01-01T00:00:00Z")) == "2025-12-31T20:30:00-03:30")
  }
}
