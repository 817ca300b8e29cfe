import Glibc
package import StrataCore

/// One event of the log, and its two written forms, each ending in a newline.
package struct LogLine {
  package let time: Timestamp
  package let level: Log.Level
  package let component: String
  package let message: String
  package let fields: [(key: String, value: String)]

  package init(
    time: Timestamp, level: Log.Level, component: String, message: String, fields: [(key: String, value: String)]
  ) {
    self.time = time
    self.level = level
    self.component = component
    self.message = message
    self.fields = fields
  }

  private var standard: [(key: String, value: String)] {
    [("time", time.iso8601), ("level", level.name), ("component", component), ("message", message)]
  }

  /// `time=… level=info component=queue message="lease expired" worker=w1`
  package var keyValue: String {
    (standard + fields).map { "\(Self.key($0.key))=\(Self.value($0.value))" }.joined(separator: " ") + "\n"
  }

  /// One JSON object with string values only.
  package var json: String {
    let members = (standard + fields).map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
    return "{" + members.joined(separator: ",") + "}\n"
  }

  private static func key(_ key: String) -> String {
    String(String.UnicodeScalarView(key.unicodeScalars.map { isPlain($0) ? $0 : "_" }))
  }

  private static func value(_ value: String) -> String {
    !value.isEmpty && value.unicodeScalars.allSatisfy(isPlain) ? value : quoted(value)
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value > 0x20 && scalar.value < 0x7F && scalar != "\"" && scalar != "=" && scalar != "\\"
  }

  /// As JSON quotes: nothing in `text` can end the string or the line.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case let scalar where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension Timestamp {
  /// In UTC with milliseconds: `2026-01-31T23:59:59.123Z`.
  package var iso8601: String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = unsafe [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    let time = unsafe [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
    let day = padded(date[0], 4) + "-" + padded(date[1], 2) + "-" + padded(date[2], 2)
    let clock = time.map { padded($0, 2) }.joined(separator: ":")
    return day + "T" + clock + "." + padded(Int(milliseconds % 1_000), 3) + "Z"
  }
}
