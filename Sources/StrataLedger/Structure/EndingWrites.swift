import StrataCore

/// The second round trip of whatever ends jobs: those that waited for them are told, their batches count them, their
/// keys are free, their holds are closed.
struct EndingWrites {
  let dependants: DependencyDecision
  /// Those that were decided beside the dependants' own.
  let closings: [SettlementDecision.Closing]

  private var all: [SettlementDecision.Closing] { closings + dependants.closings }
  private var release: PostgreSQLCommand? { DependencyWrites.release(dependants) }

  /// What has answers comes first; the house's account, which every settlement needs, is touched last and so locked
  /// shortest.
  var commands: [PostgreSQLCommand] {
    [release, batches, arrays, keys].compactMap(\.self) + DependencyWrites.telling(dependants)
      + SettlementTransaction.endings(all)
  }

  /// - Parameter answers: those of `commands`, perhaps with others behind them.
  func consequences(_ answers: [PostgreSQLRows]) throws(PostgreSQLError) -> Consequences {
    var consequences = Consequences()
    var answers = answers[...]
    if release != nil, let rows = answers.popFirst() {
      consequences.released = try rows.map { row throws(PostgreSQLError) in try UnfinishedJob(&row) }
    }
    if batches != nil, let rows = answers.popFirst() {
      let counted = try rows.map { row throws(PostgreSQLError) in try StoredBatch(&row) }
      consequences.finishedBatches = counted.filter { $0.finishedAt != nil }
      // Jobs that wait for an array are told by the next step.
      if let noted = answers.popFirst(), noted.count > 0 { consequences.isIncomplete = true }
    }
    consequences.ended = dependants.closings.map(\.finished)
    return consequences
  }

  private var arrays: PostgreSQLCommand? {
    let ended = Set(all.compactMap(\.batch))
    return ended.isEmpty ? nil : Query.noteArrayEnds(.identifiers(Array(ended)))
  }

  private var batches: PostgreSQLCommand? {
    let ends = Dictionary(grouping: all.filter { $0.batch != nil }, by: \.batch)
    guard !ends.isEmpty else { return nil }
    let counts = Array(ends)
    func column(_ count: ([SettlementDecision.Closing]) -> Int64) -> PostgreSQLParameter {
      .integers(counts.map { count($0.value) })
    }
    func column(_ state: JobState) -> PostgreSQLParameter {
      column { ended in Int64(ended.count { $0.finished.state == state }) }
    }
    return Query.countBatches(
      .identifiers(counts.map(\.key)), column(.succeeded), column(.failed), column(.cancelled),
      column { $0.reduce(0) { $0 + $1.finished.charged.micros } }, column { $0.reduce(0) { $0 + $1.hold.micros } })
  }

  private var keys: PostgreSQLCommand? {
    let holders = all.filter(\.holdsKey).map(\.finished.job)
    return holders.isEmpty ? nil : Query.freeKeys(.identifiers(holders))
  }
}
