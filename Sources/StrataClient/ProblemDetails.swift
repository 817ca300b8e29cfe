import FoundationEssentials

/// A problem document (RFC 9457) with a stable `code`.
public struct ProblemDetails: Hashable, Sendable {
  public var type: String
  public var title: String
  public var status: Int
  public var detail: String?
  /// A machine-readable name such as `budget_exceeded`.
  public var code: String?
  /// Every other member.
  public var extra: [String: JSONValue]

  /// Reads what a server sent with an error status; a body that is no problem document makes a problem of the status.
  public init(status: Int, body: [UInt8]) {
    let members = (try? JSONDecoder().decode([String: JSONValue].self, from: Data(body))) ?? [:]
    type = members["type"]?.text ?? "about:blank"
    title = members["title"]?.text ?? "HTTP status \(status)"
    self.status = status
    detail = members["detail"]?.text
    code = members["code"]?.text
    extra = members.filter { !["type", "title", "status", "detail", "code"].contains($0.key) }
  }
}

extension ProblemDetails: CustomStringConvertible {
  public var description: String { (detail ?? title) + (code.map { " (\($0))" } ?? "") }
}

/// Any JSON value.
public enum JSONValue: Hashable, Sendable, Codable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// The text of a string.
  public var text: String? { if case .string(let text) = self { text } else { nil } }
}
