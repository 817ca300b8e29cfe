/// What its owner calls a job and finds it by. Nothing is decided by it.
public struct JobMetadata: Hashable, Codable, Sendable {
  /// What it is called; need not be unique.
  public var name: String?
  /// Names with values, such as `project` with `survey-12`.
  public var labels: [String: String]

  public init(name: String? = nil, labels: [String: String] = [:]) {
    self.name = name
    self.labels = labels
  }

  public var isEmpty: Bool { name == nil && labels.isEmpty }

  /// - Throws: `invalidBody` for what is not within `JobMetadataLimits`.
  public func check() throws(StrataError) {
    let limits = JobMetadataLimits.self
    if let name, !limits.isText(name, bytes: limits.nameBytes) || name.allSatisfy(\.isWhitespace) {
      throw StrataError(
        .invalidBody, "'\(name.prefix(40))' cannot be the name of a job",
        remedy: "give it \(limits.nameBytes.lowerBound) to \(limits.nameBytes.upperBound) bytes on one line")
    }
    guard labels.count <= limits.labelsMax else {
      throw StrataError(
        .invalidBody, "the job has \(labels.count) labels, at most \(limits.labelsMax) are taken",
        remedy: "leave out those that no job is looked for by")
    }
    for (key, value) in labels.sorted(by: { $0.key < $1.key }) { try Self.check(label: key, value) }
  }

  /// - Throws: `invalidBody` for a label that no job can have.
  public static func check(label key: String, _ value: String) throws(StrataError) {
    let limits = JobMetadataLimits.self
    guard limits.isKey(key) else {
      throw StrataError(
        .invalidBody, "'\(key.prefix(40))' cannot be the name of a label",
        remedy: "write it with letters, digits, '.', '_', '-' and '/', \(limits.keyBytes.upperBound) bytes at most")
    }
    guard limits.isText(value, bytes: limits.valueBytes) else {
      throw StrataError(
        .invalidBody, "the label '\(key)' cannot have the value '\(value.prefix(40))'",
        remedy: "give it at most \(limits.valueBytes.upperBound) bytes on one line")
    }
  }
}

/// How long names and labels may be, and why not longer.
public enum JobMetadataLimits {
  /// A line of a listing has no room for more.
  public static let nameBytes = 1...200
  /// What people look for jobs by is a handful of things; each is kept in an index for as long as the job is.
  public static let labelsMax = 16
  /// As other schedulers have them, so that labels can be taken along.
  public static let keyBytes = 1...63
  public static let valueBytes = 0...128

  /// Whether it is a line of text.
  static func isText(_ text: String, bytes: ClosedRange<Int>) -> Bool {
    bytes.contains(text.utf8.count)
      && !text.unicodeScalars.contains {
        $0.properties.generalCategory == .control || $0.value == 0x2028 || $0.value == 0x2029
      }
  }

  static func isKey(_ text: String) -> Bool {
    keyBytes.contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
          UInt8(ascii: "/"):
          true
        default: false
        }
      }
  }
}
