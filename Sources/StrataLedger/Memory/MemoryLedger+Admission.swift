import StrataCore

extension MemoryLedger {
  public func admit(_ submissions: [JobSubmission]) async throws(LedgerError) -> [AdmissionVerdict] {
    Ledger.batches(of: submissions, limits).flatMap(admitTogether)
  }

  private func admitTogether(_ batch: [JobSubmission]) -> [AdmissionVerdict] {
    var decision = AdmissionDecision(
      balances: accounts, prices: prices, ratedTiers: Set(rates.keys), known: known(batch), structure: structure(batch))
    decision.decide(batch)
    for acceptance in decision.acceptances { store(acceptance) }
    for (tenant, held) in decision.held { accounts[tenant]?.held += held }
    untold.formUnion(decision.untold.filter { dependants[$0] != nil })
    return decision.verdicts
  }

  /// Those that were stored before, by their identifiers and by their keys.
  private func known(_ batch: [JobSubmission]) -> [AdmissionDecision.KnownJob] {
    let named = batch.map(\.job)
    let keyed = batch.compactMap { submission in
      submission.idempotencyKey.flatMap { keys[AdmissionStructure.TenantKey(tenant: submission.tenant, key: $0)] }
    }
    return Set(named + keyed).compactMap { jobs[$0] }.map { kept in
      AdmissionDecision.KnownJob(
        accepted: AcceptedJob(
          job: kept.submission.job, state: kept.state, held: kept.hold, createdAt: kept.submission.createdAt.storable),
        tenant: kept.submission.tenant, idempotencyKey: kept.submission.idempotencyKey,
        fingerprint: kept.submission.fingerprint)
    }
  }

  private func structure(_ batch: [JobSubmission]) -> AdmissionStructure {
    var structure = AdmissionStructure()
    for job in batch.flatMap(\.structure.after) {
      guard let kept = jobs[job] else { continue }
      structure.dependencies[job] = AdmissionStructure.Dependency(tenant: kept.submission.tenant, state: kept.state)
    }
    return structure
  }

  private func store(_ acceptance: AdmissionDecision.Acceptance) {
    let submission = acceptance.submission
    guard let price = prices[submission.soldAs] else { return }
    jobs[submission.job] = KeptJob(
      submission: submission, price: price, hold: acceptance.hold, state: acceptance.state,
      blockers: acceptance.waits.count)
    open.insert(submission.job, at: open.firstPlace { $0 > submission.job })
    if let key = submission.idempotencyKey {
      keys[AdmissionStructure.TenantKey(tenant: submission.tenant, key: key)] = submission.job
    }
    for needed in acceptance.waits { dependants[needed, default: []].insert(submission.job) }
  }
}

extension Array {
  /// The place of the first element of which it is true, where those of which it is not all lie before.
  ///
  /// - Complexity: O(log n).
  func firstPlace(where isTrue: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if isTrue(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
