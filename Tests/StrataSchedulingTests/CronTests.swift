import Foundation
import StrataCore
import StrataScheduling
import Testing

@Suite struct CronTests {
  private func instant(_ text: String) throws -> Timestamp {
    Timestamp(milliseconds: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970) * 1_000)
  }

  private func runs(_ expression: String, _ zone: String, after start: String, count: Int) throws -> [String] {
    let schedule = try CronSchedule(CronExpression(expression), in: zone)
    var cursor = try instant(start)
    return try (0..<count).map { _ in
      cursor = try #require(schedule.next(after: cursor))
      return Date(timeIntervalSince1970: Double(cursor.milliseconds) / 1_000).ISO8601Format()
    }
  }

  @Test func theUsualExpressionsMeanWhatPeopleThink() throws {
    #expect(
      try runs("*/15 9-10 * * mon-fri", "UTC", after: "2026-11-20T09:50:00Z", count: 4) == [
        "2026-11-20T10:00:00Z", "2026-11-20T10:15:00Z", "2026-11-20T10:30:00Z", "2026-11-20T10:45:00Z",
      ])
    #expect(try runs("@monthly", "UTC", after: "2026-11-20T09:50:00Z", count: 1) == ["2026-12-01T00:00:00Z"])
    #expect(try runs("0 12 29 feb *", "UTC", after: "2096-03-01T00:00:00Z", count: 1) == ["2104-02-29T12:00:00Z"])
    #expect(try runs("5/20 * * * *", "UTC", after: "2026-01-01T00:30:00Z", count: 2).last == "2026-01-01T01:05:00Z")
    #expect(try runs("0 0 * * 7", "UTC", after: "2026-11-21T00:00:00Z", count: 1) == ["2026-11-22T00:00:00Z"])
  }

  @Test func eitherDaySufficesWhereBothAreGiven() throws {
    #expect(
      try runs("0 0 13 * fri", "UTC", after: "2026-11-08T00:00:00Z", count: 3) == [
        "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z",
      ])
    #expect(try runs("0 0 13 * fri", "UTC", after: "2026-12-11T00:00:00Z", count: 1) == ["2026-12-13T00:00:00Z"])
  }

  /// In Madrid clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
  @Test func aSkippedTimeOfDayHappensRightAfterTheChange() throws {
    #expect(
      try runs("30 2 * * *", "Europe/Madrid", after: "2026-03-28T12:00:00Z", count: 2) == [
        "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z",
      ])
  }

  @Test func aTimeOfDayThatComesTwiceHappensOnce() throws {
    #expect(
      try runs("30 2 * * *", "Europe/Madrid", after: "2026-10-24T12:00:00Z", count: 2) == [
        "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z",
      ])
  }

  @Test func anIntervalIsKeptWhereClocksChange() throws {
    #expect(
      try runs("30 * * * *", "Europe/Madrid", after: "2026-03-29T00:00:00Z", count: 2) == [
        "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z",
      ])
    #expect(
      try runs("30 * * * *", "Europe/Madrid", after: "2026-10-25T00:00:00Z", count: 3) == [
        "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z",
      ])
  }

  @Test func missedRunsFollowTheirPolicy() throws {
    let hourly = try CronSchedule(CronExpression("@hourly"), in: "UTC")
    let (last, now) = (try instant("2020-01-01T00:00:00Z"), try instant("2026-11-21T09:10:00Z"))
    let latest = try instant("2026-11-21T09:00:00Z")
    #expect(hourly.due(after: last, upTo: now, missed: .once) == [latest])
    #expect(hourly.due(after: last, upTo: now, missed: .skip(tolerance: .seconds(600))) == [latest])
    #expect(hourly.due(after: last, upTo: now, missed: .skip(tolerance: .seconds(599))).isEmpty)
    #expect(hourly.due(after: last, upTo: now, missed: .all(limit: 3)).first == (try instant("2026-11-21T07:00:00Z")))
    #expect(hourly.due(after: last, upTo: now, missed: .all(limit: 30)).count == 30)
    #expect(hourly.due(after: latest, upTo: now, missed: .all(limit: 3)).isEmpty)
  }

  @Test(arguments: [
    ("* * * *", CronError.fieldCount(4)), ("60 * * * *", .outOfRange("minute", 60, 0...59)),
    ("* * 0 * *", .outOfRange("day of month", 0, 1...31)), ("*/0 * * * *", .malformed("minute", "*/0")),
    ("* * * foo *", .malformed("month", "foo")), ("10-5 * * * *", .backwards("minute", "10-5")),
    ("1,,2 * * * *", .malformed("minute", "")), ("@noon", .unknownShortcut("@noon")),
    ("0 0 31 2 *", .neverComesTrue("0 0 31 2 *")), ("-1 * * * *", .malformed("minute", "")),
    ("* * * * 8", .outOfRange("day of week", 8, 0...7)), ("1/2/3 * * * *", .malformed("minute", "1/2/3")),
  ])
  func whatIsNoExpressionIsRefused(text: String, error: CronError) {
    #expect(throws: error) { try CronExpression(text) }
  }

  @Test func anUnknownTimeZoneIsRefused() throws {
    let daily = try CronExpression("@daily")
    #expect(throws: CronError.unknownTimeZone("Europe/Madird")) { try CronSchedule(daily, in: "Europe/Madird") }
  }
}
