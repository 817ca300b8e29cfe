/// A query with a name, prepared once on each connection.
struct PostgreSQLStatement: Sendable {
  let name: String
  let text: String

  /// This statement with values bound to `$1`, `$2`, ….
  func callAsFunction(_ parameters: PostgreSQLParameter...) -> PostgreSQLCommand {
    PostgreSQLCommand(statement: self, parameters: parameters)
  }

  static let begin = PostgreSQLStatement(name: "begin", text: "BEGIN")
  static let commit = PostgreSQLStatement(name: "commit", text: "COMMIT")
  static let rollback = PostgreSQLStatement(name: "rollback", text: "ROLLBACK")
}

/// A statement and its values.
struct PostgreSQLCommand: Sendable {
  let statement: PostgreSQLStatement
  let parameters: [PostgreSQLParameter]
}
