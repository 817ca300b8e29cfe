public import StrataCore

extension Ledger {
  /// Makes a tenant an owner of an artifact that it uploaded. Repeating it changes nothing. What a job leaves behind
  /// becomes its tenant's at settlement.
  public func own(_ digest: ArtifactDigest, sizeBytes: Int64, tenant: TenantID) async throws(LedgerError) {
    _ = try await perform { session throws(PostgreSQLError) in
      try session.run(
        .idempotent,
        [Query.ownArtifacts(.identifiers([tenant]), .byteStrings([digest.bytes]), .integers([sizeBytes]))]
      ).count
    }
  }

  /// The sizes in bytes of those of `digests` that a tenant owns.
  public func owned(
    _ digests: [ArtifactDigest], by tenant: TenantID
  ) async throws(LedgerError) -> [ArtifactDigest: Int64] {
    let found = try await read(
      Query.findOwned(.identifier(tenant), .byteStrings(digests.map(\.bytes)))
    ) { row throws(PostgreSQLError) in
      (try row.required(ArtifactDigest(bytes: row.bytes())), try row.integer())
    }
    return Dictionary(found) { first, _ in first }
  }

  /// The identity of the store in which this database's artifacts lie; nil where none has been claimed, also in a
  /// database that has no tables yet.
  public func artifactStore() async throws(LedgerError) -> String? {
    do throws(LedgerError) {
      return try await read(Query.findArtifactStore()) { row throws(PostgreSQLError) in try row.text() }.first
    } catch .database(let error) where error.state == Self.undefinedTable {
      return nil
    }
  }

  /// Makes a store this database's own, unless it has one.
  ///
  /// - Returns: the identity of the one that it has now.
  public func claimArtifactStore(_ identity: String) async throws(LedgerError) -> String {
    let claimed = try await exchange(Query.claimArtifactStore(.text(identity))) { row throws(PostgreSQLError) in
      try row.text()
    }
    return claimed.first ?? identity
  }

  /// SQLSTATE.
  private static let undefinedTable = "42P01"
}

extension SettlementTransaction {
  /// Makes the tenants owners of what their finished jobs left behind; nil where they left nothing.
  static func ownership(_ closings: [SettlementDecision.Closing]) -> PostgreSQLCommand? {
    let owned = closings.flatMap { closing in
      let left = (closing.report?.results ?? []) + [closing.report?.log].compactMap { $0 }
      return left.map { (tenant: closing.finished.tenant, artifact: $0) }
    }
    guard !owned.isEmpty else { return nil }
    return Query.ownArtifacts(
      .identifiers(owned.map(\.tenant)), .byteStrings(owned.map(\.artifact.digest.bytes)),
      .integers(owned.map(\.artifact.sizeBytes)))
  }
}
