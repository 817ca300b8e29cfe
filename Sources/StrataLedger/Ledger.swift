public import StrataCore
public import StrataRuntime

/// The truth about jobs and money, in PostgreSQL: admission, settlement, tenants, prices, and what can be read of them.
///
/// Each operation is one transaction and may be repeated: admission by the job's identifier and its idempotency key,
/// settlement by the attempt's fencing token, grants by their transaction's identifier. So operations whose connection
/// broke are repeated here, and only fail where the server stays away.
public final class Ledger: Sendable {
  public let limits: LedgerLimits
  private let pool: PostgreSQLPool
  var configuration: PostgreSQLConfiguration { pool.configuration }

  /// Connections are made when first needed; `migrate` is the usual first call.
  ///
  /// - Parameter roundTrips: counts the exchanges with the server, but for those that connect.
  public init(
    _ configuration: PostgreSQLConfiguration, limits: LedgerLimits = LedgerLimits(), roundTrips: Counter = Counter()
  ) throws(StrataError) {
    self.limits = limits
    pool = try PostgreSQLPool(configuration, roundTrips: roundTrips)
  }

  /// Carries out what has been called, then closes the connections. Safe to call twice.
  public func close() async { await pool.close() }

  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (PostgreSQLSession) throws(PostgreSQLError) -> Value
  ) async throws(LedgerError) -> Value {
    do throws(PostgreSQLError) { return try await pool.perform(body) } catch { throw LedgerError(error) }
  }

  /// Runs one query that changes nothing and reads its rows.
  func read<Value: Sendable>(
    _ command: PostgreSQLCommand, _ row: @escaping @Sendable (inout PostgreSQLRow) throws(PostgreSQLError) -> Value
  ) async throws(LedgerError) -> [Value] {
    do throws(LedgerError) { return try await exchange(command, row) } catch {
      // What was asked changes nothing, so there is nothing to be in doubt of.
      if case .disconnected(let reason) = error { throw .unavailable(reason) }
      throw error
    }
  }

  /// Runs one query that changes something that a second time would not change again, and reads its rows.
  func exchange<Value: Sendable>(
    _ command: PostgreSQLCommand, _ row: @escaping @Sendable (inout PostgreSQLRow) throws(PostgreSQLError) -> Value
  ) async throws(LedgerError) -> [Value] {
    try await perform { session throws(PostgreSQLError) in
      try session.run(.idempotent, [command])[0].map(row)
    }
  }

  /// Runs one query that changes something, and whose rows nobody reads.
  ///
  /// - Parameter repeatability: `.once` where a second time would change more than the first; then `.disconnected` says
  ///   that nobody knows whether it was done.
  func change(
    _ repeatability: PostgreSQLSession.Repeatability, _ command: PostgreSQLCommand
  ) async throws(LedgerError) {
    try await perform { session throws(PostgreSQLError) in _ = try session.run(repeatability, [command]) }
  }
}

/// The ledger's bounds, each with its default.
public struct LedgerLimits: Hashable, Sendable {
  /// Items of one transaction; longer calls are several transactions.
  public var batchMax = 1_000
  /// Rows of what jobs wait for that one transaction writes or resolves, but for one job that waits for more: a job that
  /// very many wait for is followed up in steps.
  public var dependenciesMax = 1_000
  /// Rows of one page of a listing.
  public var pageMax = 1_000
  /// A tenant's newest jobs among which a part of an identifier is looked for.
  public var alikeScanMax = 100_000
  /// Different sizes of workers that are kept of one tier; the least recently seen go.
  public var offersMax = 16
  /// Characters of an API key's secret that are shown in listings.
  public var keyPrefixLength = 8

  public init() {}
}
