import Foundation
import StrataCore
import StrataScheduling
import TestSupport
import Testing

/// The schedule beside a walk over every minute by Foundation's calendar: another way to the same answer.
@Suite struct CronOracleTests {
  private static let zones = ["UTC", "Europe/Madrid", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"]
  /// Around changes of some of these zones' clocks, where mistakes live.
  private static let starts = [
    1_774_742_400, 1_792_886_400, 1_772_928_000, 1_775_318_400, 1_790_982_000, 1_700_000_000,
  ]

  @Test func randomSchedulesAgreeWithAWalkOverEveryMinute() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<60 {
      let text = Self.expression(using: &random)
      let zone = Self.zones.randomElement(using: &random) ?? "UTC"
      let start = (Self.starts.randomElement(using: &random) ?? 0) + Int.random(in: -86_400...86_400, using: &random)
      let schedule = try CronSchedule(CronExpression(text), in: zone)
      let found = schedule.next(after: Timestamp(milliseconds: Int64(start) * 1_000)).map {
        Int($0.milliseconds / 60_000)
      }
      let walk = try Walk(text, zone)
      let expected = walk.next(after: start / 60, upTo: start / 60 + 4 * 1_440)
      if let expected {
        #expect(found == expected, "'\(text)' in \(zone) after \(start), STRATA_SEED=\(testSeed)")
      } else {
        #expect(
          found.map { $0 > start / 60 + 4 * 1_440 } ?? true,
          "'\(text)' in \(zone) after \(start), STRATA_SEED=\(testSeed)")
      }
    }
  }

  private static func expression(using random: inout SeededGenerator) -> String {
    func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "*" }
    let minute = pick(["*", "0", "30", "*/7", "15,45", "10-20/5", "59"])
    let hour = pick(["*", "*/2", "2", "1-3", "0,2", "23"])
    return [
      minute, hour, pick(["*", "*", "1-15", "29"]), pick(["*", "*", "3,10", "*/2"]), pick(["*", "*", "0", "1-5"]),
    ]
    .joined(separator: " ")
  }
}

/// Looks at every minute in turn.
private struct Walk {
  private let fields: [Set<Int>]
  private let isStar: [Bool]
  private let calendar: Calendar

  init(_ text: String, _ zone: String) throws {
    let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
    let words = text.split(separator: " ")
    fields = zip(words, ranges).map { word, range in
      Set(word.split(separator: ",").flatMap { Self.values(String($0), range) })
    }
    isStar = words.map { $0.hasPrefix("*") }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: zone))
    self.calendar = calendar
  }

  private static func values(_ item: String, _ range: ClosedRange<Int>) -> [Int] {
    let parts = item.split(separator: "/").map(String.init)
    let ends = parts[0].split(separator: "-").compactMap { Int($0) }
    let first = ends.first ?? range.lowerBound
    let last = parts[0] == "*" ? range.upperBound : ends.last ?? first
    return Array(stride(from: first, through: last, by: parts.count == 2 ? Int(parts[1]) ?? 1 : 1))
  }

  /// Minutes on the wall since 1970, and whether they fit.
  private func wall(_ minute: Int) -> Int {
    let date = Date(timeIntervalSince1970: Double(minute) * 60)
    return minute + Int((Double(calendar.timeZone.secondsFromGMT(for: date)) / 60).rounded(.down))
  }

  private func fits(wall: Int) -> Bool {
    var utc = calendar
    utc.timeZone = .gmt
    let parts = utc.dateComponents(
      [.minute, .hour, .day, .month, .weekday], from: Date(timeIntervalSince1970: Double(wall) * 60))
    let values = [parts.minute, parts.hour, parts.day, parts.month, parts.weekday.map { $0 - 1 }].map { $0 ?? -1 }
    let fit = zip(fields, values).map { $0.contains($1) }
    let fitsDay = isStar[2] || isStar[4] ? fit[2] && fit[4] : fit[2] || fit[4]
    return fit[0] && fit[1] && fit[3] && fitsDay
  }

  func next(after start: Int, upTo end: Int) -> Int? {
    let isInterval = isStar[0] || isStar[1]
    for minute in (start + 1)...end {
      let (before, now) = (wall(minute - 1), wall(minute))
      if isInterval {
        if fits(wall: now) { return minute }
        continue
      }
      if now > before + 1, ((before + 1)..<now).contains(where: fits) { return minute }
      let isRepeated = (minute - 180..<minute).contains { wall($0) == now }
      if fits(wall: now), !isRepeated { return minute }
    }
    return nil
  }
}
