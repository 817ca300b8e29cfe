import StrataCore

extension Ledger {
  /// Prices submissions, takes their holds and stores the jobs: one transaction, two round trips, for each
  /// `LedgerLimits.batchMax` of them, or fewer where they wait for many others.
  ///
  /// - Returns: a verdict for each, in order. `.accepted` and `.existing` are committed.
  /// - Throws: `.unavailable`, `.disconnected`, `.closed`, `.database`. Repeating the call with the same job identifiers
  ///   is harmless, and finds what was committed.
  public func admit(_ submissions: [JobSubmission]) async throws(LedgerError) -> [AdmissionVerdict] {
    let limits = limits
    return try await perform { session throws(PostgreSQLError) in
      var verdicts: [AdmissionVerdict] = []
      for batch in Self.batches(of: submissions, limits) {
        verdicts += try AdmissionTransaction.admitIsolating(batch, session)
      }
      return verdicts
    }
  }

  /// Cuts submissions so that no transaction has too many jobs, nor too many rows of what they wait for.
  package static func batches(of submissions: [JobSubmission], _ limits: LedgerLimits) -> [[JobSubmission]] {
    var (batches, weight): ([[JobSubmission]], Int) = ([], 0)
    for submission in submissions {
      let added = submission.structure.after.count
      if let last = batches.last, last.count < limits.batchMax, weight + added <= limits.dependenciesMax {
        batches[batches.count - 1].append(submission)
        weight += added
      } else {
        batches.append([submission])
        weight = added
      }
    }
    return batches
  }
}

extension Ledger {
  /// What `admit` would answer now. Nothing is stored, so the next call may answer otherwise.
  public func judge(_ submission: JobSubmission) async throws(LedgerError) -> AdmissionVerdict {
    try await perform { session throws(PostgreSQLError) in try AdmissionTransaction.judge(submission, session) }
  }
}

/// Carries out what `AdmissionDecision` decides.
enum AdmissionTransaction {
  /// Admits a batch. Where a value cannot be stored, the batch is halved until the submission it came with stands
  /// alone, so that one client's nonsense refuses nobody else.
  static func admitIsolating(
    _ batch: [JobSubmission], _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> [AdmissionVerdict] {
    do throws(PostgreSQLError) {
      return try admit(batch, session)
    } catch {
      guard error.isDueToValues else { throw error }
      guard batch.count > 1 else { return [.refused(.invalid(error.message))] }
      let middle = batch.count / 2
      return try admitIsolating(Array(batch[..<middle]), session)
        + admitIsolating(Array(batch[middle...]), session)
    }
  }

  static func judge(
    _ submission: JobSubmission, _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> AdmissionVerdict {
    do throws(PostgreSQLError) {
      return try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        var decision = try read([submission], transaction)
        decision.decide([submission])
        return decision.verdicts[0]
      }
    } catch {
      guard error.isDueToValues else { throw error }
      return .refused(.invalid(error.message))
    }
  }

  private static func admit(
    _ batch: [JobSubmission], _ session: PostgreSQLSession
  ) throws(PostgreSQLError) -> [AdmissionVerdict] {
    try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
      var decision = try read(batch, transaction)
      decision.decide(batch)
      if !decision.acceptances.isEmpty { _ = try transaction.commit(writes(decision)) }
      return decision.verdicts
    }
  }

  /// First round trip. The accounts are locked first: what another controller admitted for these tenants is committed
  /// and visible to the queries after it.
  static func read(
    _ batch: [JobSubmission], _ transaction: PostgreSQLTransaction
  ) throws(PostgreSQLError) -> AdmissionDecision {
    let keyed = batch.filter { $0.idempotencyKey != nil }
    let structure = AdmissionStructureQueries(batch)
    let commands = [
      Query.lockAccounts(.identifiers(Array(Set(batch.map(\.tenant))))),
      Query.findSubmitted(
        .identifiers(batch.map(\.job)), .identifiers(keyed.map(\.tenant)), .texts(keyed.map(\.idempotencyKey))),
      Query.currentPrices(.texts(Array(Set(batch.map(\.soldAs))))),
      Query.currentRates(),
    ]
    let rows = try transaction.run(commands + structure.reading)
    let accounts = try rows[0].map { row throws(PostgreSQLError) in
      let (tenant, balance): (TenantID, AccountBalance) = (try row.identifier(), try AccountBalance(&row))
      return (tenant, balance, try row.required(PriorityClass(rawValue: Int(row.integer()))))
    }
    let prices = try rows[2].map { row throws(PostgreSQLError) in try PricedListing(&row) }
    return AdmissionDecision(
      balances: Dictionary(uniqueKeysWithValues: accounts.map { ($0.0, $0.1) }),
      prices: Dictionary(uniqueKeysWithValues: prices.map { ($0.name, $0) }),
      ratedTiers: Set(try rows[3].map { row throws(PostgreSQLError) in try row.named() as TierName }),
      known: try rows[1].map { row throws(PostgreSQLError) in try knownJob(&row) },
      classes: Dictionary(uniqueKeysWithValues: accounts.map { ($0.0, $0.2) }),
      structure: try structure.read(rows.dropFirst(commands.count)))
  }

  private static func knownJob(_ row: inout PostgreSQLRow) throws(PostgreSQLError) -> AdmissionDecision.KnownJob {
    let job: JobID = try row.identifier()
    let tenant: TenantID = try row.identifier()
    let key = row.optionalText()
    let fingerprint = try row.bytes()
    let accepted = AcceptedJob(job: job, state: try row.named(), held: try row.amount(), createdAt: try row.timestamp())
    return AdmissionDecision.KnownJob(
      accepted: accepted, tenant: tenant, idempotencyKey: key, fingerprint: fingerprint)
  }

  /// Second round trip.
  static func writes(_ decision: AdmissionDecision) -> [PostgreSQLCommand] {
    let jobs = decision.acceptances.map(\.submission)
    let moved = decision.held.map { ($0.key, $0.value.micros) }
    let none = [Int64](repeating: 0, count: moved.count)
    return AdmissionStructureQueries.writing(decision) + [
      insertion(jobs, decision.acceptances),
      Query.moveAccounts(
        .identifiers(moved.map(\.0)), .integers(none), .integers(moved.map(\.1)), .integers(none)),
    ]
  }

  private static func insertion(
    _ jobs: [JobSubmission], _ acceptances: [AdmissionDecision.Acceptance]
  ) -> PostgreSQLCommand {
    let orders = jobs.map(\.order)
    return Query.insertJobs(
      .identifiers(jobs.map(\.job)), .identifiers(jobs.map(\.tenant)), .texts(orders.map(\.capability)),
      .integers(orders.map { Int64($0.version) }), .texts(jobs.map(\.soldAs)),
      .integers(acceptances.map { Int64($0.priceVersion) }), .texts(jobs.map(\.tier.rawValue)),
      .integers(jobs.map { Int64($0.priority.rawValue) }), .integers(jobs.map { Int64($0.attemptsMax) }),
      .documents(orders.map(\.parametersJSON)), .documents(orders.map { JSONText.encode($0.inputs) }),
      .integers(orders.map(\.timeoutSeconds)), .integers(orders.map(\.resources.cpuMillicores)),
      .integers(orders.map(\.resources.memoryBytes)), .texts(jobs.map(\.idempotencyKey)),
      .byteStrings(jobs.map(\.fingerprint)), .integers(acceptances.map(\.hold.micros)),
      .timestamps(jobs.map(\.createdAt)), .integers(orders.map(\.resources.gpuThousandths)),
      .documents(orders.map { $0.retry.map { JSONText.encode($0) } }), .timestamps(jobs.map(\.runAt)),
      .texts(acceptances.map(\.state.rawValue)),
      .integers(acceptances.map { Int64($0.waits.count) }),
      .documents(jobs.map { $0.structure.after.isEmpty ? nil : JSONText.encode($0.structure.after) }),
      .texts(jobs.map { $0.structure.after.isEmpty ? nil : $0.structure.dependencyPolicy.rawValue }),
      .identifiers(jobs.map(\.structure.batch)), .texts(jobs.map(\.structure.unique?.key)),
      .integers(jobs.map(\.structure.unique?.seconds)), .identifiers(jobs.map(\.structure.retryOf)),
      .identifiers(jobs.map(\.occurrence?.schedule)), .timestamps(jobs.map(\.occurrence?.instant)),
      .timestamps(jobs.map(\.startBy)), .documents(orders.map { $0.task.map { JSONText.encode($0) } }),
      .documents(orders.map { $0.preemption.map { JSONText.encode($0) } }),
      .documents(orders.map { $0.alternatives.map { JSONText.encode($0) } }), .texts(jobs.map(\.metadata.name)),
      .documents(jobs.map { $0.metadata.labels.isEmpty ? nil : JSONText.encode($0.metadata.labels) }),
      .documents(jobs.map { $0.awaited.map { JSONText.encode($0) } }), .integers(orders.map(\.unitsMax)))
  }
}
