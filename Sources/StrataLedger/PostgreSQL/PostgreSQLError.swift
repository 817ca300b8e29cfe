/// Why PostgreSQL did not do what it was asked, or may not have.
public struct PostgreSQLError: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// No connection could be made in the time allowed; nothing was done.
    case unavailable
    /// The connection broke after the commit was sent: whether it took effect is unknown.
    case disconnected
    /// The server is a standby, or takes no changes any more; nothing was done. Another one is the primary, or will be.
    case readOnly
    /// The pool has been closed; nothing was done.
    case closed
    /// Two transactions crossed (serialization failure or deadlock) more often than the retries allowed.
    case contention
    case uniqueViolation
    /// A check or a trigger of the schema refused.
    case constraintViolation
    /// A value could not be stored (malformed JSON, out of range, …).
    case invalidData
    /// The server lacks disk, memory or connections; nothing was done.
    case exhausted
    /// The statement timeout passed.
    case timeout
    /// An answer was not shaped as the query's reader expects.
    case malformed
    /// Anything else the server said.
    case server
  }

  public let kind: Kind
  /// The five characters of SQLSTATE; empty where the server said nothing.
  public let state: String
  /// The server's or the library's own words, for logs.
  public let message: String

  public init(_ kind: Kind, state: String = "", message: String) {
    self.kind = kind
    self.state = state
    self.message = message
  }

  /// Sorts a server's error by its SQLSTATE (PostgreSQL manual, appendix A).
  init(state: String, message: String) {
    self.init(Self.kind(ofState: state), state: state, message: message)
  }

  /// SQLSTATE `read_only_sql_transaction`.
  static let readOnlyState = "25006"

  private static func kind(ofState state: String) -> Kind {
    switch state {
    case "40001", "40P01": .contention
    case "23505": .uniqueViolation
    case "57014": .timeout
    case readOnlyState: .readOnly
    // Shutting down, crashed, starting up; idle session ended.
    case "57P01", "57P02", "57P03", "57P05", "25P03": .disconnected
    default: kind(ofClass: state.prefix(2))
    }
  }

  private static func kind(ofClass stateClass: Substring) -> Kind {
    switch stateClass {
    case "08": .disconnected
    case "22", "54": .invalidData
    case "23": .constraintViolation
    case "53": .exhausted
    default: .server
    }
  }
}

extension PostgreSQLError: CustomStringConvertible {
  public var description: String { state.isEmpty ? message : "\(message) (SQLSTATE \(state))" }
}

extension PostgreSQLError {
  /// Whether the values themselves were refused: repeating them cannot succeed, leaving some out may.
  var isDueToValues: Bool {
    kind == .invalidData || kind == .constraintViolation || kind == .uniqueViolation
  }
}
