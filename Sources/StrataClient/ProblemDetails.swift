import FoundationEssentials
public import StrataCore

/// A problem document (RFC 9457) with a stable `code`.
public struct ProblemDetails: Hashable, Sendable {
  public var type: String
  public var title: String
  public var status: Int
  public var detail: String?
  /// A machine-readable name such as `budget_exceeded`.
  public var code: String?
  /// When to try again, as the header `Retry-After` says; nil where it does not, or names a date.
  public var retryAfter: Duration?
  /// Every other member.
  public var extra: [String: JSONValue]

  /// Reads what a server sent with an error status; a body that is no problem document makes a problem of the status.
  ///
  /// - Parameter headers: names in lower case.
  public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8]) {
    let members = (try? JSONDecoder().decode([String: JSONValue].self, from: Data(body))) ?? [:]
    type = members["type"]?.stringValue ?? "about:blank"
    title = members["title"]?.stringValue ?? "HTTP status \(status)"
    self.status = status
    detail = members["detail"]?.stringValue
    code = members["code"]?.stringValue
    let pause = headers.first { $0.name == "retry-after" }.flatMap { Int64($0.value) }
    retryAfter = pause.flatMap { $0 >= 0 ? .seconds($0) : nil }
    extra = members.filter { !["type", "title", "status", "detail", "code"].contains($0.key) }
  }
}

extension ProblemDetails: CustomStringConvertible {
  public var description: String { (detail ?? title) + (code.map { " (\($0))" } ?? "") }
}
