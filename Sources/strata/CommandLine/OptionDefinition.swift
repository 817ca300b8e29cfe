/// One option of a command, as data: the parser, the help text and the check for misspellings read the same list.
struct OptionDefinition {
  /// Without the dashes.
  let name: String
  /// The name of its value in the help text; nil for a switch.
  let value: String?
  let summary: String
  /// Whether it may be given several times.
  var repeats = false
  /// What it was called before: taken still, and not told of.
  var formerly: String?

  static func flag(_ name: String, _ summary: String) -> Self { Self(name: name, value: nil, summary: summary) }

  /// One that takes a time, as `Quantity.seconds` reads it.
  ///
  /// - Parameter orNever: whether what it is about can be switched off, as `Quantity.secondsOrNever` reads it.
  static func time(_ name: String, _ summary: String, orNever: Bool = false, formerly: String? = nil) -> Self {
    let value = Placeholder.time.rawValue + (orNever ? "|\(Quantity.never)" : "")
    return Self(name: name, value: value, summary: summary, formerly: formerly)
  }

  static func option(_ name: String, _ value: String, _ summary: String, repeats: Bool = false) -> Self {
    Self(name: name, value: value, summary: summary, repeats: repeats)
  }

  static let dataDirectory = option(
    "data-dir", "FOLDER",
    "where Strata keeps everything [$STRATA_DATA_DIR, else ~/.local/share/strata; for root /var/lib/strata]")
  static let ofTenant = option("tenant", "NAME", "those of this tenant (operators)")
  static let json = flag("json", "print JSON with stable field names")

  /// Whether what it is about can be switched off.
  var takesNever: Bool { value?.split(separator: "|").contains { $0 == Quantity.never } ?? false }

  func isCalled(_ word: String) -> Bool { name == word || formerly == word }

  func takes(_ kind: Placeholder) -> Bool {
    value?.split(separator: "|").contains { $0 == kind.rawValue } ?? false
  }
}

/// Values that many options take, with what is said of each of them once.
enum Placeholder: String, CaseIterable {
  case time = "TIME"
  case instant = "INSTANT"
  case size = "SIZE"

  var explanation: String {
    switch self {
    case .time: "a number with s, m, h or d, such as 30s, 5m, 1.5h or 1d, or several: 1h30m; a number alone is seconds"
    case .instant: "a time with its offset, such as 2026-11-21T06:15:00Z or 2026-11-21T08:15:00+02:00"
    case .size: "a number of bytes with a unit: 512M, 16G or 16GiB (by 1024), 512MB or 16GB (by 1000), 512B"
    }
  }
}
