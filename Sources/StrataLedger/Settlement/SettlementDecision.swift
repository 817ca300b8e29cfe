import StrataCore

/// Decides a batch of outcomes from what was read under the accounts' locks, without any I/O.
///
/// The first final outcome of a job finishes it; an attempt is recorded once; whatever comes after changes nothing. So
/// a batch may be repeated, cut and mixed with others in any way, and no job is charged twice.
struct SettlementDecision {
  /// A job and its hold as they are stored.
  struct StoredHold: Hashable, Sendable {
    let tenant: TenantID
    let state: JobState
    let hold: MicroCredits
    let isHoldOpen: Bool
    let tier: TierName
    let price: Price
  }

  struct Attempt: Hashable, Sendable {
    let job: JobID
    let token: FencingToken
  }

  /// A row of `usage`.
  struct UsageRow: Hashable, Sendable {
    let item: SettlementItem
    let tenant: TenantID
    let tier: TierName
    let usage: AttemptUsage
    let cost: MicroEuro
  }

  /// A job to be finished, and how its hold is to be closed.
  struct Closing: Hashable, Sendable {
    let finished: FinishedJob
    let hold: MicroCredits
    /// nil voids the hold.
    let charge: MicroCredits?
    let report: AttemptReport?
  }

  private var jobs: [JobID: StoredHold]
  private var recorded: Set<Attempt>
  private var costs: [JobID: MicroEuro]
  private let rates: [TierName: TierRate]
  private var finished: Set<JobID> = []

  private(set) var verdicts: [SettlementVerdict] = []
  private(set) var usage: [UsageRow] = []
  private(set) var closings: [Closing] = []

  init(
    jobs: [JobID: StoredHold], recorded: [Attempt: MicroEuro], rates: [TierName: TierRate]
  ) {
    self.jobs = jobs
    self.recorded = Set(recorded.keys)
    self.rates = rates
    costs = [:]
    for (attempt, cost) in recorded { costs[attempt.job, default: .zero] += cost }
  }

  var changesNothing: Bool { usage.isEmpty && closings.isEmpty }

  /// - Complexity: O(1) for each outcome.
  mutating func decide(_ items: [SettlementItem]) {
    for item in items { verdicts.append(verdict(on: item)) }
  }

  private mutating func verdict(on item: SettlementItem) -> SettlementVerdict {
    guard let job = jobs[item.job] else { return .unknownJob }
    guard !job.state.isFinal, job.isHoldOpen, !finished.contains(item.job) else { return .alreadySettled }
    // The final outcome of a recorded attempt still finishes the job; only its usage is not recorded again.
    let isRecorded = !recorded.insert(Attempt(job: item.job, token: item.token)).inserted
    let used = Self.measured(item)
    if item.token.rawValue > 0, !isRecorded { record(item, job, used) }
    guard item.isFinal else { return isRecorded ? .alreadySettled : .recorded }
    return .settled(finish(item, job, used))
  }

  private mutating func record(_ item: SettlementItem, _ job: StoredHold, _ used: AttemptUsage) {
    // A worker's tier without a rate counts at the rate of the job's, which admission has made sure of.
    let tier = item.report.map(\.tier).flatMap { rates[$0] == nil ? nil : $0 } ?? job.tier
    let cost = rates[tier]?.cost(of: used) ?? .zero
    usage.append(UsageRow(item: item, tenant: job.tenant, tier: tier, usage: used, cost: cost))
    costs[item.job] = (costs[item.job] ?? .zero).adding(cost)
  }

  private mutating func finish(_ item: SettlementItem, _ job: StoredHold, _ used: AttemptUsage) -> FinishedJob {
    let state = Self.state(after: item.ending)
    let charge = state == .succeeded ? job.price.charge(for: used, hold: job.hold) : nil
    let done = FinishedJob(
      job: item.job, tenant: job.tenant, state: state, charged: charge ?? .zero, cost: costs[item.job] ?? .zero,
      error: state == .succeeded ? nil : item.report?.error ?? Self.error(of: item.ending),
      finishedAt: item.endedAt.storable)
    finished.insert(item.job)
    closings.append(Closing(finished: done, hold: job.hold, charge: charge, report: item.report))
    return done
  }

  // MARK: What an ending means

  private static func state(after ending: AttemptEnding) -> JobState {
    switch ending {
    case .succeeded: .succeeded
    case .failed, .expired: .failed
    // Handed back and not tried again: only because its owner cancelled it.
    case .cancelled, .released: .cancelled
    }
  }

  private static func error(of ending: AttemptEnding) -> AttemptError? {
    switch ending {
    case .failed: AttemptError(code: "failed", message: "the worker gave no reason", isRetryable: true)
    case .expired: AttemptError(code: "worker_lost", message: "the worker was lost", isRetryable: true)
    case .succeeded, .cancelled, .released: nil
    }
  }

  /// The report's measurement, made non-negative; the time between start and end where there is no report.
  private static func measured(_ item: SettlementItem) -> AttemptUsage {
    let span = item.startedAt.map { (item.endedAt - $0).nanoseconds / 1_000 } ?? 0
    let usage = item.report?.usage ?? AttemptUsage(wallMicroseconds: span)
    return AttemptUsage(
      cpuMicroseconds: max(0, usage.cpuMicroseconds), wallMicroseconds: max(0, usage.wallMicroseconds),
      memoryPeakBytes: max(0, usage.memoryPeakBytes))
  }
}
