public import StrataCore

/// What is to be made of a schedule's runs that are due.
public struct ScheduleFiring: Hashable, Sendable {
  /// One run: the submission of its job, or why there can be none.
  public struct Run: Hashable, Sendable {
    public let instant: Timestamp
    public let submission: Result<JobSubmission, RunRefused>

    public init(instant: Timestamp, submission: Result<JobSubmission, RunRefused>) {
      self.instant = instant.storable
      self.submission = submission
    }
  }

  /// A run's refusal before anything was asked of the ledger.
  public struct RunRefused: Error, Hashable, Sendable {
    public let refusal: ScheduleRefusal
    public init(_ error: StrataError) { refusal = ScheduleRefusal(error) }
    init(_ refusal: ScheduleRefusal) { self.refusal = refusal }
  }

  public let schedule: ScheduleID
  public let tenant: TenantID
  /// As it was read: where it is another by now, somebody else has decided, and this is left.
  public let revision: Int64
  /// As it was read; likewise.
  public let decidedAt: Timestamp
  /// In order; may be none, where all that was missed is left out.
  public let runs: [Run]
  /// What is decided with them, and what comes next.
  public let progress: ScheduleProgress

  public init(_ schedule: StoredSchedule, runs: [Run], progress: ScheduleProgress) {
    self.init(
      schedule: schedule.id, tenant: schedule.tenant, revision: schedule.revision,
      decidedAt: schedule.progress.decidedAt, runs: runs, progress: progress)
  }

  package init(
    schedule: ScheduleID, tenant: TenantID, revision: Int64, decidedAt: Timestamp, runs: [Run],
    progress: ScheduleProgress
  ) {
    self.schedule = schedule
    self.tenant = tenant
    self.revision = revision
    self.decidedAt = decidedAt
    self.runs = runs
    self.progress = progress
  }

  public var submissions: [JobSubmission] { runs.compactMap { try? $0.submission.get() } }

  /// The same with none of its jobs: they cannot be stored.
  func refusingAll(_ refusal: ScheduleRefusal) -> ScheduleFiring {
    ScheduleFiring(
      schedule: schedule, tenant: tenant, revision: revision, decidedAt: decidedAt,
      runs: runs.map { Run(instant: $0.instant, submission: .failure(RunRefused(refusal))) }, progress: progress)
  }
}

/// What became of a firing.
public enum FiringVerdict: Hashable, Sendable {
  /// It is committed: what became of each run, in order.
  case fired([ScheduleOutcome])
  /// The schedule was changed, deleted or fired by another meanwhile, and nothing was done. Those of its jobs that are
  /// stored all the same were committed by an earlier try of this very call.
  case stale([AcceptedJob])
}

/// What became of a run.
public enum ScheduleOutcome: Hashable, Sendable {
  case made(AcceptedJob)
  case skipped(ScheduleSkipReason)
  case refused(ScheduleRefusal)
}
