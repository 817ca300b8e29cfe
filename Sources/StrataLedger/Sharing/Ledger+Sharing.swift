public import StrataCore

extension Ledger {
  /// The tenants whose class, weight or limit was ever changed: what the queue must be told of.
  public func sharings() async throws(LedgerError) -> [TenantID: TenantSharing] {
    let pairs = try await read(Query.listSharings()) { row throws(PostgreSQLError) in
      (try row.identifier() as TenantID, try TenantSharing(&row))
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// The limits of capabilities and tiers that were ever set, those that were lifted again too.
  public func gates() async throws(LedgerError) -> [SharedGate] {
    try await read(Query.listGates()) { row throws(PostgreSQLError) in try SharedGate(&row) }
  }

  /// Changes how a tenant shares the workers. Repeating it is harmless.
  ///
  /// - Parameter change: within `TenantSharing.weights` and `RunningLimit.range`.
  /// - Returns: the tenant as it is now.
  /// - Throws: `.notFound`.
  public func change(_ change: SharingChange, ofTenantNamed name: String) async throws(LedgerError) -> Tenant {
    let tenants = try await exchange(
      Query.changeSharing(
        .text(name), .integer(change.priorityClass.map { Int64($0.rawValue) }), .integer(change.weight.map(Int64.init)),
        .boolean(change.limit.runningMax != nil), .integer(change.limit.count), .boolean(change.limit.isPaused))
    ) { row throws(PostgreSQLError) in try Tenant(&row) }
    guard let tenant = tenants.first else { throw .notFound("tenant named '\(name)'") }
    return tenant
  }

  /// Changes the limit of a capability or a tier, whether or not there is one of that name. Repeating it is harmless.
  ///
  /// - Parameter change: within `RunningLimit.range`.
  /// - Returns: the limit as it is now.
  public func change(_ change: LimitChange, of kind: SharedGate.Kind, named name: String) async throws(LedgerError)
    -> RunningLimit
  {
    let gates = try await exchange(
      Query.changeGate(
        .text(kind.rawValue), .text(name), .boolean(change.runningMax != nil), .integer(change.count),
        .boolean(change.isPaused))
    ) { row throws(PostgreSQLError) in try SharedGate(&row) }
    return gates.first?.limit ?? RunningLimit()
  }
}

extension LimitChange {
  fileprivate var count: Int64? {
    if case .atMost(let count) = runningMax { Int64(count) } else { nil }
  }
}
