extension Ledger {
  /// Whether any process leads `role` now, as far as the server knows.
  public func isLed(_ role: LeaderRole) async throws(LedgerError) -> Bool {
    let answers = try await read(Query.leaderExists(.integer(Int64(role.rawValue)))) { row throws(PostgreSQLError) in
      try row.boolean()
    }
    return answers.first ?? false
  }
}
