import StrataRuntime

/// A transaction that saves round trips: its BEGIN travels with the first commands, its COMMIT with the last.
final class PostgreSQLTransaction {
  /// How far it has come; decides what may be repeated after the connection broke.
  enum Progress {
    case idle, open, committing, committed
  }

  private let connection: PostgreSQLConnection
  private let roundTrips: Counter
  private(set) var progress = Progress.idle

  /// - Parameter roundTrips: counts its exchanges with the server.
  init(_ connection: PostgreSQLConnection, roundTrips: Counter) {
    self.connection = connection
    self.roundTrips = roundTrips
  }

  /// Runs commands in one round trip.
  func run(_ commands: PostgreSQLCommand...) throws(PostgreSQLError) -> [PostgreSQLRows] { try run(commands) }

  func run(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) -> [PostgreSQLRows] {
    let isFirst = progress == .idle
    progress = .open
    let rows = try exchange(opening(commands, isFirst: isFirst))
    return isFirst ? Array(rows.dropFirst()) : rows
  }

  /// Runs the last commands and commits, in one round trip.
  func commit(_ commands: PostgreSQLCommand...) throws(PostgreSQLError) -> [PostgreSQLRows] {
    try commit(commands)
  }

  func commit(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) -> [PostgreSQLRows] {
    let isFirst = progress == .idle
    progress = .committing
    let rows = try exchange(opening(commands, isFirst: isFirst) + [PostgreSQLStatement.commit()])
    progress = .committed
    return Array(rows.dropFirst(isFirst ? 1 : 0).dropLast())
  }

  /// Runs a script of several statements.
  func script(_ text: String) throws(PostgreSQLError) {
    if progress == .idle { _ = try run([]) }
    roundTrips.increment()
    try connection.script(text)
  }

  /// Ends what was begun and not committed.
  func rollback() throws(PostgreSQLError) {
    guard progress == .open else { return }
    progress = .idle
    roundTrips.increment()
    _ = try connection.run([PostgreSQLStatement.rollback()])
  }

  private func exchange(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) -> [PostgreSQLRows] {
    CrashTrigger.before(.ledger)
    roundTrips.increment()
    let rows = try connection.run(commands)
    CrashTrigger.after(.ledger)
    return rows
  }

  private func opening(_ commands: [PostgreSQLCommand], isFirst: Bool) -> [PostgreSQLCommand] {
    isFirst ? [PostgreSQLStatement.begin()] + commands : commands
  }
}
