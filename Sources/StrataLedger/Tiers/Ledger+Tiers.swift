public import StrataCore

extension Ledger {
  /// The tiers that are known, by name.
  ///
  /// - Parameter memory: how long the size of a worker counts after it was seen.
  public func tiers(seenWithin memory: Duration) async throws(LedgerError) -> [StoredTier] {
    try await perform { session throws(PostgreSQLError) in
      let rows = try session.run(
        .idempotent, [Query.listTierWorkers(.integer(memory.milliseconds)), Query.listTiers()])
      let seen = try rows[0].map { row throws(PostgreSQLError) in
        (try row.named() as TierName, StoredTier.Seen(size: try row.size(), age: .milliseconds(try row.integer())))
      }
      let sizes = Dictionary(grouping: seen, by: \.0)
      return try rows[1].map { row throws(PostgreSQLError) in
        let (name, declared): (TierName, ResourceRequest?) = (try row.named(), try row.optionalSize())
        let rate = TierRate(
          tier: name, cpuHour: try row.amount(), memoryGibibyteHour: try row.amount(), wallHour: try row.amount())
        return StoredTier(declared: declared, seen: sizes[name, default: []].map(\.1), rate: rate)
      }
    }
  }

  /// Makes tiers known whose workers are there, and keeps the sizes of those: of each tier the `LedgerLimits.offersMax`
  /// that were seen last. A tier without rates gets them in the same transaction, so that nothing can run that cannot be
  /// costed. Repeating it changes nothing but the time.
  ///
  /// - Parameter rates: those of tiers that have none; a tier that is not among them gets the standard ones. Tiers are
  ///   made known by their rates, too.
  /// - Returns: the tiers that had no rates.
  @discardableResult
  public func note(_ sightings: [TierSighting], rates: [TierRate] = []) async throws(LedgerError) -> Set<TierName> {
    let said = Dictionary(rates.map { ($0.tier, $0) }) { _, last in last }
    let names = Set(sightings.map(\.tier)).union(said.keys).sorted { $0.rawValue < $1.rawValue }
    guard !names.isEmpty else { return [] }
    let (tiers, most) = (PostgreSQLParameter.texts(names.map(\.rawValue)), Int64(limits.offersMax))
    let first = names.map { said[$0] ?? .standard($0) }
    return try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        // A statement of its own: the ones after it see what whoever came before committed.
        _ = try transaction.run(Query.lockPublishing())
        let rows = try transaction.commit(
          Self.rating(first), Query.insertTiers(tiers), Self.noting(sightings),
          Query.trimTierWorkers(tiers, .integer(most)))
        return Set(try rows[0].map { row throws(PostgreSQLError) in try row.named() })
      }
    }
  }

  /// Changes a tier; makes it where it is not known. Repeating it changes nothing.
  ///
  /// - Parameter change: amounts are within what the tables take: a size of more than nothing, rates of 0 or more.
  public func change(_ change: TierChange, ofTier tier: TierName) async throws(LedgerError) {
    let size = change.declared?.size
    try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        _ = try transaction.run(Query.lockPublishing())
        _ = try transaction.commit(
          Self.rating([.standard(tier)]),
          Query.changeTier(
            .text(tier.rawValue), .boolean(change.declared != nil), .integer(size?.cpuMillicores),
            .integer(size?.memoryBytes), .integer(size?.gpuThousandths)),
          Query.changeRates(
            .text(tier.rawValue), .integer(change.cpuHour?.micros), .integer(change.memoryGibibyteHour?.micros),
            .integer(change.wallHour?.micros)))
      }
    }
  }

  /// Forgets a tier, its declared size and the sizes seen. Its rates are kept, and are in force again when it comes back.
  ///
  /// - Returns: how many unfinished jobs of it there are: unless there are none, nothing was done.
  /// - Throws: `.notFound`.
  public func forget(tier: TierName) async throws(LedgerError) -> Int {
    let found = try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        _ = try transaction.run(Query.lockPublishing())
        return try transaction.commit(Query.deleteTier(.text(tier.rawValue)))[0].map { row throws(PostgreSQLError) in
          (wasKnown: try row.boolean(), jobs: Int(try row.integer()))
        }
      }
    }
    guard let one = found.first, one.wasKnown else { throw .notFound("tier '\(tier)'") }
    return one.jobs
  }

  private static func rating(_ rates: [TierRate]) -> PostgreSQLCommand {
    Query.rateTiers(
      .texts(rates.map(\.tier.rawValue)), .integers(rates.map(\.cpuHour.micros)),
      .integers(rates.map(\.memoryGibibyteHour.micros)), .integers(rates.map(\.wallHour.micros)))
  }

  private static func noting(_ sightings: [TierSighting]) -> PostgreSQLCommand {
    Query.noteTierWorkers(
      .texts(sightings.map(\.tier.rawValue)), .integers(sightings.map(\.size.cpuMillicores)),
      .integers(sightings.map(\.size.memoryBytes)), .integers(sightings.map(\.size.gpuThousandths)))
  }
}

extension PostgreSQLRow {
  /// From the columns cpu_millicores, memory_bytes, gpu_thousandths.
  fileprivate mutating func size() throws(PostgreSQLError) -> ResourceRequest { try required(optionalSize()) }

  /// Nil where all of them are null.
  fileprivate mutating func optionalSize() throws(PostgreSQLError) -> ResourceRequest? {
    let amounts = [try optionalInteger(), try optionalInteger(), try optionalInteger()].compactMap(\.self)
    if amounts.isEmpty { return nil }
    return try required(
      amounts.count == 3
        ? ResourceRequest(cpuMillicores: amounts[0], memoryBytes: amounts[1], gpuThousandths: amounts[2]) : nil)
  }
}

extension TierChange.DeclaredSize {
  fileprivate var size: ResourceRequest? { if case .size(let size) = self { size } else { nil } }
}
