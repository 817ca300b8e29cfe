public import StrataCore

extension Ledger {
  /// Called with jobs just before their release is committed. A transaction that is repeated calls it again: what it was
  /// called with and is not among `Consequences.released` may have been released all the same.
  public typealias ReleaseHook = @Sendable ([JobID]) -> Void

  /// Ended jobs looked at in one step.
  static let resolutionsMax: Int64 = 100

  /// Takes one step in telling jobs that those have ended that they wait for, where that was too much for the
  /// transaction that ended them: at most `LedgerLimits.dependenciesMax` rows. Repeat it until it answers nil. Several
  /// may do so at once.
  ///
  /// - Returns: nil where nothing is left to tell.
  /// - Throws: `.unavailable`, `.disconnected`, `.closed`, `.database`.
  public func resolve(releasing: @escaping ReleaseHook = { _ in }) async throws(LedgerError) -> Consequences? {
    let ended: [JobID] = try await read(
      Query.findResolutions(.integer(Self.resolutionsMax))
    ) { row throws(PostgreSQLError) in try row.identifier() }
    guard !ended.isEmpty else { return nil }
    let limit = limits.dependenciesMax
    return try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        try ResolutionTransaction.step(ended, limit: limit, transaction, releasing)
      }
    }
  }
}

/// Carries out what `DependencyDecision` decides of jobs that have ended before.
private enum ResolutionTransaction {
  static func step(
    _ ended: [JobID], limit: Int, _ transaction: PostgreSQLTransaction, _ releasing: Ledger.ReleaseHook
  ) throws(PostgreSQLError) -> Consequences {
    let jobs = PostgreSQLParameter.identifiers(ended)
    let rows = try transaction.run(Query.lockAccountsOfJobs(jobs), DependencyWrites.reading(ended, limit: limit))
    let (edges, _) = try DependencyWrites.edges(rows[1], limit: limit)
    var decision = DependencyDecision()
    decision.decide(DependencyDecision.step(edges))
    try decision.take { (sources) throws(PostgreSQLError) in try left(by: sources, transaction) }
    releasing(decision.released)
    let writes = EndingWrites(dependants: decision, closings: [])
    let answers = try transaction.commit(
      writes.commands + [
        Query.clearResolutions(jobs), Query.noteResolutions(.identifiers(decision.closings.map(\.finished.job))),
      ])
    var consequences = try writes.consequences(answers)
    consequences.isIncomplete = true
    return consequences
  }

  private static func left(
    by sources: Set<JobID>, _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> [JobID: [LeftBehind]] {
    // One more than are taken, to know whether there are more.
    let found = Query.findResults(.identifiers(sources.sorted()), .integer(Int64(AwaitedInputs.sourcesMax) + 1))
    let rows = try transaction.run(found)[0].map { row throws(PostgreSQLError) in
      let (source, task): (JobID, Int64?) = (try row.identifier(), try row.optionalInteger())
      return (
        source, LeftBehind(task: task.map(Int.init), state: try row.named(), results: try row.optionalDocument() ?? [])
      )
    }
    return Dictionary(grouping: rows, by: \.0).mapValues { $0.map(\.1) }
  }
}
