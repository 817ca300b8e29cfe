import StrataCore

extension MemoryLedger {
  public func settle(
    _ outcomes: [SettlementItem], releasing: @escaping Ledger.ReleaseHook
  ) async throws(LedgerError) -> Settlement {
    var settlement = Settlement()
    for start in stride(from: 0, to: outcomes.count, by: limits.batchMax) {
      settlement.add(settleTogether(Array(outcomes[start..<min(start + limits.batchMax, outcomes.count)]), releasing))
    }
    return settlement
  }

  private func settleTogether(_ batch: [SettlementItem], _ releasing: Ledger.ReleaseHook) -> Settlement {
    var decision = decision(on: batch)
    decision.decide(batch)
    var settlement = Settlement()
    settlement.verdicts = decision.verdicts
    let ended = decision.closings.map(\.finished)
    let (edges, areThereMore) = edges(from: Set(batch.filter(\.isFinal).map(\.job)))
    var told = DependencyDecision(
      ended: Dictionary(ended.map { ($0.job, $0.state) }) { first, _ in first }, now: clock.now)
    // As in the database: who works on results of those that end here is told next.
    let isAwaiting = edges.contains { $0.dependant.awaited != nil }
    told.decide(edges.filter { $0.dependant.awaited == nil })
    guard !decision.changesNothing || !told.changesNothing else { return settlement }
    releasing(told.released)
    for row in decision.usage { record(row) }
    settlement.consequences = write(told, decision.closings)
    settlement.consequences.isIncomplete = areThereMore || isAwaiting || !told.closings.isEmpty
    if settlement.consequences.isIncomplete { noteUntold((decision.closings + told.closings).map(\.finished.job)) }
    return settlement
  }

  private func decision(on batch: [SettlementItem]) -> SettlementDecision {
    var holds: [JobID: SettlementDecision.StoredHold] = [:]
    var (recorded, lost): ([SettlementDecision.Attempt: MicroEuro], [SettlementDecision.Attempt]) = ([:], [])
    for job in Set(batch.map(\.job)) {
      guard let kept = jobs[job] else { continue }
      holds[job] = SettlementDecision.StoredHold(
        tenant: kept.submission.tenant, state: kept.state, hold: kept.hold,
        tier: kept.submission.tier, soldAs: kept.submission.soldAs, price: kept.price.price,
        unitsMax: kept.submission.order.unitsMax)
      for row in attempts[job] ?? [] {
        let attempt = SettlementDecision.Attempt(job: job, token: row.item.token)
        recorded[attempt] = row.cost
        if row.item.ending == .expired { lost.append(attempt) }
      }
    }
    return SettlementDecision(jobs: holds, recorded: recorded, lost: lost, rates: rates)
  }

  private func record(_ row: SettlementDecision.UsageRow) {
    attempts[row.item.job, default: []].append(row)
    largest = max(largest, row.item.token)
  }

  public func resolve(releasing: @escaping Ledger.ReleaseHook) async throws(LedgerError) -> Consequences? {
    let ended = untold.sorted().prefix(Int(Ledger.resolutionsMax))
    guard !ended.isEmpty else { return nil }
    let (edges, _) = edges(from: Set(ended))
    var told = DependencyDecision(now: clock.now)
    told.decide(DependencyDecision.step(edges))
    told.take { sources in Dictionary(uniqueKeysWithValues: sources.map { ($0, left(by: $0)) }) }
    releasing(told.released)
    var consequences = write(told, [])
    for job in ended where dependants[job] == nil { untold.remove(job) }
    noteUntold(told.closings.map(\.finished.job))
    consequences.isIncomplete = true
    return consequences
  }

  private func left(by source: JobID) -> [LeftBehind] {
    jobs[source].map { [LeftBehind(state: $0.state, results: $0.results)] } ?? []
  }

  /// Up to so many rows of those who wait for `jobs`, and whether there are more.
  private func edges(from jobs: Set<JobID>) -> (edges: [DependencyDecision.Edge], areThereMore: Bool) {
    var edges: [DependencyDecision.Edge] = []
    for needed in jobs.sorted() {
      for waiting in (dependants[needed] ?? []).sorted() {
        guard edges.count < limits.dependenciesMax else { return (edges, true) }
        guard let state = self.jobs[needed]?.state, let kept = self.jobs[waiting] else { continue }
        edges.append(DependencyDecision.Edge(needs: needed, stateOfNeeds: state, dependant: kept.dependant))
      }
    }
    return (edges, false)
  }

  /// Of ended jobs those for which others still wait.
  private func noteUntold(_ ended: [JobID]) { untold.formUnion(ended.filter { dependants[$0] != nil }) }

  // MARK: Writing

  private func write(_ told: DependencyDecision, _ closings: [SettlementDecision.Closing]) -> Consequences {
    for edge in told.told {
      dependants[edge.needs]?.remove(edge.dependant.job)
      if dependants[edge.needs]?.isEmpty == true { dependants[edge.needs] = nil }
    }
    for waiting in told.stillBlocked { jobs[waiting.job]?.blockers = waiting.blockers }
    for job in told.released {
      jobs[job]?.state = .queued
      jobs[job]?.blockers = 0
      guard let inputs = told.inputs[job] else { continue }
      jobs[job]?.submission.order.inputs = inputs
      jobs[job]?.submission.awaited = nil
    }
    for closing in closings + told.closings { close(closing) }
    var consequences = Consequences()
    consequences.released = told.released.compactMap { jobs[$0].map { unfinished($0) } }
    consequences.ended = told.closings.map(\.finished)
    return consequences
  }

  private func close(_ closing: SettlementDecision.Closing) {
    let done = closing.finished
    jobs[done.job]?.state = done.state
    jobs[done.job]?.blockers = 0
    jobs[done.job]?.ended = done
    jobs[done.job]?.results = closing.report?.results ?? []
    let place = open.firstPlace { $0 >= done.job }
    if open.indices.contains(place), open[place] == done.job { open.remove(at: place) }
    accounts[done.tenant]?.held -= closing.hold
    accounts[done.tenant]?.posted += done.charged
    guard done.charged > .zero else { return }
    revenue += done.charged
    charges.append(Charge(job: done.job, tenant: done.tenant, amount: done.charged))
  }
}

extension MemoryLedger.KeptJob {
  fileprivate var dependant: DependencyDecision.Dependant {
    DependencyDecision.Dependant(
      job: submission.job, tenant: submission.tenant, state: state, blockers: blockers,
      policy: submission.structure.dependencyPolicy, hold: hold, soldAs: submission.soldAs,
      isCancelRequested: isCancelRequested, awaited: submission.awaited.map { ($0, amid: submission.order.inputs) })
  }
}
