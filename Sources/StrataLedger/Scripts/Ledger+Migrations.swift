extension Ledger {
  /// Brings the database's schema to the version this binary knows. Any number of processes may do so at once; on a
  /// database already there it changes nothing. Each migration is a transaction of its own: none waits for the locks of
  /// those before it, and what breaks off goes on where it was.
  ///
  /// - Throws: `.newerDatabase`, `.changedMigration`, in which case nothing was changed.
  public func migrate() async throws(LedgerError) { try await migrate(upTo: Self.schemaVersion) }

  /// Makes a database as the binary that knew `newest` migrations would have, for tests of what comes after.
  package func migrate(upTo newest: Int) async throws(LedgerError) {
    while true {
      let step = try await perform { session throws(PostgreSQLError) in
        try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
          try Self.migrate(upTo: newest, in: transaction)
        }
      }
      switch step {
      case .applied: continue
      case .nothingLeft: return
      case .refused(let problem): throw problem
      }
    }
  }

  private enum MigrationStep {
    case applied
    case nothingLeft
    case refused(LedgerError)
  }

  /// Applies the first migration that is missing.
  private static func migrate(
    upTo newest: Int, in transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> MigrationStep {
    // An index over all jobs takes as long as it takes, and so does waiting for whoever makes it.
    try transaction.script("SET LOCAL statement_timeout = 0")
    try transaction.script(Query.migrationLock().statement.text)
    try transaction.script(Migration.journal.text)
    let texts = Migration.all.map(\.text)
    let applied = try transaction.run(Query.migrationList(.texts(texts)))[0].map { row throws(PostgreSQLError) in
      (version: Int(try row.integer()), isSame: row.optionalBytes().map { $0 == [1] })
    }
    if let problem = problem(applied) { return .refused(problem) }
    guard applied.count < newest else { return .nothingLeft }
    let migration = Migration.all[applied.count]
    try transaction.script(migration.text)
    _ = try transaction.run(
      Query.migrationRecord(.integer(Int64(applied.count + 1)), .text(migration.name), .text(migration.text)))
    _ = try transaction.commit()
    return .applied
  }

  private static func problem(_ applied: [(version: Int, isSame: Bool?)]) -> LedgerError? {
    if let newest = applied.last?.version, newest > Migration.all.count {
      return .newerDatabase(found: newest, known: Migration.all.count)
    }
    let misplaced = applied.enumerated().first { $0.offset + 1 != $0.element.version }
    if let misplaced { return .changedMigration(version: misplaced.offset + 1) }
    return applied.first { $0.isSame != true }.map { .changedMigration(version: $0.version) }
  }
}
