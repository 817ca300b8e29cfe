package import StrataCore

/// Decides a batch of outcomes from what was read under the accounts' locks, without any I/O.
///
/// The first final outcome of a job finishes it; an attempt is recorded once; whatever comes after changes nothing. So
/// a batch may be repeated, cut and mixed with others in any way, and no job is charged twice.
package struct SettlementDecision {
  /// A job and its hold as they are stored.
  package struct StoredHold: Hashable, Sendable {
    package let tenant: TenantID
    package let state: JobState
    package let hold: MicroCredits
    package let tier: TierName
    /// The name it was sold under.
    package let soldAs: String
    package let price: Price
    /// The most units that it is held for.
    package let unitsMax: Int64?
    package let batch: BatchID?
    /// Whether it holds a unique key until its end.
    package let holdsKey: Bool

    package init(
      tenant: TenantID, state: JobState, hold: MicroCredits, tier: TierName, soldAs: String,
      price: Price, unitsMax: Int64? = nil, batch: BatchID? = nil, holdsKey: Bool = false
    ) {
      self.tenant = tenant
      self.state = state
      self.hold = hold
      self.tier = tier
      self.soldAs = soldAs
      self.price = price
      self.unitsMax = unitsMax
      self.batch = batch
      self.holdsKey = holdsKey
    }
  }

  package struct Attempt: Hashable, Sendable {
    package let job: JobID
    package let token: FencingToken

    package init(job: JobID, token: FencingToken) {
      self.job = job
      self.token = token
    }
  }

  /// A row of `usage`.
  package struct UsageRow: Hashable, Sendable {
    package let item: SettlementItem
    package let tenant: TenantID
    package let tier: TierName
    package let usage: AttemptUsage
    package let cost: MicroEuro
    package let error: AttemptError?
  }

  /// A job to be finished, which closes its hold.
  package struct Closing: Hashable, Sendable {
    package let finished: FinishedJob
    package let hold: MicroCredits
    package let report: AttemptReport?
    package let batch: BatchID?
    package let holdsKey: Bool
  }

  /// From how many lost workers on a job is suspected to kill them: as many as the queue grants it.
  package static let workerLossesMax = 3

  private var jobs: [JobID: StoredHold]
  private var recorded: Set<Attempt>
  private var costs: [JobID: MicroEuro]
  /// The attempts of each job that ended with the loss of their worker.
  private var lost: [JobID: Set<FencingToken>] = [:]
  private let rates: [TierName: TierRate]
  private var finished: Set<JobID> = []

  package private(set) var verdicts: [SettlementVerdict] = []
  package private(set) var usage: [UsageRow] = []
  package private(set) var closings: [Closing] = []

  package init(
    jobs: [JobID: StoredHold], recorded: [Attempt: MicroEuro], lost: [Attempt] = [], rates: [TierName: TierRate]
  ) {
    self.jobs = jobs
    self.recorded = Set(recorded.keys)
    self.rates = rates
    costs = [:]
    for attempt in lost { self.lost[attempt.job, default: []].insert(attempt.token) }
    for (attempt, cost) in recorded { costs[attempt.job, default: .zero] += cost }
  }

  package var changesNothing: Bool { usage.isEmpty && closings.isEmpty }

  /// - Complexity: O(1) for each outcome.
  package mutating func decide(_ items: [SettlementItem]) {
    for item in items { verdicts.append(verdict(on: item)) }
  }

  private mutating func verdict(on item: SettlementItem) -> SettlementVerdict {
    guard let job = jobs[item.job] else { return .unknownJob }
    guard !job.state.isFinal, !finished.contains(item.job) else { return late(item) }
    // The final outcome of a recorded attempt still finishes the job; only its usage is not recorded again.
    let isRecorded = !recorded.insert(Attempt(job: item.job, token: item.token)).inserted
    if item.ending == .expired, item.token.rawValue > 0 { lost[item.job, default: []].insert(item.token) }
    let used = Self.measured(item)
    if item.token.rawValue > 0, !isRecorded { record(item, job, used) }
    guard item.isFinal else { return isRecorded ? .alreadySettled : .recorded }
    return .settled(finish(item, job, used))
  }

  /// Says whether an outcome of a finished job was read again or is that of an attempt nobody knew of.
  private func late(_ item: SettlementItem) -> SettlementVerdict {
    let isKnown = item.token.rawValue == 0 || recorded.contains(Attempt(job: item.job, token: item.token))
    return isKnown ? .alreadySettled : .superfluous
  }

  private mutating func record(_ item: SettlementItem, _ job: StoredHold, _ used: AttemptUsage) {
    // A tier without a rate counts at the rate of the job's, which admission has made sure of.
    let tier = item.tier.flatMap { rates[$0] == nil ? nil : $0 } ?? job.tier
    let cost = rates[tier]?.cost(of: used) ?? .zero
    usage.append(
      UsageRow(item: item, tenant: job.tenant, tier: tier, usage: used, cost: cost, error: Self.error(of: item)))
    costs[item.job] = (costs[item.job] ?? .zero).adding(cost)
  }

  private mutating func finish(_ item: SettlementItem, _ job: StoredHold, _ used: AttemptUsage) -> FinishedJob {
    let state = Self.state(after: item.ending)
    // What is held for other things is not to be spent on units.
    var paid = used
    paid.units = min(used.units, job.unitsMax ?? 0)
    let charge = state == .succeeded ? job.price.charge(for: paid, hold: job.hold) : .zero
    let done = FinishedJob(
      job: item.job, tenant: job.tenant, soldAs: job.soldAs, state: state, charged: charge,
      cost: costs[item.job] ?? .zero, error: lastError(of: item), finishedAt: item.endedAt.storable)
    finished.insert(item.job)
    closings.append(
      Closing(
        finished: done, hold: job.hold, report: item.report, batch: job.batch, holdsKey: job.holdsKey))
    return done
  }

  // MARK: What an ending means

  private static func state(after ending: AttemptEnding) -> JobState {
    switch ending {
    case .succeeded: .succeeded
    case .failed, .expired: .failed
    // Handed back and not tried again: only because its owner cancelled it.
    case .cancelled, .released, .preempted: .cancelled
    }
  }

  /// What the worker said, or what stands for its silence; nothing for a success.
  private static func error(of item: SettlementItem) -> AttemptError? {
    switch item.ending {
    case .succeeded: nil
    case _ where item.report?.error != nil: item.report?.error
    case .failed: AttemptError(code: "failed", message: "the worker gave no reason", isRetryable: true)
    case .expired where item.token.rawValue == 0:
      AttemptError(
        code: "not_started_in_time", message: "no attempt had begun by the time by which it had to", isRetryable: true)
    case .expired: AttemptError(code: "worker_lost", message: "the worker was lost", isRetryable: true)
    case .cancelled, .released, .preempted: nil
    }
  }

  /// Why the job failed: what its last attempt says, unless it may be the job that its workers die of.
  private func lastError(of item: SettlementItem) -> AttemptError? {
    let losses = lost[item.job]?.count ?? 0
    guard item.ending == .expired, item.token.rawValue > 0, losses >= Self.workerLossesMax else {
      return Self.error(of: item)
    }
    return AttemptError(
      code: "worker_lost_repeatedly",
      message: "\(losses) workers were lost while they ran it: it may be the job that kills them", isRetryable: false)
  }

  /// The report's measurement, made non-negative; the time between start and end where there is no report.
  private static func measured(_ item: SettlementItem) -> AttemptUsage {
    let span = item.startedAt.map { (item.endedAt - $0).nanoseconds / 1_000 } ?? 0
    let usage = item.report?.usage ?? AttemptUsage(wallMicroseconds: span)
    return AttemptUsage(
      cpuMicroseconds: max(0, usage.cpuMicroseconds), wallMicroseconds: max(0, usage.wallMicroseconds),
      memoryPeakBytes: max(0, usage.memoryPeakBytes), units: max(0, usage.units))
  }
}
