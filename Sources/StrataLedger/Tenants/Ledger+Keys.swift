public import StrataCore

extension Ledger {
  /// Makes a key. Its secret is returned once; the database keeps a digest.
  public func createKey(
    tenant: TenantID, name: String, id: KeyID = KeyID()
  ) async throws(LedgerError) -> NewAPIKey {
    let secret = Self.newSecret()
    let shown = String(secret.prefix(limits.keyPrefixLength))
    guard try await self.tenant(tenant) != nil else { throw .notFound("tenant \(tenant)") }
    let key = try await perform { session throws(PostgreSQLError) in
      try session.run(
        .once,
        [
          Query.insertKey(
            .identifier(id), .identifier(tenant), .text(name), .bytes(Array(secret.utf8)), .text(shown))
        ]
      )[0].first { row throws(PostgreSQLError) in try APIKey(&row) }
    }
    guard let key else { throw .notFound("key \(id)") }
    return NewAPIKey(key: key, secret: secret)
  }

  /// Whom a secret stands for; nil where it is unknown or revoked. The database compares digests, so what the
  /// comparison's timing tells is of no use.
  public func authenticate(_ secret: String) async throws(LedgerError) -> Principal? {
    try await read(Query.authenticate(.bytes(Array(secret.utf8)))) { row throws(PostgreSQLError) in
      try Principal(&row)
    }.first
  }

  /// Makes a key useless from now on. Revoking it again changes nothing.
  ///
  /// - Parameter evenLast: whether it may be the tenant's last valid one.
  /// - Returns: the key as it is now.
  /// - Throws: `.notFound` where the tenant has no such key, `.lastKey`.
  @discardableResult
  public func revokeKey(
    _ key: KeyID, tenant: TenantID, evenLast: Bool = false
  ) async throws(LedgerError) -> APIKey {
    let found = try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        // First, so that of two that revoke the last two keys the second one sees what the first one did.
        _ = try transaction.run(Query.lockTenant(.identifier(tenant)))
        let rows = try transaction.commit(
          Query.revokeKey(.identifier(key), .identifier(tenant), .boolean(evenLast)))
        return try rows[0].first { row throws(PostgreSQLError) in try APIKey(&row) }
      }
    }
    guard let found else { throw .notFound("key \(key) of this tenant") }
    guard found.revokedAt != nil else { throw .lastKey(found.name) }
    return found
  }

  /// A tenant's keys, oldest first, revoked ones too.
  public func keys(of tenant: TenantID) async throws(LedgerError) -> [APIKey] {
    try await read(Query.listKeys(.identifier(tenant))) { row throws(PostgreSQLError) in try APIKey(&row) }
  }

  /// `sk_` and 256 bits of the system's randomness, in hexadecimal.
  private static func newSecret() -> String {
    var random = SystemRandomNumberGenerator()
    let words = (0..<4).map { _ in
      let digits = String(random.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    return "sk_" + words.joined()
  }
}
