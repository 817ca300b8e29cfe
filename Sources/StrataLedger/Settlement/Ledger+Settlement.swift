import StrataCore

extension Ledger {
  /// Records ended attempts and finishes jobs: one transaction, two round trips, for each `LedgerLimits.batchMax` of
  /// them. Exact under repetition and in any order: an attempt is recorded once, a job charged at most once.
  ///
  /// - Returns: a verdict for each, in order; all are committed.
  /// - Throws: `.unavailable`, `.disconnected`, `.closed`, `.database`. Repeat the call until it succeeds.
  public func settle(_ outcomes: [SettlementItem]) async throws(LedgerError) -> [SettlementVerdict] {
    let batchMax = limits.batchMax
    return try await perform { session throws(PostgreSQLError) in
      var verdicts: [SettlementVerdict] = []
      for start in stride(from: 0, to: outcomes.count, by: batchMax) {
        let batch = Array(outcomes[start..<min(start + batchMax, outcomes.count)])
        verdicts += try SettlementTransaction.settleIsolating(batch, session)
      }
      return verdicts
    }
  }
}

/// Carries out what `SettlementDecision` decides.
enum SettlementTransaction {
  /// Settles a batch. Where a value cannot be stored, the batch is halved until the outcome it came with stands alone;
  /// that one is settled without what the worker wrote, since a job must end and its hold must close.
  static func settleIsolating(
    _ batch: [SettlementItem], _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> [SettlementVerdict] {
    do throws(PostgreSQLError) {
      return try settle(batch, session)
    } catch {
      guard error.isDueToValues else { throw error }
      if batch.count == 1 { return [try settleAlone(batch[0], error, session)] }
      let middle = batch.count / 2
      return try settleIsolating(Array(batch[..<middle]), session)
        + settleIsolating(Array(batch[middle...]), session)
    }
  }

  private static func settleAlone(
    _ item: SettlementItem, _ refusal: PostgreSQLError, _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> SettlementVerdict {
    var item = item
    item.report?.summaryJSON = #"{"summary_lost":\#(JSONText.encode(refusal.message))}"#
    do throws(PostgreSQLError) {
      return try settle([item], session)[0]
    } catch {
      guard error.isDueToValues else { throw error }
      return .refused(error.description)
    }
  }

  private static func settle(
    _ batch: [SettlementItem], _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> [SettlementVerdict] {
    try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
      var decision = try read(batch, transaction)
      decision.decide(batch)
      if !decision.changesNothing { _ = try transaction.commit(writes(decision)) }
      return decision.verdicts
    }
  }

  /// First round trip. Everything that changes a job's state holds its tenant's account locked, so what is read after
  /// the lock stays true until the commit.
  private static func read(
    _ batch: [SettlementItem], _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> SettlementDecision {
    let jobs = PostgreSQLParameter.identifiers(Array(Set(batch.map(\.job))))
    let rows = try transaction.run(
      Query.lockAccountsOfJobs(jobs), Query.findSettling(jobs), Query.findUsage(jobs), Query.currentRates())
    let attempts = try rows[2].map { row throws(PostgreSQLError) in
      let job: JobID = try row.identifier()
      let token = FencingToken(rawValue: UInt64(bitPattern: try row.integer()))
      let cost: MicroEuro = try row.amount()
      return (SettlementDecision.Attempt(job: job, token: token), (cost, try row.boolean()))
    }
    let rates = try rows[3].map { row throws(PostgreSQLError) in try TierRate(&row) }
    return SettlementDecision(
      jobs: Dictionary(uniqueKeysWithValues: try rows[1].map(storedHold)),
      recorded: Dictionary(uniqueKeysWithValues: attempts.map { ($0.0, $0.1.0) }),
      lost: attempts.filter { $0.1.1 }.map(\.0),
      rates: Dictionary(uniqueKeysWithValues: rates.map { ($0.tier, $0) }))
  }

  private static func storedHold(
    _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) -> (JobID, SettlementDecision.StoredHold) {
    let job: JobID = try row.identifier()
    let hold = SettlementDecision.StoredHold(
      tenant: try row.identifier(), state: try row.named(), hold: try row.amount(), isHoldOpen: try row.boolean(),
      tier: try row.named(), soldAs: try row.text(),
      price: Price(perJob: try row.amount(), perCPUSecond: try row.amount()))
    return (job, hold)
  }
}
