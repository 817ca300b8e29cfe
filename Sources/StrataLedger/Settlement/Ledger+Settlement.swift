public import StrataCore

extension Ledger {
  /// Records ended attempts, finishes jobs, and tells those that waited for them: one transaction, two round trips, for
  /// each `LedgerLimits.batchMax` of them. Exact under repetition and in any order: an attempt is recorded once, a job
  /// charged at most once, one that waited released once.
  ///
  /// - Parameter releasing: see `ReleaseHook`.
  /// - Returns: a verdict for each, in order, and what followed; all are committed. Who waited for a job that very many
  ///   wait for is told in steps: see `Consequences.isIncomplete`.
  /// - Throws: `.unavailable`, `.disconnected`, `.closed`, `.database`. Repeat the call until it succeeds.
  public func settle(
    _ outcomes: [SettlementItem], releasing: @escaping ReleaseHook = { _ in }
  ) async throws(LedgerError) -> Settlement {
    let limits = limits
    return try await perform { session throws(PostgreSQLError) in
      var settlement = Settlement()
      let work = SettlementTransaction(session: session, dependenciesMax: limits.dependenciesMax, releasing: releasing)
      for start in stride(from: 0, to: outcomes.count, by: limits.batchMax) {
        let batch = Array(outcomes[start..<min(start + limits.batchMax, outcomes.count)])
        settlement.add(try work.settleIsolating(batch))
      }
      return settlement
    }
  }
}

/// Carries out what `SettlementDecision` and `DependencyDecision` decide.
struct SettlementTransaction {
  let session: PostgreSQLSession
  /// Rows of what jobs wait for that one transaction resolves.
  let dependenciesMax: Int
  let releasing: Ledger.ReleaseHook

  /// Settles a batch. Where a value cannot be stored, the batch is halved until the outcome it came with stands alone;
  /// that one is settled without what the worker wrote, since a job must end and its hold must close.
  func settleIsolating(_ batch: [SettlementItem]) throws(PostgreSQLError) -> Settlement {
    do throws(PostgreSQLError) {
      return try settle(batch)
    } catch {
      guard error.isDueToValues else { throw error }
      if batch.count == 1 { return try settleAlone(batch[0], error) }
      let middle = batch.count / 2
      var settlement = try settleIsolating(Array(batch[..<middle]))
      settlement.add(try settleIsolating(Array(batch[middle...])))
      return settlement
    }
  }

  private func settleAlone(_ item: SettlementItem, _ refusal: PostgreSQLError) throws(PostgreSQLError) -> Settlement {
    var item = item
    item.report?.summaryJSON = #"{"summary_lost":\#(JSONText.encode(refusal.message))}"#
    do throws(PostgreSQLError) {
      return try settle([item])
    } catch {
      guard error.isDueToValues else { throw error }
      var refused = Settlement()
      refused.verdicts = [.refused(error.description)]
      return refused
    }
  }

  private func settle(_ batch: [SettlementItem]) throws(PostgreSQLError) -> Settlement {
    try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in try settle(batch, transaction) }
  }

  private func settle(
    _ batch: [SettlementItem], _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> Settlement {
    var (decision, edges, areThereMore) = try read(batch, transaction)
    decision.decide(batch)
    var settlement = Settlement()
    settlement.verdicts = decision.verdicts
    let ended = decision.closings.map(\.finished)
    var dependants = DependencyDecision(
      ended: Dictionary(ended.map { ($0.job, $0.state) }) { first, _ in first }, now: .now)
    // Who works on results of those that end here is told next, when they are stored.
    let isAwaiting = edges.contains { $0.dependant.awaited != nil }
    dependants.decide(edges.filter { $0.dependant.awaited == nil })
    guard !decision.changesNothing || !dependants.changesNothing else { return settlement }
    releasing(dependants.released)
    let writes = EndingWrites(dependants: dependants, closings: decision.closings)
    var commands = writes.commands
    if !decision.usage.isEmpty { commands.insert(Self.usage(decision.usage), at: commands.startIndex) }
    // Who waits for those that end by the way is told next.
    let isIncomplete = areThereMore || isAwaiting || !dependants.closings.isEmpty
    if isIncomplete {
      let all = (decision.closings + dependants.closings).map(\.finished.job)
      commands.append(Query.noteResolutions(.identifiers(all)))
    }
    let answers = try transaction.commit(commands)
    settlement.consequences = try writes.consequences(Array(answers.dropFirst(decision.usage.isEmpty ? 0 : 1)))
    settlement.consequences.isIncomplete = settlement.consequences.isIncomplete || isIncomplete
    return settlement
  }

  /// First round trip. Everything that changes a job's state holds its tenant's account locked, so what is read after
  /// the lock stays true until the commit.
  private func read(
    _ batch: [SettlementItem], _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> (SettlementDecision, edges: [DependencyDecision.Edge], areThereMore: Bool) {
    let jobs = PostgreSQLParameter.identifiers(Array(Set(batch.map(\.job))))
    let ending = Array(Set(batch.filter(\.isFinal).map(\.job)))
    let rows = try transaction.run(
      Query.lockAccountsOfJobs(jobs), Query.findSettling(jobs), Query.findUsage(jobs), Query.currentRates(),
      DependencyWrites.reading(ending, limit: dependenciesMax))
    let attempts = try rows[2].map { row throws(PostgreSQLError) in
      let job: JobID = try row.identifier()
      let token = FencingToken(rawValue: UInt64(bitPattern: try row.integer()))
      let cost: MicroEuro = try row.amount()
      return (SettlementDecision.Attempt(job: job, token: token), (cost, try row.boolean()))
    }
    let rates = try rows[3].map { row throws(PostgreSQLError) in try TierRate(&row) }
    let decision = SettlementDecision(
      jobs: Dictionary(uniqueKeysWithValues: try rows[1].map(Self.storedHold)),
      recorded: Dictionary(uniqueKeysWithValues: attempts.map { ($0.0, $0.1.0) }),
      lost: attempts.filter { $0.1.1 }.map(\.0),
      rates: Dictionary(uniqueKeysWithValues: rates.map { ($0.tier, $0) }))
    let (edges, areThereMore) = try DependencyWrites.edges(rows[4], limit: dependenciesMax)
    return (decision, edges, areThereMore)
  }

  private static func storedHold(
    _ row: inout PostgreSQLRow
  ) throws(PostgreSQLError) -> (JobID, SettlementDecision.StoredHold) {
    let job: JobID = try row.identifier()
    let hold = SettlementDecision.StoredHold(
      tenant: try row.identifier(), state: try row.named(), hold: try row.amount(),
      tier: try row.named(), soldAs: try row.text(),
      price: Price(
        perJob: try row.amount(), perCPUSecond: try row.amount(), perMillionUnits: try row.amount()),
      unitsMax: try row.optionalInteger(), batch: try row.optionalIdentifier(), holdsKey: try row.boolean())
    return (job, hold)
  }
}
