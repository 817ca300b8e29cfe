public import StrataCore

extension Ledger {
  /// Makes these the prices in force, each by a new version where it differs from the present one. Those not named stay as
  /// they are. Repeating it changes nothing. Arrays that want credits are looked at again where a price changes.
  ///
  /// - Returns: the names that got a new version.
  public func publish(prices: [Capability.Listing]) async throws(LedgerError) -> Set<String> {
    // A name listed twice would get the same version twice: the last one counts.
    let prices = Dictionary(prices.map { ($0.name, $0.price) }) { _, last in last }.sorted { $0.key < $1.key }
    return try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        // A statement of its own: the one after it sees what the publisher before it committed.
        _ = try transaction.run(Query.lockPublishing())
        let rows = try transaction.run(Self.publishing(prices))[0]
        // What arrays wait for is what a task cost before.
        _ = try transaction.commit(rows.count == 0 ? [] : [Query.openPoorArrays(), Query.notifyArrays()])
        return Set(try rows.map { row throws(PostgreSQLError) in try row.text() })
      }
    }
  }

  /// The prices in force.
  public func prices() async throws(LedgerError) -> [PricedListing] {
    try await read(Query.currentPrices(.text(nil))) { row throws(PostgreSQLError) in try PricedListing(&row) }
  }

  /// The rates in force.
  public func rates() async throws(LedgerError) -> [TierRate] {
    try await read(Query.currentRates()) { row throws(PostgreSQLError) in try TierRate(&row) }
  }

  private static func publishing(_ prices: [(key: String, value: Price)]) -> PostgreSQLCommand {
    Query.publishPrices(
      .texts(prices.map(\.key)), .integers(prices.map(\.value.perJob.micros)),
      .integers(prices.map(\.value.perCPUSecond.micros)),
      .integers(prices.map(\.value.perMillionUnits.micros)))
  }
}

extension TierRate {
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    self.init(
      tier: try row.named(), cpuHour: try row.amount(), memoryGibibyteHour: try row.amount(),
      wallHour: try row.amount())
  }
}
