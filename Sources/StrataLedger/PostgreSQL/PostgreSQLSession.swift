import Glibc
import StrataCore
import StrataRuntime

/// One thread's connection: made when first needed, made again after it was lost.
package final class PostgreSQLSession {
  /// Whether a transaction may be repeated when its commit may have taken effect already.
  enum Repeatability { case once, idempotent }

  private let configuration: PostgreSQLConfiguration
  private let roundTrips: Counter
  private var connection: PostgreSQLConnection?

  init(_ configuration: PostgreSQLConfiguration, roundTrips: Counter) {
    self.configuration = configuration
    self.roundTrips = roundTrips
  }

  /// Runs `body` as a transaction, read committed. It is repeated when it crossed another one or lost its connection
  /// before the commit was sent (or, where idempotent, at any time): so `body` must have no effect of its own. What it
  /// does not commit itself is rolled back.
  ///
  /// - Throws: `.unavailable`: nothing was done; `.disconnected`: unknown; else the server's refusal: nothing was done.
  func transaction<Value>(
    _ repeatability: Repeatability, _ body: (PostgreSQLTransaction) throws(PostgreSQLError) -> Value
  ) throws(PostgreSQLError) -> Value {
    var attempt = 0
    while true {
      let transaction = PostgreSQLTransaction(try connected(), roundTrips: roundTrips)
      do throws(PostgreSQLError) {
        let value = try body(transaction)
        try transaction.rollback()
        return value
      } catch {
        attempt += 1
        guard mayRepeat(after: error, transaction, repeatability), attempt <= configuration.retriesMax else {
          throw error
        }
        pause(.milliseconds(Int64.random(in: 0...(5 << min(attempt, 6)))))
      }
    }
  }

  /// Runs commands as one transaction in one round trip.
  func run(
    _ repeatability: Repeatability, _ commands: [PostgreSQLCommand]
  ) throws(PostgreSQLError) -> [PostgreSQLRows] {
    try transaction(repeatability) { transaction throws(PostgreSQLError) in try transaction.commit(commands) }
  }

  /// Runs commands whose rows nobody reads, as one transaction in one round trip.
  package func execute(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) { _ = try run(.once, commands) }

  private func mayRepeat(
    after error: PostgreSQLError, _ transaction: PostgreSQLTransaction, _ repeatability: Repeatability
  ) -> Bool {
    switch error.kind {
    case .disconnected:
      connection = nil
      return repeatability == .idempotent || transaction.progress != .committing
    case .readOnly:
      // The next connection leads to the primary, as soon as there is one.
      connection = nil
      return true
    case .contention: return true
    case .timeout, .malformed:
      // The transaction may still be open on the server; a new connection leaves nothing behind.
      connection = nil
      return false
    default: return false
    }
  }

  // MARK: Connecting

  private func connected() throws(PostgreSQLError) -> PostgreSQLConnection {
    if let connection { return connection }
    let deadline = ContinuousClock.now + configuration.unavailableAfter
    var wait = configuration.reconnectPause
    while true {
      do throws(PostgreSQLError) {
        let new = try PostgreSQLConnection(configuration)
        connection = new
        return new
      } catch {
        guard ContinuousClock.now + wait < deadline else {
          throw PostgreSQLError(.unavailable, state: error.state, message: error.message)
        }
        pause(wait)
        wait = min(wait * 2, configuration.reconnectPauseMax)
      }
    }
  }

  private func pause(_ duration: Duration) { usleep(UInt32(clamping: duration.nanoseconds / 1_000)) }
}
