public import StrataCore

/// How to reach PostgreSQL, and for how long to wait.
public struct PostgreSQLConfiguration: Hashable, Sendable {
  /// A libpq URI (`postgresql://…`) or keywords (`host=/socket/folder dbname=strata`).
  public var connectionString: String
  /// Connections kept, each on a thread of its own.
  public var connections = 4
  /// How long one attempt to connect may take.
  public var connectTimeout = Duration.seconds(5)
  /// How long a unit of work waits for a server that is away before it fails as unavailable.
  public var unavailableAfter = Duration.seconds(15)
  /// The pause after a failed attempt to connect; doubled each time up to `reconnectPauseMax`.
  public var reconnectPause = Duration.milliseconds(20)
  public var reconnectPauseMax = Duration.seconds(1)
  /// The server ends a statement that runs longer.
  public var statementTimeout = Duration.seconds(30)
  /// A server silent for this much longer than `statementTimeout` counts as lost.
  public var silenceAllowance = Duration.seconds(5)
  /// How often a transaction is repeated when it crossed another, or its connection was lost before the commit.
  public var retriesMax = 10

  public init(connectionString: String) { self.connectionString = connectionString }

  /// Whether the connection string can be read, before anything is done with it.
  ///
  /// - Throws: `invalid_input`, without the string: it may hold a password.
  public func check() throws(StrataError) {
    guard !PostgreSQLConnection.canRead(connectionString) else { return }
    throw StrataError(
      .invalidInput, "the address of the PostgreSQL server cannot be read",
      remedy: "write postgresql://user:password@host:port/database")
  }
}
