public import StrataCore

/// A schedule as `GET /v1/schedules/{name}` shows it. Times are RFC 3339 in UTC, but for `local`.
public struct ScheduleView: Hashable, Codable, Sendable {
  public var id: ScheduleID
  public var name: String
  public var cron: String
  public var timeZone: String
  /// What is submitted each time; absent where another version of Strata wrote what this one cannot read.
  public var job: JobRequest?
  public var missed: MissedRunsRule
  public var overlap: OverlapPolicy
  public var isPaused: Bool
  public var startsAt: String?
  public var endsAt: String?
  public var jitterSeconds: Int64
  public var createdAt: String
  public var changedAt: String
  /// When the next job is made; absent while it is paused, and where there is none.
  public var nextAt: String?
  /// The next runs; empty where there is none.
  public var times: [ScheduleTimeView]
  /// How many jobs it has made.
  public var runs: Int64
  /// How many runs were left out, since an earlier job had not ended or the job's unique key was held.
  public var skips: Int64
  /// How many runs could not be admitted.
  public var refusals: Int64
  public var lastRun: Run?
  public var lastSkip: Skip?
  public var lastRefusal: Refusal?
  /// How the newest of its jobs ended that has ended and was not cancelled.
  public var lastEnd: End?
  /// How many of its jobs have failed since one succeeded, 20 at most; what was cancelled counts neither way.
  public var failuresInARow: Int
  /// The most that each of its jobs may be charged, in the answer that made it or changed its job.
  public var chargeMaxMicrocredits: Int64?
  /// What its owner should know of its job, in the same answers; absent where there is nothing.
  public var warnings: [SubmissionWarningView]?

  public init(
    id: ScheduleID, name: String, cron: String, timeZone: String, job: JobRequest?, missed: MissedRunsRule,
    overlap: OverlapPolicy, isPaused: Bool, startsAt: String?, endsAt: String?, jitterSeconds: Int64, createdAt: String,
    changedAt: String, nextAt: String?, times: [ScheduleTimeView], runs: Int64, skips: Int64, refusals: Int64,
    lastRun: Run?, lastSkip: Skip?, lastRefusal: Refusal?, chargeMaxMicrocredits: Int64?,
    warnings: [SubmissionWarningView]? = nil, lastEnd: End? = nil, failuresInARow: Int = 0
  ) {
    self.id = id
    self.lastEnd = lastEnd
    self.failuresInARow = failuresInARow
    self.name = name
    self.cron = cron
    self.timeZone = timeZone
    self.job = job
    self.missed = missed
    self.overlap = overlap
    self.isPaused = isPaused
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.jitterSeconds = jitterSeconds
    self.createdAt = createdAt
    self.changedAt = changedAt
    self.nextAt = nextAt
    self.times = times
    self.runs = runs
    self.skips = skips
    self.refusals = refusals
    self.lastRun = lastRun
    self.lastSkip = lastSkip
    self.lastRefusal = lastRefusal
    self.chargeMaxMicrocredits = chargeMaxMicrocredits
    self.warnings = warnings
  }

  /// A run whose job was made.
  public struct Run: Hashable, Codable, Sendable {
    /// The instant of the schedule.
    public var instant: String
    /// When the job was made.
    public var at: String
    public var job: JobID

    public init(instant: String, at: String, job: JobID) {
      self.instant = instant
      self.at = at
      self.job = job
    }
  }

  /// How a job of it ended.
  public struct End: Hashable, Codable, Sendable {
    public var job: JobID
    public var state: JobState
    public var at: String
    /// Absent where it succeeded.
    public var error: AttemptError?

    public init(job: JobID, state: JobState, at: String, error: AttemptError?) {
      self.job = job
      self.state = state
      self.at = at
      self.error = error
    }
  }

  /// A run that was left out.
  public struct Skip: Hashable, Codable, Sendable {
    public var instant: String
    public var at: String
    /// `overlap` or `unique_key`.
    public var reason: String

    public init(instant: String, at: String, reason: String) {
      self.instant = instant
      self.at = at
      self.reason = reason
    }
  }

  /// A run that could not be admitted, with the error that a submission would have had.
  public struct Refusal: Hashable, Codable, Sendable {
    public var instant: String
    public var at: String
    public var code: String
    public var detail: String

    public init(instant: String, at: String, code: String, detail: String) {
      self.instant = instant
      self.at = at
      self.code = code
      self.detail = detail
    }
  }

  enum CodingKeys: String, CodingKey {
    case id, name, cron, job, missed, overlap, times, runs, skips, refusals, warnings
    case timeZone = "time_zone"
    case isPaused = "paused"
    case startsAt = "starts_at"
    case endsAt = "ends_at"
    case jitterSeconds = "jitter_seconds"
    case createdAt = "created_at"
    case changedAt = "changed_at"
    case nextAt = "next_at"
    case lastRun = "last_run"
    case lastSkip = "last_skip"
    case lastRefusal = "last_refusal"
    case lastEnd = "last_end"
    case failuresInARow = "failures_in_a_row"
    case chargeMaxMicrocredits = "charge_max_microcredits"
  }
}

/// A time at which a schedule runs.
public struct ScheduleTimeView: Hashable, Codable, Sendable {
  /// The instant that the run stands for.
  public var instant: String
  /// When its job is made: the instant, but for the schedule's share of its jitter.
  public var at: String
  /// The instant on the clocks of the schedule's zone, with their offset.
  public var local: String

  public init(instant: String, at: String, local: String) {
    self.instant = instant
    self.at = at
    self.local = local
  }
}

/// The answer to a schedule that would be taken: 200 of `POST /v1/schedules:check`.
public struct ScheduleCheckView: Hashable, Codable, Sendable {
  public var times: [ScheduleTimeView]
  /// The most that each of its jobs may be charged; absent where a job holds their unique key now.
  public var chargeMaxMicrocredits: Int64?
  public var warnings: [SubmissionWarningView]?

  public init(
    times: [ScheduleTimeView], chargeMaxMicrocredits: Int64?, warnings: [SubmissionWarningView]? = nil
  ) {
    self.times = times
    self.chargeMaxMicrocredits = chargeMaxMicrocredits
    self.warnings = warnings
  }

  enum CodingKeys: String, CodingKey {
    case times, warnings
    case chargeMaxMicrocredits = "charge_max_microcredits"
  }
}

/// The run of a schedule that a job is.
public struct ScheduledRunView: Hashable, Codable, Sendable {
  public var id: ScheduleID
  /// Absent once the schedule is deleted.
  public var name: String?
  /// The instant of the schedule; absent for a job that was asked for beside them.
  public var instant: String?

  public init(id: ScheduleID, name: String?, instant: String?) {
    self.id = id
    self.name = name
    self.instant = instant
  }
}
