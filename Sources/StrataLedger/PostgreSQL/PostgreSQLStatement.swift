/// A query with a name, prepared once on each connection.
package struct PostgreSQLStatement: Sendable {
  package let name: String
  package let text: String

  package init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  /// This statement with values bound to `$1`, `$2`, ….
  package func callAsFunction(_ parameters: PostgreSQLParameter...) -> PostgreSQLCommand {
    PostgreSQLCommand(statement: self, parameters: parameters)
  }

  static let begin = PostgreSQLStatement(name: "begin", text: "BEGIN")
  static let commit = PostgreSQLStatement(name: "commit", text: "COMMIT")
  static let rollback = PostgreSQLStatement(name: "rollback", text: "ROLLBACK")
}

/// A statement and its values.
package struct PostgreSQLCommand: Sendable {
  let statement: PostgreSQLStatement
  let parameters: [PostgreSQLParameter]
}
