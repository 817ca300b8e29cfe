public import StrataCore

extension MemoryLedger {
  /// A job as it is stored.
  public struct Record: Hashable, Sendable {
    public let job: JobID
    public let tenant: TenantID
    public let state: JobState
    public let attemptsMax: Int
    public let charged: MicroCredits?
    public let cost: MicroEuro?
    public let errorCode: String?
    /// In the order in which they were recorded.
    public let attempts: [Attempt]
  }

  /// An ended attempt as it is stored.
  public struct Attempt: Hashable, Sendable {
    public let token: FencingToken
    public let worker: WorkerID?
    public let ending: AttemptEnding
    public let cost: MicroEuro

    public init(token: FencingToken, worker: WorkerID?, ending: AttemptEnding, cost: MicroEuro) {
      (self.token, self.worker, self.ending, self.cost) = (token, worker, ending, cost)
    }
  }

  /// All jobs, in order.
  public var records: [Record] {
    jobs.values.map(record).sorted { $0.job < $1.job }
  }

  /// A tenant's account now; nil where there is none.
  public func balance(of tenant: TenantID) -> AccountBalance? { accounts[tenant] }

  private func record(_ kept: KeptJob) -> Record {
    Record(
      job: kept.submission.job, tenant: kept.submission.tenant, state: kept.state,
      attemptsMax: kept.submission.attemptsMax, charged: kept.ended?.charged, cost: kept.ended?.cost,
      errorCode: kept.ended?.error?.code,
      attempts: (attempts[kept.submission.job] ?? []).map {
        Attempt(token: $0.item.token, worker: $0.item.worker, ending: $0.item.ending, cost: $0.cost)
      })
  }

  /// What breaks the ledger's invariants, as `verify.sql` finds it, one sentence each; for what the model knows.
  ///
  /// - Complexity: O(everything).
  public func breaches() -> [String] { accountBreaches() + jobs.values.flatMap(breaches) + dependencyBreaches() }

  private func accountBreaches() -> [String] {
    var (posted, held): ([TenantID: MicroCredits], [TenantID: MicroCredits]) = ([:], [:])
    for charge in charges { posted[charge.tenant, default: .zero] += charge.amount }
    for kept in jobs.values where kept.ended == nil { held[kept.submission.tenant, default: .zero] += kept.hold }
    var breaches = accounts.flatMap { tenant, balance -> [String] in
      var found: [String] = []
      if balance.posted != posted[tenant] ?? .zero { found.append("account_posted: \(tenant)") }
      if balance.held != held[tenant] ?? .zero { found.append("account_held: \(tenant)") }
      if balance.posted + balance.held > balance.limit { found.append("account_over_limit: \(tenant)") }
      return found
    }
    if Set(charges.map(\.job)).count < charges.count { breaches.append("charged twice") }
    if charges.reduce(.zero, { $0 + $1.amount }) != revenue { breaches.append("account_posted: the house") }
    return breaches
  }

  private func breaches(_ kept: KeptJob) -> [String] {
    let job = kept.submission.job
    var found: [String] = []
    if let ended = kept.ended {
      let charge = charges.filter { $0.job == job }.reduce(MicroCredits.zero) { $0 + $1.amount }
      if ended.charged > kept.hold { found.append("charge_over_hold: \(job)") }
      if ended.charged != charge { found.append("charge_not_posted: \(job)") }
      if ended.charged > .zero, ended.state != .succeeded { found.append("charge_without_success: \(job)") }
      let cost = (attempts[job] ?? []).reduce(MicroEuro.zero) { $0 + $1.cost }
      if ended.cost != cost { found.append("cost_of_job: \(job)") }
    }
    let tokens = (attempts[job] ?? []).map(\.item.token)
    if Set(tokens).count < tokens.count { found.append("attempt recorded twice: \(job)") }
    return found
  }

  private func dependencyBreaches() -> [String] {
    var blockers: [JobID: Int] = [:]
    for waiting in dependants.values { for job in waiting { blockers[job, default: 0] += 1 } }
    let miscounted = jobs.values.filter { $0.state == .blocked && $0.blockers != blockers[$0.submission.job] ?? 0 }
    let forgotten = dependants.keys.filter { jobs[$0]?.ended != nil && !untold.contains($0) }
    return miscounted.map { "blockers_of_job: \($0.submission.job)" } + forgotten.map { "dependant_forgotten: \($0)" }
  }
}
