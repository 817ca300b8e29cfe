public import StrataCore

/// A cron expression on the clocks of a time zone.
///
/// Where clocks are changed it does what people expect (as Debian's cron(8)): something at a time of day happens once a
/// day, right after the change if its time is skipped, the first time if its time comes twice; something that recurs
/// by the minute or the hour keeps its interval.
public struct CronSchedule: Sendable {
  public let expression: CronExpression
  public let zone: TimeZoneRules

  /// - Parameter zone: an IANA name such as `Europe/Madrid`, or `UTC`.
  public init(_ expression: CronExpression, in zone: String) throws(CronError) {
    self.expression = expression
    self.zone = try TimeZoneRules(zone)
  }

  /// The first occurrence after `instant`; nil if there is none within nine years.
  public func next(after instant: Timestamp) -> Timestamp? {
    let minute = Int(instant.nanoseconds / 1_000_000_000).floored(by: 60)
    return (expression.isInterval ? nextOfInterval(after: minute) : nextOfDay(after: minute))
      .map { Timestamp(milliseconds: Int64($0) * 60_000) }
  }

  /// What was due after `last` up to `now`, and should happen still.
  ///
  /// - Parameter end: nothing after it counts; nil for no such bound.
  /// - Complexity: O(occurrences returned), however long ago `last` is.
  public func due(
    after last: Timestamp, upTo now: Timestamp, until end: Timestamp? = nil, missed: MissedRunsPolicy
  ) -> [Timestamp] {
    let until = end.map { min($0, now) } ?? now
    guard until > last else { return [] }
    return switch missed {
    case .all(let limit): latest(min(max(0, limit), MissedRunsPolicy.limitMax), after: last, upTo: until)
    case .once: latest(1, after: last, upTo: until)
    case .skip(let tolerance): latest(1, after: last, upTo: until).filter { now - $0 <= tolerance }
    }
  }

  /// Looks back further and further.
  private func latest(_ count: Int, after last: Timestamp, upTo now: Timestamp) -> [Timestamp] {
    var span = Duration.seconds(3_600)
    while true {
      let start = max(last, now + (.zero - span))
      let found = all(after: start, upTo: now)
      if found.count >= count || start == last { return found.suffix(count) }
      span *= 8
    }
  }

  private func all(after start: Timestamp, upTo now: Timestamp) -> [Timestamp] {
    var found: [Timestamp] = []
    var cursor = start
    while let next = next(after: cursor), next <= now {
      found.append(next)
      cursor = next
    }
    return found
  }

  // MARK: In minutes since 1970

  /// Steps through the stretches between changes of the clock; within each, wall time and time are one.
  private func nextOfInterval(after start: Int) -> Int? {
    var after = start
    for _ in 0..<(2 * CronExpression.yearsAhead * 4) {
      let offset = zone.offsetMinutes(at: after)
      guard let wall = expression.next(after: WallMinute(number: after + offset)) else { return nil }
      let candidate = wall.number - offset
      guard let change = zone.nextChange(after: after), change <= candidate else { return candidate }
      if change > after, expression.matches(WallMinute(number: change + zone.offsetMinutes(at: change))) {
        return change
      }
      after = change
    }
    return nil
  }

  private func nextOfDay(after start: Int) -> Int? {
    var wall = WallMinute(number: start + zone.offsetMinutes(at: start))
    while let next = expression.next(after: wall) {
      let instant = zone.firstInstant(of: next)
      if instant > start { return instant }
      wall = next
    }
    return nil
  }
}
