import StrataCore

/// Numbers with decimals or units, as people write them on a command line. `what` names them in an error: `--cpu`.
enum Quantity {
  /// `0.5` cores is 500.
  static func thousandths(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 3, of: what)
  }

  /// `2.5` credits is 2,500,000.
  static func millionths(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 6, of: what)
  }

  /// The same, and `0` is 0.
  static func millionthsOrNone(_ text: String, of what: String) throws(UsageError) -> Int64 {
    try decimal(text, places: 6, of: what, least: "a number of 0 or more", isZeroTaken: true)
  }

  /// `2h` is 7,200; the units are s, m, h and d, and seconds need none.
  static func seconds(_ text: String, of what: String) throws(UsageError) -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [String: Int64] = ["": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard !digits.isEmpty, let unit = units[String(text.dropFirst(digits.count))] else {
      throw UsageError("\(what) takes a time such as 90s, 10m, 2h or 1d, not '\(text)'")
    }
    guard let count = Int64(digits), count < 1 << 40 else { throw UsageError("\(what) cannot be as long as '\(text)'") }
    return count * unit
  }

  /// `512M` is 512 · 2^20; the units are K, M, G and T, with or without `iB` or `B`.
  static func bytes(_ text: String, of what: String) throws(UsageError) -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).uppercased()
    let shifts: [String: Int64] = ["": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40]
    let short = unit.hasSuffix("IB") ? String(unit.dropLast(2)) : unit.count > 1 ? String(unit.dropLast()) : unit
    guard let shift = shifts[short], digits.utf8.contains(where: { $0 != 0x30 }) else {
      throw UsageError("\(what) must be a size such as 512M or 2G, not '\(text)'")
    }
    guard let count = Int64(digits), count < 1 << (62 - shift) else {
      throw UsageError("\(what) cannot be as large as '\(text)'")
    }
    return count << shift
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
