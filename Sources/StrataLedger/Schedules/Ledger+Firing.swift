public import StrataCore

extension Ledger {
  /// Makes the jobs of runs that are due and notes that it has, in one transaction for each `LedgerLimits.batchMax` of
  /// them: whoever falls in between has done nothing or all, and of two who do so at once the second finds it done.
  ///
  /// What cannot be admitted is noted on its schedule and stands in nobody's way; neither does what cannot even be stored.
  ///
  /// - Parameter now: what is noted as the time of all this.
  /// - Returns: a verdict for each, in order.
  public func fire(_ firings: [ScheduleFiring], now: Timestamp) async throws(LedgerError) -> [FiringVerdict] {
    let limits = limits
    return try await perform { session throws(PostgreSQLError) in
      var verdicts: [FiringVerdict] = []
      for batch in FiringTransaction.batches(of: firings, limits) {
        verdicts += try FiringTransaction.fireIsolating(batch, now, session)
      }
      return verdicts
    }
  }
}

/// Carries out what `FiringDecision` decides.
enum FiringTransaction {
  static func batches(of firings: [ScheduleFiring], _ limits: LedgerLimits) -> [[ScheduleFiring]] {
    var (batches, weight): ([[ScheduleFiring]], Int) = ([], 0)
    for firing in firings {
      let added = max(1, firing.runs.count)
      if let last = batches.indices.last, weight + added <= limits.batchMax {
        batches[last].append(firing)
        weight += added
      } else {
        batches.append([firing])
        weight = added
      }
    }
    return batches
  }

  /// As an admission: where something cannot be stored, the batch is halved until it stands alone. It is then noted as
  /// refused, lest it be tried for ever.
  static func fireIsolating(
    _ batch: [ScheduleFiring], _ now: Timestamp, _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> [FiringVerdict] {
    do throws(PostgreSQLError) {
      return try fire(batch, now, session)
    } catch {
      guard error.isDueToValues || error.kind == .server else { throw error }
      guard batch.count > 1 else {
        let refusal = ScheduleRefusal(AdmissionRefusal.invalid(error.message).strataError)
        return try fire([batch[0].refusingAll(refusal)], now, session)
      }
      let middle = batch.count / 2
      return try fireIsolating(Array(batch[..<middle]), now, session)
        + fireIsolating(Array(batch[middle...]), now, session)
    }
  }

  /// Accounts are locked first, then schedules; a change of a schedule locks that one alone.
  private static func fire(
    _ batch: [ScheduleFiring], _ now: Timestamp, _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> [FiringVerdict] {
    try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
      let admission = try AdmissionTransaction.read(batch.flatMap(\.submissions), transaction)
      let rows = try transaction.run(Query.lockSchedules(.identifiers(batch.map(\.schedule))))[0]
      let locked = try rows.map { row throws(PostgreSQLError) in try FiringDecision.Locked(&row) }
      var decision = FiringDecision(admission: admission, locked: locked)
      decision.decide(batch)
      guard !decision.steps.isEmpty else { return decision.verdicts }
      let jobs = decision.admission.acceptances.isEmpty ? [] : AdmissionTransaction.writes(decision.admission)
      _ = try transaction.commit(jobs + [advance(decision.steps, now)])
      return decision.verdicts
    }
  }

  private static func advance(_ steps: [FiringDecision.Step], _ now: Timestamp) -> PostgreSQLCommand {
    let progress = steps.map(\.firing.progress)
    let (runs, skips, refusals) = (steps.map(\.runs), steps.map(\.skips), steps.map(\.refusals))
    return Query.advanceSchedules(
      .identifiers(steps.map(\.firing.schedule)), .timestamps(progress.map(\.decidedAt)),
      .timestamps(progress.map(\.nextAt)), .timestamps(progress.map(\.dueAt)),
      .integers(runs.map { Int64($0.count) }), .integers(skips.map { Int64($0.count) }),
      .integers(refusals.map { Int64($0.count) }), .timestamp(now),
      .timestamps(runs.map(\.last?.instant)), .identifiers(runs.map(\.last?.job)),
      .timestamps(skips.map(\.last?.instant)), .texts(skips.map(\.last?.reason.rawValue)),
      .timestamps(refusals.map(\.last?.instant)), .texts(refusals.map(\.last?.refusal.code)),
      .texts(refusals.map(\.last?.refusal.message)))
  }
}

extension FiringDecision.Locked {
  fileprivate init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    self.init(
      id: try row.identifier(), revision: try row.integer(), decidedAt: try row.timestamp(), overlap: try row.named(),
      isBusy: try row.boolean())
  }
}

extension FiringDecision.Step {
  private var pairs: [(instant: Timestamp, outcome: ScheduleOutcome)] {
    zip(firing.runs.map(\.instant), outcomes).map { ($0, $1) }
  }

  fileprivate var runs: [(instant: Timestamp, job: JobID)] {
    pairs.compactMap { pair in
      if case .made(let job) = pair.outcome { (pair.instant, job.job) } else { nil }
    }
  }

  fileprivate var skips: [(instant: Timestamp, reason: ScheduleSkipReason)] {
    pairs.compactMap { pair in
      if case .skipped(let reason) = pair.outcome { (pair.instant, reason) } else { nil }
    }
  }

  fileprivate var refusals: [(instant: Timestamp, refusal: ScheduleRefusal)] {
    pairs.compactMap { pair in
      if case .refused(let refusal) = pair.outcome { (pair.instant, refusal) } else { nil }
    }
  }
}
