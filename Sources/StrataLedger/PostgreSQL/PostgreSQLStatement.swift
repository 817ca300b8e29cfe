/// A query with a name.
package struct PostgreSQLStatement: Sendable {
  /// When the server decides by which indexes it goes.
  package enum Planning: Sendable {
    /// Prepared once on each connection, for whatever values come.
    case once
    /// With the values of each run: for a query of which many values may be null, where one plan cannot suit all.
    case eachTime
  }

  package let name: String
  package let text: String
  let planning: Planning

  package init(name: String, text: String, planning: Planning = .once) {
    self.name = name
    self.text = text
    self.planning = planning
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
