// Reading the RFC 3339 form of an instant.

extension Timestamp {
  /// Reads `2026-11-21T06:15:54Z`, with or without a fraction of a second (cut to nanoseconds), with `Z` or an offset such
  /// as `+02:00`; `t`, `z` and a blank in place of `T` are taken too, as RFC 3339, section 5.6 allows.
  ///
  /// - Returns: nil for anything else: no offset, a date that no calendar has, a leap second, an instant outside the
  ///   years 1678 to 2261, which nanoseconds of 64 bits do not reach.
  public init?(text: String) {
    var rest = Array(text.utf8)[...]
    guard let year = Self.number(&rest, digits: 4), rest.popFirst() == UInt8(ascii: "-"),
      let month = Self.number(&rest, digits: 2), rest.popFirst() == UInt8(ascii: "-"),
      let day = Self.number(&rest, digits: 2), Self.isDate(year, month, day),
      let separator = rest.popFirst(), [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(separator),
      let time = Self.timeOfDay(&rest), let fraction = Self.fraction(&rest), let offset = Self.offset(&rest),
      rest.isEmpty
    else { return nil }
    let seconds = Self.days(year, month, day) * 86_400 + time - offset
    let (whole, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isPast) = whole.addingReportingOverflow(fraction)
    guard !isTooFar, !isPast else { return nil }
    self.init(nanoseconds: sum)
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, digits: Int) -> Int64? {
    let text = rest.prefix(digits)
    guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return text.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  private static func isDate(_ year: Int64, _ month: Int64, _ day: Int64) -> Bool {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...12).contains(month) && (1...lengths[Int(month) - 1]).contains(day)
  }

  /// Seconds since midnight.
  private static func timeOfDay(_ rest: inout ArraySlice<UInt8>) -> Int64? {
    guard let hours = number(&rest, digits: 2), hours < 24, rest.popFirst() == UInt8(ascii: ":"),
      let minutes = number(&rest, digits: 2), minutes < 60, rest.popFirst() == UInt8(ascii: ":"),
      let seconds = number(&rest, digits: 2), seconds < 60
    else { return nil }
    return hours * 3_600 + minutes * 60 + seconds
  }

  /// Nanoseconds; zero where there is no fraction.
  private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
    guard rest.first == UInt8(ascii: ".") else { return 0 }
    let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
    rest = rest.dropFirst(1 + digits.count)
    let nine = digits.prefix(9) + [UInt8](repeating: 0x30, count: max(0, 9 - digits.count))
    return digits.isEmpty ? nil : nine.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  /// Seconds east of Greenwich.
  private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
    let sign = rest.popFirst()
    if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(&rest, digits: 2), hours < 24,
      rest.popFirst() == UInt8(ascii: ":"), let minutes = number(&rest, digits: 2), minutes < 60
    else { return nil }
    return (hours * 3_600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
  }

  /// Days since 1970-01-01, by the same counting of eras as `text`.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let yearFromMarch = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = (yearFromMarch / 400, yearFromMarch % 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
