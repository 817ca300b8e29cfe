/// When something recurs, as crontab(5) writes it: minute, hour, day of month, month and day of week.
///
/// Where both days are given, either suffices, as POSIX has it; a field that begins with `*` gives nothing.
/// `@yearly`, `@monthly`, `@weekly`, `@daily` and `@hourly` stand for the usual ones.
public struct CronExpression: Hashable, Sendable {
  /// Years looked ahead: the 29th of February may be eight years away, around a century that is no leap year.
  static let yearsAhead = 9

  private let minutes: CronField
  private let hours: CronField
  private let daysOfMonth: CronField
  private let months: CronField
  private let daysOfWeek: CronField
  /// As it was written.
  public let text: String

  private static let shortcuts = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
  ]

  public init(_ text: String) throws(CronError) {
    let trimmed = text.drop { $0 == " " }
    guard let words = trimmed.hasPrefix("@") ? Self.shortcuts[trimmed.lowercased()] : text else {
      throw .unknownShortcut(text)
    }
    let fields = words.split { $0 == " " || $0 == "\t" }
    guard fields.count == 5 else { throw .fieldCount(fields.count) }
    self.text = text
    minutes = try CronField(fields[0], .minute)
    hours = try CronField(fields[1], .hour)
    daysOfMonth = try CronField(fields[2], .dayOfMonth)
    months = try CronField(fields[3], .month)
    daysOfWeek = try CronField(fields[4], .dayOfWeek)
    guard next(after: WallMinute(number: 0)) != nil else { throw .neverComesTrue(text) }
  }

  /// Whether it means an interval of time rather than times of the day: these two differ where clocks are changed.
  var isInterval: Bool { minutes.isStar || hours.isStar }

  func matches(_ minute: WallMinute) -> Bool {
    matches(minute.day) && hours.contains(minute.minuteOfDay / 60) && minutes.contains(minute.minuteOfDay % 60)
  }

  private func matches(_ day: CivilDay) -> Bool {
    let (_, month, dayOfMonth) = day.components
    guard months.contains(month) else { return false }
    let (fitsMonth, fitsWeek) = (daysOfMonth.contains(dayOfMonth), daysOfWeek.contains(day.weekday))
    return daysOfMonth.isStar || daysOfWeek.isStar ? fitsMonth && fitsWeek : fitsMonth || fitsWeek
  }

  /// The first minute after `minute` that fits; nil if there is none within `yearsAhead`.
  ///
  /// - Complexity: O(days until then).
  func next(after minute: WallMinute) -> WallMinute? {
    let start = WallMinute(number: minute.number + 1)
    let last = start.day.number + Self.yearsAhead * 366
    for number in start.day.number...last {
      let day = CivilDay(number: number)
      guard matches(day) else { continue }
      let first = day == start.day ? start.minuteOfDay : 0
      if let found = firstMinute(from: first) { return WallMinute(day, minuteOfDay: found) }
    }
    return nil
  }

  private func firstMinute(from first: Int) -> Int? {
    var hour = first / 60
    var minute = first % 60
    while hour < 24 {
      if hours.contains(hour), let found = (minute..<60).first(where: minutes.contains) { return hour * 60 + found }
      (hour, minute) = (hour + 1, 0)
    }
    return nil
  }
}
