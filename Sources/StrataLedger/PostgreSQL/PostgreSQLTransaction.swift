import StrataRuntime

/// A transaction that saves round trips: its BEGIN travels with the first commands, its COMMIT with the last.
final class PostgreSQLTransaction {
  /// How far it has come; decides what may be repeated after the connection broke.
  enum Progress {
    case idle, open, committing, committed
  }

  private let connection: PostgreSQLConnection
  private(set) var progress = Progress.idle

  init(_ connection: PostgreSQLConnection) { self.connection = connection }

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
    try connection.script(text)
  }

  /// Ends what was begun and not committed.
  func rollback() throws(PostgreSQLError) {
    guard progress == .open else { return }
    progress = .idle
    _ = try connection.run([PostgreSQLStatement.rollback()])
  }

  private func exchange(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) -> [PostgreSQLRows] {
    CrashTrigger.before(.ledger)
    let rows = try connection.run(commands)
    CrashTrigger.after(.ledger)
    return rows
  }

  private func opening(_ commands: [PostgreSQLCommand], isFirst: Bool) -> [PostgreSQLCommand] {
    isFirst ? [PostgreSQLStatement.begin()] + commands : commands
  }
}
