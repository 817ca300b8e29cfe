public import StrataCore

extension Ledger {
  /// A tenant's account now.
  ///
  /// - Throws: `.notFound`.
  public func balance(of tenant: TenantID) async throws(LedgerError) -> AccountBalance {
    let rows = try await read(Query.findBalance(.identifier(tenant))) { row throws(PostgreSQLError) in
      try AccountBalance(&row)
    }
    guard let balance = rows.first else { throw .notFound("tenant \(tenant)") }
    return balance
  }

  /// The legs on a tenant's account, newest first.
  ///
  /// - Parameter cursor: the sequence number of the last entry of the page before; nil for the first page.
  public func entries(
    of tenant: TenantID, before cursor: Int64? = nil, limit: Int = 50
  ) async throws(LedgerError) -> [LedgerEntry] {
    try await read(
      Query.listEntries(.identifier(tenant), .integer(cursor), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try LedgerEntry(&row) }
  }

  /// Gives a tenant credits, from the house's account `issued`. Repeating it with the same transaction changes nothing.
  ///
  /// - Parameter amount: more than zero.
  /// - Returns: the account afterwards.
  /// - Throws: `.notFound`; `.duplicate` where the transaction is another one.
  public func grant(
    _ amount: MicroCredits, to tenant: TenantID, transaction id: TransactionID = TransactionID()
  ) async throws(LedgerError) -> AccountBalance {
    precondition(amount > .zero, "a grant is more than nothing")
    let outcome = try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        try Self.grant(amount, to: tenant, id, transaction)
      }
    }
    switch outcome {
    case .granted(let balance): return balance
    case .unknownTenant: throw .notFound("tenant \(tenant)")
    case .taken: throw .duplicate("another transaction \(id)")
    }
  }

  private enum GrantOutcome { case granted(AccountBalance), unknownTenant, taken }

  private static func grant(
    _ amount: MicroCredits, to tenant: TenantID, _ id: TransactionID, _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> GrantOutcome {
    let rows = try transaction.run(Query.lockAccounts(.identifiers([tenant])), Query.findTransfer(.identifier(id)))
    let account = try rows[0].first { row throws(PostgreSQLError) in
      _ = row.optionalBytes()
      return try AccountBalance(&row)
    }
    guard var balance = account else { return .unknownTenant }
    guard rows[1].count == 0 else {
      return try isGrant(rows[1], amount, to: tenant) ? .granted(balance) : .taken
    }
    _ = try transaction.commit(grantWrites(amount, to: tenant, id))
    balance.limit += amount
    return .granted(balance)
  }

  private static func isGrant(
    _ transfer: PostgreSQLRows, _ amount: MicroCredits, to tenant: TenantID
  ) throws(PostgreSQLError) -> Bool {
    try transfer.first { row throws(PostgreSQLError) in
      let (receiver, moved): (AccountID, MicroCredits) = (try row.identifier(), try row.amount())
      let kind: EntryKind = try row.named()
      return receiver.bytes == tenant.bytes && moved == amount && kind == .grant
    } == true
  }

  static func grantWrites(
    _ amount: MicroCredits, to tenant: TenantID, _ id: TransactionID
  ) -> [PostgreSQLCommand] {
    let receiver = AccountID(high: tenant.high, low: tenant.low)
    return [
      Query.postTransfers(
        .identifiers([id]), .identifiers([HouseAccount.issued]), .identifiers([receiver]),
        .integers([amount.micros]), .text(EntryKind.grant.rawValue)),
      Query.moveAccounts(
        .identifiers([receiver, HouseAccount.issued]), .integers([0, amount.micros]), .integers([0, 0]),
        .integers([amount.micros, 0])),
    ]
  }
}
