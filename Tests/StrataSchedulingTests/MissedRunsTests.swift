import Foundation
import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct MissedRunsTests {
  private static func instant(_ text: String) throws -> Timestamp {
    Timestamp(milliseconds: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970) * 1_000)
  }

  private static func text(_ instant: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(instant.milliseconds) / 1_000).ISO8601Format()
  }

  private static func madrid(_ expression: String) throws -> CronSchedule {
    try CronSchedule(CronExpression(expression), in: "Europe/Madrid")
  }

  /// In Madrid clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
  @Test func anOutageOverTheSkippedHourMissesThatDayOnce() throws {
    let schedule = try Self.madrid("30 2 * * *")
    let (last, now) = (try Self.instant("2026-03-28T01:30:00Z"), try Self.instant("2026-03-30T10:00:00Z"))
    let plan = schedule.plan(after: last, at: now, missed: .all(limit: 10))
    #expect(plan.runNow.map(Self.text) == ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
    #expect(plan.next.map(Self.text) == "2026-03-31T00:30:00Z")
    #expect(schedule.plan(after: last, at: now).runNow.map(Self.text) == ["2026-03-30T00:30:00Z"])
  }

  @Test func anOutageOverTheRepeatedHourMissesThatDayOnce() throws {
    let schedule = try Self.madrid("30 2 * * *")
    let (last, now) = (try Self.instant("2026-10-24T00:30:00Z"), try Self.instant("2026-10-26T12:00:00Z"))
    let plan = schedule.plan(after: last, at: now, missed: .all(limit: 10))
    #expect(plan.runNow.map(Self.text) == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
    #expect(plan.next.map(Self.text) == "2026-10-27T01:30:00Z")
    // Up again within the repeated hour: it has happened, at its first coming.
    let between = try Self.instant("2026-10-25T01:45:00Z")
    #expect(schedule.plan(after: try Self.instant("2026-10-25T00:30:00Z"), at: between).runNow.isEmpty)
    #expect(
      schedule.plan(after: last, at: between, missed: .skip(tolerance: .seconds(4_500))).runNow.map(Self.text)
        == ["2026-10-25T00:30:00Z"])
    #expect(schedule.plan(after: last, at: between, missed: .skip(tolerance: .seconds(4_499))).runNow.isEmpty)
  }

  @Test func daysOfTheChangeHaveTwentyThreeAndTwentyFiveHours() throws {
    let hourly = try Self.madrid("30 * * * *")
    for (start, end, runs) in [
      ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23), ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25),
    ] {
      let plan = hourly.plan(after: try Self.instant(start), at: try Self.instant(end), missed: .all(limit: 100))
      #expect(plan.runNow.count == runs)
      #expect(zip(plan.runNow, plan.runNow.dropFirst()).allSatisfy { $1 - $0 == .seconds(3_600) })
    }
  }

  @Test func aClockThatGoesBackRunsNothingAgain() throws {
    let hourly = try Self.madrid("@hourly")
    let last = try Self.instant("2026-06-01T12:00:00Z")
    let plan = hourly.plan(after: last, at: try Self.instant("2026-06-01T09:30:00Z"), missed: .all(limit: 10))
    #expect(plan.runNow.isEmpty && plan.next.map(Self.text) == "2026-06-01T13:00:00Z")
    #expect(hourly.plan(after: last, at: last).runNow.isEmpty)
  }

  @Test func aLimitIsALimitWhateverIsAskedFor() throws {
    let minutely = try Self.madrid("* * * * *")
    let (last, now) = (try Self.instant("2020-01-01T00:00:00Z"), try Self.instant("2026-06-01T00:00:30Z"))
    func runs(_ limit: Int) -> [Timestamp] { minutely.plan(after: last, at: now, missed: .all(limit: limit)).runNow }
    #expect(runs(.max).count == MissedRunsPolicy.limitMax)
    #expect(runs(.max).last.map(Self.text) == "2026-06-01T00:00:00Z")
    #expect(runs(0).isEmpty && runs(-3).isEmpty)
    #expect(minutely.plan(after: last, at: now, missed: .skip(tolerance: .seconds(-1))).runNow.isEmpty)
  }

  /// Whoever looks at random instants, and remembers the last occurrence run, runs each occurrence exactly once.
  @Test func howeverOftenOneLooksEachOccurrenceRunsOnce() throws {
    var random = SeededGenerator(seed: testSeed)
    for text in ["30 2 * * *", "*/20 1-3 * * *", "15 * * * *", "0 3 * * sun"] {
      let schedule = try Self.madrid(text)
      for start in ["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"] {
        var now = try Self.instant(start)
        var (last, expected, ran) = (now, now, [Timestamp]())
        for _ in 0..<40 {
          now = now + .seconds(Int64.random(in: 1...20_000, using: &random))
          let plan = schedule.plan(after: last, at: now, missed: .all(limit: 1_000))
          ran += plan.runNow
          last = plan.runNow.last ?? last
          #expect(plan.next.map { $0 > now } == true)
        }
        for instant in ran {
          expected = try #require(schedule.next(after: expected))
          #expect(instant == expected, "'\(text)' from \(start), STRATA_SEED=\(testSeed)")
        }
        #expect(schedule.next(after: expected).map { $0 > now } == true, "STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test(arguments: [
    (#"{"policy":"skip","tolerance_milliseconds":60000}"#, MissedRunsPolicy.skip(tolerance: .seconds(60))),
    (#"{"policy":"once"}"#, .once), (#"{"limit":10,"policy":"all"}"#, .all(limit: 10)),
  ])
  func aPolicyIsReadBackAsItWasWritten(json: String, policy: MissedRunsPolicy) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try JSONDecoder().decode(MissedRunsPolicy.self, from: Data(json.utf8)) == policy)
    #expect(String(decoding: try encoder.encode(policy), as: UTF8.self) == json)
  }

  @Test(arguments: [
    #"{"policy":"none"}"#, #"{"policy":"all"}"#, #"{"policy":"all","limit":0}"#, #"{"policy":"all","limit":1441}"#,
    #"{"policy":"skip"}"#, #"{"policy":"skip","tolerance_milliseconds":-1}"#, "{}",
  ])
  func whatIsNoPolicyIsRefused(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(MissedRunsPolicy.self, from: Data(json.utf8)) }
  }
}
