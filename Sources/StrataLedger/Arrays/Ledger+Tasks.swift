public import StrataCore

/// Tasks of arrays by what became of them. Each costs the rows that it returns, however many tasks there are.
extension Ledger {
  /// Tasks that ended in one way, in order of their positions, from one on.
  ///
  /// - Parameter state: a final one.
  public func tasks(
    of array: StoredArray, ended state: JobState, from position: Int, limit: Int
  ) async throws(LedgerError) -> [StoredJob] {
    try await read(
      Query.listEndedTasks(
        .identifier(array.tenant), .identifier(array.id.batch), .text(state.rawValue),
        .identifier(array.id.task(at: position)), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try StoredJob(&row) }
  }

  /// Tasks that are made and have not ended, in order of their positions, from one on.
  public func openTasks(
    of array: StoredArray, from position: Int, limit: Int
  ) async throws(LedgerError) -> [StoredJob] {
    try await read(
      Query.listOpenTasks(
        .identifier(array.tenant), .identifier(array.id.batch), .identifier(array.id.task(at: position)),
        .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try StoredJob(&row) }
  }

  /// As `jobs(of:like:limit:)`, of arrays.
  public func arrays(
    of tenant: TenantID, like part: IdentifierPart<ArrayTag>, limit: Int
  ) async throws(LedgerError) -> [ArrayID] {
    let (beginning, end) = (part.beginning, part.end)
    return try await read(
      Query.findAlikeArrays(
        .identifier(tenant), .identifier(beginning?.lowerBound), .identifier(beginning?.upperBound),
        .integer(Int64(bitPattern: end.mask)), .integer(Int64(bitPattern: end.value)),
        .integer(Int64(limits.alikeScanMax)), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try row.identifier() as ArrayID }.filter(part.matches)
  }
}
