/// The RFC 3339 form of an instant, in UTC with microseconds: `2026-11-21T06:15:54.123456Z`.
///
/// Days are turned into dates by counting 400-year eras from 1 March of year 0 (the days-from-civil method of
/// H. Hinnant, "chrono-compatible low-level date algorithms", 2013), exact for every year that fits.
extension Timestamp {
  public var text: String {
    let (days, secondOfDay) = Self.split(Self.floorDivide(nanoseconds, 1_000_000_000), by: 86_400)
    let (year, month, day) = Self.civil(fromDays: days)
    let micros = Self.floorModulo(nanoseconds, 1_000_000_000) / 1_000
    let time = [secondOfDay / 3_600, secondOfDay / 60 % 60, secondOfDay % 60].map { Self.padded($0, 2) }
    return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
      + "T\(time.joined(separator: ":")).\(Self.padded(micros, 6))Z"
  }

  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = split(days + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func split(_ value: Int64, by unit: Int64) -> (Int64, Int64) {
    (floorDivide(value, unit), floorModulo(value, unit))
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { (a - floorModulo(a, b)) / b }
  private static func floorModulo(_ a: Int64, _ b: Int64) -> Int64 { ((a % b) + b) % b }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
