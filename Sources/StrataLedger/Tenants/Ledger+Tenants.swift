public import StrataCore

extension Ledger {
  /// Adds a tenant and gives it credits, in one transaction. With none it can spend nothing until it is granted some.
  ///
  /// - Parameter isOperator: whether its keys may see and change what all tenants have in common.
  /// - Throws: `.duplicate` where the name is taken.
  public func createTenant(
    name: String, plan: String, isOperator: Bool = false, credits: MicroCredits = .zero, id: TenantID = TenantID()
  ) async throws(LedgerError) -> TenantID {
    do throws(LedgerError) {
      let tenant = Query.insertTenant(.identifier(id), .text(name), .text(plan), .boolean(isOperator))
      let grant = credits > .zero ? Self.grantWrites(credits, to: id, TransactionID()) : []
      _ = try await perform { session throws(PostgreSQLError) in try session.run(.once, [tenant] + grant).count }
      return id
    } catch .database(let error) where error.kind == .uniqueViolation {
      throw .duplicate("a tenant named '\(name)'")
    }
  }

  /// The tenant of that name, nil where there is none.
  public func tenant(named name: String) async throws(LedgerError) -> Tenant? {
    try await tenants(id: nil, name: name).first
  }

  /// The tenant of that identifier, nil where there is none.
  public func tenant(_ id: TenantID) async throws(LedgerError) -> Tenant? { try await tenants(id: id, name: nil).first }

  /// All tenants, oldest first.
  public func tenants() async throws(LedgerError) -> [Tenant] { try await tenants(id: nil, name: nil) }

  private func tenants(id: TenantID?, name: String?) async throws(LedgerError) -> [Tenant] {
    try await read(Query.listTenants(.identifier(id), .text(name))) { row throws(PostgreSQLError) in
      try Tenant(&row)
    }
  }
}
