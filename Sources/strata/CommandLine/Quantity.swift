import StrataCore

/// Numbers with decimals or units, as people write them on a command line. `what` names them in an error: `--cpu`.
package enum Quantity {
  /// `0.5` cores is 500.
  static func thousandths(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 3, of: what)
  }

  /// The same, and `0` is 0.
  package static func thousandthsOrNone(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 3, of: what, least: "a number of 0 or more", isZeroTaken: true)
  }

  /// `2.5` credits is 2,500,000.
  static func millionths(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 6, of: what)
  }

  /// The same, and `0` is 0.
  static func millionthsOrNone(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 6, of: what, least: "a number of 0 or more", isZeroTaken: true)
  }

  /// What a time is called that switches off what it is about.
  static let never = "never"

  /// `2h` is 7,200, and `1.5h` and `1h30m` are 5,400: the units are d, h, m and s, the largest first and each once.
  /// Seconds need none where they are all that there is.
  package static func seconds(_ text: String, of what: String) throws(UsageError) -> Int64 {
    var (rest, total, last) = (text[...], Int128(0), Int64.max)
    repeat {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      let name = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(name.count)
      let isBare = name.isEmpty && number.count == text.count
      guard let unit = isBare ? 1 : units[name], unit < last, let part = amount(number) else {
        throw UsageError("\(what) takes a time such as 30s, 5m, 1.5h, 1h30m or 1d, not '\(text)'")
      }
      let (seconds, fraction) = (Int128(part.digits) * Int128(unit)).quotientAndRemainder(
        dividingBy: power(10, part.decimals))
      guard fraction == 0 else { throw UsageError("\(what) takes whole seconds, not '\(text)'") }
      (total, last) = (total + seconds, unit)
    } while !rest.isEmpty
    guard total < secondsEnd else { throw UsageError("\(what) cannot be as long as '\(text)'") }
    return Int64(total)
  }

  /// The same, and `never` is 0: the API's word for it.
  package static func secondsOrNever(_ text: String, of what: String) throws(UsageError) -> Int64 {
    text == never ? 0 : try seconds(text, of: what)
  }

  private static let units: [Substring: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
  /// So that milliseconds can be counted.
  private static let secondsEnd = Int128(1) << 50

  /// The digits of a number without its point, and how many are decimals; nil for what is none.
  private static func amount(_ number: Substring) -> (digits: Int64, decimals: Int)? {
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? parts[1].utf8.count : 0
    guard parts.count <= 2, !parts.contains(where: \.isEmpty), decimals <= decimalsMax,
      let digits = Int64(parts.joined())
    else { return nil }
    return (digits, decimals)
  }

  /// Of a time or a size; more make no difference to anybody.
  private static let decimalsMax = 6

  /// As `seconds` reads it, with the largest unit that has no rest.
  static func text(ofSeconds seconds: Int64) -> String {
    let units: [(String, Int64)] = [("d", 86_400), ("h", 3_600), ("m", 60)]
    guard let (unit, size) = units.first(where: { seconds > 0 && seconds % $0.1 == 0 }) else { return "\(seconds)s" }
    return "\(seconds / size)\(unit)"
  }

  /// `512M` is 512 · 2^20, as are `512MiB` and `512m`; `512MB` is 512 · 10^6. The units are K, M, G and T, and B for
  /// bytes; there may be decimals. Bytes need no unit where they come to a mebibyte: less is a unit forgotten.
  package static func bytes(_ text: String, of what: String) throws(UsageError) -> Int64 {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    let unit = text.dropFirst(number.count).uppercased()
    guard let size = bytes(ofUnit: unit), parts.count <= 2, !parts.contains(where: \.isEmpty),
      number.utf8.contains(where: { (0x31...0x39).contains($0) })
    else { throw UsageError("\(what) must be a size such as 512M, 16G or 16GB, not '\(text)'") }
    guard let amount = amount(number),
      case let total = Int128(amount.digits) * Int128(size) / power(10, amount.decimals),
      total < 1 << 62
    else { throw UsageError("\(what) cannot be as large, or as exact, as '\(text)'") }
    guard total > 0 else { throw UsageError("\(what) must be one byte at least, not '\(text)'") }
    guard !unit.isEmpty || total >= bareBytesMin else {
      throw UsageError(
        "\(what): \(text) what? say \(text)M for MiB or \(text)G for GiB, or \(text)B if you mean bytes")
    }
    return Int64(total)
  }

  private static let bareBytesMin: Int128 = 1 << 20

  /// - Returns: nil for what is no unit.
  private static func bytes(ofUnit unit: String) -> Int64? {
    if unit.isEmpty || unit == "B" { return 1 }
    guard let place = ["K", "M", "G", "T"].firstIndex(where: { unit.hasPrefix($0) }) else { return nil }
    switch unit.dropFirst() {
    case "", "I", "IB": return Int64(power(1_024, place + 1))
    case "B": return Int64(power(1_000, place + 1))
    default: return nil
    }
  }

  private static func power(_ base: Int128, _ exponent: Int) -> Int128 {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  private static func decimal(
    _ text: String, places: Int, of what: String, least: String = "a positive number", isZeroTaken: Bool = false
  ) throws(UsageError) -> Int64 {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? String(parts[1]) : ""
    let said = String(parts.first ?? "") + fraction
    let digits = said + String(repeating: "0", count: max(0, places - fraction.count))
    guard parts.count <= 2, fraction.count <= places, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      isZeroTaken && !said.isEmpty || digits.utf8.contains(where: { $0 != 0x30 })
    else { throw UsageError("\(what) must be \(least) with at most \(places) decimals, not '\(text)'") }
    guard let value = Int64(digits) else { throw UsageError("\(what) cannot be as large as '\(text)'") }
    return value
  }
}

extension Double {
  /// Without the decimals of a whole number: `2`, `0.5`.
  var plain: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}

extension Int64 {
  /// As it was asked for: `512 MiB` and `1.5 GiB` of whole mebibytes, else as `asBytes`.
  var asMemory: String {
    let mebibyte: Int64 = 1 << 20
    guard self > 0, self % mebibyte == 0 else { return asBytes }
    let mebibytes = Double(self / mebibyte)
    return mebibytes < 1_024 ? "\(mebibytes.plain) MiB" : "\(((mebibytes / 102.4).rounded() / 10).plain) GiB"
  }

  /// `17 B`, `3.2 MB` (powers of ten).
  var asBytes: String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(self)
    var unit = 0
    while value >= 1_000, unit < units.count - 1 {
      value /= 1_000
      unit += 1
    }
    return "\(((value * 10).rounded() / 10).plain) \(units[unit])"
  }
}
