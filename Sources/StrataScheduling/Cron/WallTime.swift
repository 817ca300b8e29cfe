/// A day of the proleptic Gregorian calendar, counted from 1970-01-01.
struct CivilDay: Hashable, Comparable, Sendable {
  let number: Int

  init(number: Int) { self.number = number }

  /// Counts years from March, so that the day that leap years add is the last of a year (Richards 2013, section 15.11).
  init(year: Int, month: Int, day: Int) {
    let marchYear = month > 2 ? year : year - 1
    let era = marchYear.floored(by: 400)
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    number = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The reverse of `init(year:month:day:)`.
  var components: (year: Int, month: Int, day: Int) {
    let shifted = number + 719_468
    let era = shifted.floored(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  /// 0 for Sunday.
  var weekday: Int { (number + 4) - (number + 4).floored(by: 7) * 7 }

  static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

/// What a clock on a wall shows, to the minute: minutes since 1970-01-01T00:00 in its own time zone.
struct WallMinute: Hashable, Comparable, Sendable {
  static let perDay = 1_440

  let number: Int

  init(number: Int) { self.number = number }
  init(_ day: CivilDay, minuteOfDay: Int) { number = day.number * Self.perDay + minuteOfDay }

  var day: CivilDay { CivilDay(number: number.floored(by: Self.perDay)) }
  var minuteOfDay: Int { number - day.number * Self.perDay }

  static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}

extension Int {
  /// The quotient, rounded down.
  func floored(by divisor: Int) -> Int { self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor) }
}
