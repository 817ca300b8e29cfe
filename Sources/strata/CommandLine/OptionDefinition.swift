/// One option of a command, as data: the parser, the help text and the check for misspellings read the same list.
struct OptionDefinition {
  /// Without the dashes.
  let name: String
  /// The name of its value in the help text; nil for a switch.
  let value: String?
  let summary: String
  /// Whether it may be given several times.
  var repeats = false

  static func flag(_ name: String, _ summary: String) -> Self { Self(name: name, value: nil, summary: summary) }

  static func option(_ name: String, _ value: String, _ summary: String, repeats: Bool = false) -> Self {
    Self(name: name, value: value, summary: summary, repeats: repeats)
  }

  static let dataDirectory = option(
    "data-dir", "FOLDER",
    "where Strata keeps everything [$STRATA_DATA_DIR, else ~/.local/share/strata; for root /var/lib/strata]")
  static let json = flag("json", "print JSON with stable field names")
}
