public import StrataCore

/// Why a ledger operation did not happen, or may not have happened.
public enum LedgerError: Error, Hashable, Sendable {
  /// The database could not be reached in the time allowed; nothing was done.
  case unavailable(String)
  /// The database lacks disk, memory or connections; nothing was done.
  case exhausted(String)
  /// The connection broke during the commit of a change: whether it took effect is unknown. Every operation may be
  /// repeated with the same identifiers.
  case disconnected(String)
  /// The ledger has been closed; nothing was done.
  case closed
  /// The database was migrated by a newer binary.
  case newerDatabase(found: Int, known: Int)
  /// A migration's text is not the one that was applied.
  case changedMigration(version: Int)
  /// There is no such thing for this tenant; says what.
  case notFound(String)
  /// There is one of that name already; says what.
  case duplicate(String)
  /// The key of that name is the last valid one of its tenant; nothing was done.
  case lastKey(String)
  /// The server's refusal; nothing was done.
  case database(PostgreSQLError)

  init(_ error: PostgreSQLError) {
    switch error.kind {
    case .unavailable, .readOnly: self = .unavailable(error.description)
    case .exhausted: self = .exhausted(error.description)
    case .disconnected: self = .disconnected(error.description)
    case .closed: self = .closed
    default: self = .database(error)
    }
  }

  /// The error as a person or a client should see it.
  public var strataError: StrataError {
    switch self {
    case .unavailable, .closed:
      StrataError(
        .unavailable, "the ledger's database cannot be reached, and nothing was done",
        remedy: "repeat the request once it can be", cause: self)
    case .disconnected:
      StrataError(
        .unavailable, "the ledger's database went away before it said whether the change was made",
        remedy: "repeat the request; with an Idempotency-Key it is carried out once", cause: self)
    case .exhausted:
      StrataError(
        .unavailable,
        "the ledger's database has no room (its disk, its memory or its connections are used up), and nothing was done",
        remedy: "have its operator make room, then repeat the request", cause: self)
    case .newerDatabase(let found, let known):
      StrataError(
        .conflict,
        "the database was made by a newer Strata: its schema has version \(found), this program knows \(known)",
        remedy: "use the program that migrated it, or a newer one; nothing was changed")
    case .changedMigration(let version):
      StrataError(
        .conflict, "migration \(version) of the database is not the one this program contains",
        remedy: "use the program that created the database")
    case .notFound(let what): StrataError(.notFound, "there is no \(what)")
    case .duplicate(let what): StrataError(.conflict, "there is already \(what)", remedy: "choose another name")
    case .lastKey(let name):
      StrataError(
        .conflict, "'\(name)' is the last valid key of its tenant, whom nothing would be open to without it",
        remedy: "make another one first, or revoke it with force")
    case .database(let error) where error.state == "22003":
      StrataError(
        .invalidInput, "an amount would be larger than an account can hold (9 223 372 036 854 credits)",
        remedy: "use a smaller one; nothing was changed", cause: error)
    case .database(let error): StrataError(.internalError, "the ledger's database refused an operation", cause: error)
    }
  }
}
