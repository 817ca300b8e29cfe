/// An error a person can act on: a stable code, one sentence on what is wrong, and what to do about it.
///
/// `description` is safe to show to a client. `String(reflecting:)` adds the cause, for logs.
public struct StrataError: Error, Sendable {
  /// A stable, machine-readable name, such as `budget_exceeded`. The set is open: modules add their own as static
  /// members in an extension.
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let invalidInput = Code(rawValue: "invalid_input")
    /// A member of a request's body has a value that it cannot have.
    public static let invalidBody = Code(rawValue: "invalid_body")
    public static let notFound = Code(rawValue: "not_found")
    public static let unauthorized = Code(rawValue: "unauthorized")
    public static let budgetExceeded = Code(rawValue: "budget_exceeded")
    public static let unsatisfiable = Code(rawValue: "unsatisfiable")
    public static let conflict = Code(rawValue: "conflict")
    public static let limitExceeded = Code(rawValue: "limit_exceeded")
    /// The queue has no room for another job at the moment.
    public static let queueFull = Code(rawValue: "queue_full")
    /// A tenant has as many jobs waiting as it may.
    public static let tooManyWaiting = Code(rawValue: "too_many_waiting")
    public static let unavailable = Code(rawValue: "unavailable")
    public static let timeout = Code(rawValue: "timeout")
    public static let cancelled = Code(rawValue: "cancelled")
    public static let internalError = Code(rawValue: "internal_error")
  }

  public let code: Code
  /// What was wrong and where, in one sentence without a full stop.
  public let message: String
  /// What to do about it, in one sentence without a full stop; nil where there is nothing to do but report it.
  public let remedy: String?
  /// When the same may be tried again with some hope; nil where nobody can say.
  public let retryAfter: Duration?
  /// What lay beneath; never shown to a client.
  public let cause: (any Error)?

  public init(
    _ code: Code, _ message: String, remedy: String? = nil, retryAfter: Duration? = nil, cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.retryAfter = retryAfter
    self.cause = cause
  }
}

extension StrataError: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String { remedy.map { "\(message); \($0)" } ?? message }

  public var debugDescription: String {
    "[\(code.rawValue)] \(description)" + (cause.map { " (caused by: \(String(reflecting: $0)))" } ?? "")
  }
}
