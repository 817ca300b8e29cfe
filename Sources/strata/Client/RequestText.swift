import StrataAPI
import StrataCore

/// What was asked for with a job, as `strata job show` tells it.
enum RequestText {
  /// Bytes of a value, in a line.
  private static let valueBytesMax = 400

  static func rows(of job: JobView) -> [(name: String, value: String?)] {
    var rows: [(name: String, value: String?)] = []
    if case .object(var params)? = job.params {
      if case .array(let words)? = params.removeValue(forKey: "command") {
        rows.append(("command", short(words.map { ShellWord.quoted(text(of: $0)) }.joined(separator: " "))))
      }
      rows += params.filter { !isEmpty($0.value) }.sorted { $0.key < $1.key }.map {
        ("parameter", short("\($0.key)=\(text(of: $0.value))"))
      }
    }
    rows += (job.inputs ?? []).map { ("input", "\($0.name)  \($0.sizeBytes.asBytes)  \($0.digest)") }
    rows.append(("resources", job.resources?.inWords))
    rows += (job.alternatives ?? []).map { ("or else", "tier \($0.tier), \($0.resources.inWords)") }
    rows.append(("time limit", job.timeoutSeconds.map { "\(Duration.seconds($0).brief) for each attempt" }))
    rows.append(("attempts", job.attemptsMax.map { $0 == 1 ? "one" : "at most \($0)" }))
    return rows
  }

  /// A default that says nothing.
  private static func isEmpty(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .array([]), .object([:]): true
    default: false
    }
  }

  private static func text(of value: JSONValue) -> String { value.stringValue ?? value.description }

  /// All of it is in what `--json` prints.
  private static func short(_ text: String) -> String {
    text.utf8.count > valueBytesMax ? "\(text.prefix(valueBytesMax)) … (the rest with --json)" : text
  }
}
