public import StrataCore

/// Jobs that are watched as one.
public struct StoredBatch: Hashable, Sendable {
  public let id: BatchID
  public let tenant: TenantID
  /// Whether jobs may still join it.
  public let isOpen: Bool
  public let total: Int
  public let succeeded: Int
  public let failed: Int
  public let cancelled: Int
  public let createdAt: Timestamp
  /// When it was closed and all its jobs had ended.
  public let finishedAt: Timestamp?

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    id = try row.identifier()
    tenant = try row.identifier()
    isOpen = try row.boolean()
    total = Int(try row.integer())
    succeeded = Int(try row.integer())
    failed = Int(try row.integer())
    cancelled = Int(try row.integer())
    createdAt = try row.timestamp()
    finishedAt = try row.optionalTimestamp()
  }
}

extension Ledger {
  /// Opens a batch for jobs to join, or finds the tenant's batch of this idempotency key. `closeBatch` lets it finish.
  public func openBatch(
    _ id: BatchID = BatchID(), tenant: TenantID, idempotencyKey: String? = nil, createdAt: Timestamp = .now
  ) async throws(LedgerError) -> StoredBatch {
    let found = try await perform { session throws(PostgreSQLError) in
      let key = PostgreSQLParameter.text(idempotencyKey)
      return try session.run(
        .idempotent,
        [
          Query.openBatch(.identifier(id), .identifier(tenant), key, .timestamp(createdAt)),
          Query.findBatch(.identifier(id), .identifier(tenant), key),
        ])[1].first { row throws(PostgreSQLError) in try StoredBatch(&row) }
    }
    guard let found else { throw .duplicate("a batch \(id) of another tenant") }
    return found
  }

  /// Lets no more jobs join a batch; it is finished once all it has have ended, perhaps now. Repeating it changes
  /// nothing.
  ///
  /// - Throws: `.notFound`.
  public func closeBatch(_ id: BatchID, tenant: TenantID) async throws(LedgerError) -> StoredBatch {
    let closed = try await perform { session throws(PostgreSQLError) in
      try session.run(
        .idempotent,
        [Query.lockAccounts(.identifiers([tenant])), Query.closeBatch(.identifier(id), .identifier(tenant))]
      )[1].first { row throws(PostgreSQLError) in try StoredBatch(&row) }
    }
    guard let closed else { throw .notFound("batch \(id) of this tenant") }
    return closed
  }

  /// nil where the tenant has no such batch.
  public func batch(_ id: BatchID, tenant: TenantID) async throws(LedgerError) -> StoredBatch? {
    try await read(Query.findBatch(.identifier(id), .identifier(tenant), .text(nil))) { row throws(PostgreSQLError) in
      try StoredBatch(&row)
    }.first
  }

  /// As `jobs(of:like:limit:)`, of batches.
  public func batches(
    of tenant: TenantID, like part: IdentifierPart<BatchTag>, limit: Int
  ) async throws(LedgerError) -> [StoredBatch] {
    let (beginning, end) = (part.beginning, part.end)
    return try await read(
      Query.findAlikeBatches(
        .identifier(tenant), .identifier(beginning?.lowerBound), .identifier(beginning?.upperBound),
        .integer(Int64(bitPattern: end.mask)), .integer(Int64(bitPattern: end.value)),
        .integer(Int64(limits.alikeScanMax)), .integer(page(limit)))
    ) { row throws(PostgreSQLError) in try StoredBatch(&row) }.filter { part.matches($0.id) }
  }
}
