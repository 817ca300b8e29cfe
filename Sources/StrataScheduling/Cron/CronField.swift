/// One of the five fields of a cron expression: the values that it allows.
struct CronField: Hashable, Sendable {
  /// What a field counts.
  enum Kind: String, CaseIterable, Sendable {
    case minute
    case hour
    case dayOfMonth = "day of month"
    case month
    case dayOfWeek = "day of week"

    /// What may be written. A week has two Sundays, 0 and 7.
    var range: ClosedRange<Int> {
      switch self {
      case .minute: 0...59
      case .hour: 0...23
      case .dayOfMonth: 1...31
      case .month: 1...12
      case .dayOfWeek: 0...7
      }
    }

    fileprivate var names: [String] {
      switch self {
      case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
      case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
      default: []
      }
    }
  }

  /// Bit `n` is set where `n` is allowed.
  private var bits: UInt64 = 0
  /// Begins with `*`, with or without a step: "every", rather than a set of values.
  let isStar: Bool

  func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

  /// Reads a list of values, ranges and steps: `*`, `5`, `1-5`, `*/15`, `10-40/10`, `mon-fri`, `1,15`.
  init(_ text: Substring, _ kind: Kind) throws(CronError) {
    isStar = text.hasPrefix("*")
    for item in text.split(separator: ",", omittingEmptySubsequences: false) { try add(item, kind) }
    if kind == .dayOfWeek, contains(7) { bits |= 1 }
  }

  private mutating func add(_ item: Substring, _ kind: Kind) throws(CronError) {
    let parts = item.split(separator: "/", omittingEmptySubsequences: false)
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count <= 2, ends.count <= 2 else { throw .malformed(kind.rawValue, String(item)) }
    var range = kind == .dayOfWeek ? 0...6 : kind.range
    if parts[0] != "*" {
      let first = try Self.value(ends[0], kind)
      // A step without an end goes on to the end, as in `5/15`.
      let last = ends.count == 2 ? try Self.value(ends[1], kind) : parts.count == 2 ? range.upperBound : first
      guard first <= last else { throw .backwards(kind.rawValue, String(item)) }
      range = first...last
    }
    var step = 1
    if parts.count == 2 {
      guard let wanted = Int(parts[1]), wanted > 0 else { throw .malformed(kind.rawValue, String(item)) }
      step = min(wanted, 64)
    }
    for value in stride(from: range.lowerBound, through: range.upperBound, by: step) { bits |= 1 << UInt64(value) }
  }

  private static func value(_ text: Substring, _ kind: Kind) throws(CronError) -> Int {
    if let place = kind.names.firstIndex(of: text.lowercased()) { return place + kind.range.lowerBound }
    guard let value = Int(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .malformed(kind.rawValue, String(text))
    }
    guard kind.range.contains(value) else { throw .outOfRange(kind.rawValue, value, kind.range) }
    return value
  }
}

/// Why a text is no cron expression, or not one that ever comes true.
public enum CronError: Error, Hashable, Sendable {
  case fieldCount(Int)
  /// The field's name and what was written there.
  case malformed(String, String)
  case outOfRange(String, Int, ClosedRange<Int>)
  /// A range whose end comes before its beginning.
  case backwards(String, String)
  case unknownShortcut(String)
  /// Such as the 31st of February.
  case neverComesTrue(String)
  case unknownTimeZone(String)
}

extension CronError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fieldCount(let count):
      "a cron expression has five fields (minute, hour, day of month, month, day of week), not \(count)"
    case .malformed(let field, let text): "'\(text)' is no value, range or step of the field '\(field)'"
    case .outOfRange(let field, let value, let range):
      "the field '\(field)' goes from \(range.lowerBound) to \(range.upperBound), so \(value) is none of it"
    case .backwards(let field, let text):
      "the range '\(text)' of the field '\(field)' ends before it begins; write it as two ranges"
    case .unknownShortcut(let text):
      "'\(text)' is none of @yearly, @monthly, @weekly, @daily and @hourly"
    case .neverComesTrue(let text): "no day ever fits '\(text)'"
    case .unknownTimeZone(let name): "there is no time zone '\(name)'; write it like Europe/Madrid or UTC"
    }
  }
}
