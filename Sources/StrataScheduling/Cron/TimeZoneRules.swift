import FoundationEssentials
import FoundationInternationalization
public import StrataCore

/// The offsets of a time zone, by the IANA database that comes with Swift's Foundation (ICU). In minutes since 1970;
/// offsets of less than a minute, last seen in 1972, are rounded.
public struct TimeZoneRules: Hashable, Sendable {
  private let zone: TimeZone

  init(_ name: String) throws(CronError) {
    guard let zone = TimeZone(identifier: name) else { throw .unknownTimeZone(name) }
    self.zone = zone
  }

  public var name: String { zone.identifier }

  func offsetMinutes(at minute: Int) -> Int { zone.secondsFromGMT(for: Self.date(minute)).floored(by: 60) }

  /// The first minute of another offset.
  func nextChange(after minute: Int) -> Int? {
    zone.nextDaylightSavingTimeTransition(after: Self.date(minute))
      .map { Int($0.timeIntervalSince1970.rounded(.up)).floored(by: 60) }
  }

  /// When the clocks first show `wall`; the instant of the change where they skip it.
  func firstInstant(of wall: WallMinute) -> Int {
    // No offset differs from UTC by more than a day: the earliest instant that may show it, and the changes from there.
    var start = wall.number - WallMinute.perDay
    let end = wall.number + WallMinute.perDay
    while true {
      let instant = wall.number - offsetMinutes(at: start)
      guard let change = nextChange(after: start), change <= end else { return max(instant, start) }
      if instant < change { return max(instant, start) }
      start = change
    }
  }

  /// What the clocks of the zone show at `instant`, to the second, as RFC 3339 with their offset:
  /// `2026-03-29T03:00:00+02:00`.
  public func localText(of instant: Timestamp) -> String {
    let offset = offsetMinutes(at: Int(instant.nanoseconds / 1_000_000_000).floored(by: 60))
    let wall = (instant + .seconds(Int64(offset) * 60)).text.prefix(19)
    let (hours, minutes) = abs(offset).quotientAndRemainder(dividingBy: 60)
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(wall)\(offset < 0 ? "-" : "+")\(padded(hours)):\(padded(minutes))"
  }

  private static func date(_ minute: Int) -> Date { Date(timeIntervalSince1970: Double(minute) * 60) }
}
