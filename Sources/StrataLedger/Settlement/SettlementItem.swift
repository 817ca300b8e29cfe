public import StrataCore

/// The end of an attempt, or of a job that never ran, as the queue tells it.
public struct SettlementItem: Hashable, Sendable {
  public var job: JobID
  /// Zero for a job that was cancelled before it ran.
  public var token: FencingToken
  public var worker: WorkerID?
  /// Where the attempt ran; nil for a job that never ran, and where that is not known: it counts as the job's own.
  public var tier: TierName?
  public var ending: AttemptEnding
  /// The class of the job that it was preempted for; nil for one that was not.
  public var preemptor: PriorityClass?
  /// Whether the job is finished; else it is tried again.
  public var isFinal: Bool
  public var startedAt: Timestamp?
  public var endedAt: Timestamp
  /// What the worker said; nil for a lost worker or a job that never ran.
  public var report: AttemptReport?

  public init(
    job: JobID, token: FencingToken, worker: WorkerID? = nil, tier: TierName? = nil, ending: AttemptEnding,
    preemptor: PriorityClass? = nil, isFinal: Bool, startedAt: Timestamp? = nil, endedAt: Timestamp,
    report: AttemptReport? = nil
  ) {
    self.job = job
    self.token = token
    self.worker = worker
    self.tier = tier
    self.ending = ending
    self.preemptor = preemptor
    self.isFinal = isFinal
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.report = report
  }
}

/// What became of an outcome. `.settled`, `.recorded`, `.alreadySettled` and `.superfluous` leave
/// nothing to do.
public enum SettlementVerdict: Hashable, Sendable {
  /// The job is finished now: its hold is closed, its charge posted.
  case settled(FinishedJob)
  /// The attempt's usage is recorded; the job goes on.
  case recorded
  /// The attempt or its job was settled before; nothing was changed.
  case alreadySettled
  /// Another attempt of a job that had been finished without it: it ran for nothing; nothing was changed.
  case superfluous
  /// The ledger does not know the job; nothing was changed.
  case unknownJob
  /// The database refuses it, even without what the worker wrote; nothing was changed, and a person must look. The
  /// rest of the batch is settled.
  case refused(String)
}

/// A job that has just been finished.
public struct FinishedJob: Hashable, Sendable {
  public let job: JobID
  public let tenant: TenantID
  /// The name it was sold under.
  public let soldAs: String
  /// `.succeeded`, `.failed` or `.cancelled`.
  public let state: JobState
  public let charged: MicroCredits
  /// What all its attempts cost us.
  public let cost: MicroEuro
  public let error: AttemptError?
  public let finishedAt: Timestamp

  public init(
    job: JobID, tenant: TenantID, soldAs: String, state: JobState, charged: MicroCredits, cost: MicroEuro,
    error: AttemptError?,
    finishedAt: Timestamp
  ) {
    self.job = job
    self.tenant = tenant
    self.soldAs = soldAs
    self.state = state
    self.charged = charged
    self.cost = cost
    self.error = error
    self.finishedAt = finishedAt
  }
}
