public import StrataCore
internal import StrataScheduling

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

  /// What an operator wants of the queue's order.
  public func queueOrder() async throws(LedgerError) -> QueueOrder {
    let rows = try await read(Query.queuePolicy()) { row throws(PostgreSQLError) in try QueueOrder(&row) }
    return rows.first ?? QueueOrder()
  }

  /// Changes that; what is nil stays as it is.
  public func change(_ change: QueueOrder) async throws(LedgerError) {
    try await self.change(
      .idempotent,
      Query.changeQueuePolicy(
        .integer(change.keepRoomAfter?.milliseconds), .integer(change.keepRoomFor?.milliseconds),
        .integer(change.classPatience?.milliseconds), .integer(change.priorityAgeing?.milliseconds),
        .integer(change.preemptAfter?.milliseconds)))
  }

  /// Changes the priority of an unfinished job. Repeating it is harmless.
  ///
  /// - Returns: false where it is finished, or there is none.
  public func change(priority: JobPriority, of job: JobID) async throws(LedgerError) -> Bool {
    let rows = try await exchange(Query.changePriority(.identifier(job), .integer(Int64(priority.rawValue)))) {
      row throws(PostgreSQLError) in try row.identifier() as JobID
    }
    return !rows.isEmpty
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
        .boolean(change.limit.runningMax != nil), .integer(change.limit.count), .boolean(change.limit.isPaused),
        .boolean(change.limit.rate != nil), .integer(change.limit.rateLimit?.count),
        .integer(change.limit.rateLimit?.seconds), .integer(change.limit.rateLimit?.burst))
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
        .boolean(change.isPaused), .boolean(change.rate != nil), .integer(change.rateLimit?.count),
        .integer(change.rateLimit?.seconds), .integer(change.rateLimit?.burst))
    ) { row throws(PostgreSQLError) in try SharedGate(&row) }
    return gates.first?.limit ?? RunningLimit()
  }
}

extension LimitChange {
  fileprivate var count: Int64? {
    if case .atMost(let count) = runningMax { Int64(count) } else { nil }
  }

  fileprivate var rateLimit: RateLimit? {
    if case .atMost(let rate) = rate { rate } else { nil }
  }
}

extension RateLimit {
  fileprivate var seconds: Int64 { period.nanoseconds / 1_000_000_000 }
}
