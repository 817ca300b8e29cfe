public import StrataCore
public import StrataScheduling

/// What the owner of a schedule wants: what to submit, and when.
public struct ScheduleDefinition: Hashable, Sendable {
  /// Unique within the tenant.
  public var name: String
  /// As it was written; see `CronExpression`.
  public var cron: String
  /// An IANA name.
  public var timeZone: String
  /// The job as JSON text, which is kept as it is and not read here.
  public var draftJSON: String
  public var missed: MissedRunsPolicy
  public var overlap: OverlapPolicy
  public var isPaused: Bool
  public var startsAt: Timestamp?
  public var endsAt: Timestamp?
  /// Its runs begin up to so many seconds after their instants.
  public var jitterSeconds: Int64

  public init(
    name: String, cron: String, timeZone: String, draftJSON: String, missed: MissedRunsPolicy = .standard,
    overlap: OverlapPolicy = .allow, isPaused: Bool = false, startsAt: Timestamp? = nil, endsAt: Timestamp? = nil,
    jitterSeconds: Int64 = 0
  ) {
    self.name = name
    self.cron = cron
    self.timeZone = timeZone
    self.draftJSON = draftJSON
    self.missed = missed
    self.overlap = overlap
    self.isPaused = isPaused
    self.startsAt = startsAt?.storable
    self.endsAt = endsAt?.storable
    self.jitterSeconds = jitterSeconds
  }
}

/// How far a schedule has come: what is decided, and what comes next.
public struct ScheduleProgress: Hashable, Sendable {
  /// Every instant up to it has its job, or was decided to have none.
  public var decidedAt: Timestamp
  /// The next instant; nil where there is none, and while it is paused.
  public var nextAt: Timestamp?
  /// When the job of that instant is to be made.
  public var dueAt: Timestamp?

  public init(decidedAt: Timestamp, nextAt: Timestamp?, dueAt: Timestamp?) {
    self.decidedAt = decidedAt.storable
    self.nextAt = nextAt?.storable
    self.dueAt = dueAt?.storable
  }
}

extension ScheduleDefinition {
  /// From the columns name … jitter_seconds.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    name = try row.text()
    cron = try row.text()
    timeZone = try row.text()
    draftJSON = try row.text()
    missed = try MissedRunsPolicy(&row)
    overlap = try row.named()
    isPaused = try row.boolean()
    startsAt = try row.optionalTimestamp()
    endsAt = try row.optionalTimestamp()
    jitterSeconds = try row.integer()
  }

  /// In the order of the columns.
  var parameters: [PostgreSQLParameter] {
    let (policy, tolerance, limit) = missed.columns
    return [
      .text(name), .text(cron), .text(timeZone), .text(draftJSON), .text(policy), .integer(tolerance), .integer(limit),
      .text(overlap.rawValue), .boolean(isPaused), .timestamp(startsAt), .timestamp(endsAt), .integer(jitterSeconds),
    ]
  }
}

extension ScheduleProgress {
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    self.init(
      decidedAt: try row.timestamp(), nextAt: try row.optionalTimestamp(), dueAt: try row.optionalTimestamp())
  }

  var parameters: [PostgreSQLParameter] { [.timestamp(decidedAt), .timestamp(nextAt), .timestamp(dueAt)] }
}

extension MissedRunsPolicy {
  /// From the columns missed, missed_tolerance_milliseconds, missed_limit.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let (policy, tolerance, limit) = (try row.text(), try row.optionalInteger(), try row.optionalInteger())
    switch (policy, tolerance, limit) {
    case ("skip", let tolerance?, _): self = .skip(tolerance: .milliseconds(tolerance))
    case ("all", _, let limit?): self = .all(limit: Int(limit))
    default: self = .once
    }
  }

  fileprivate var columns: (policy: String, tolerance: Int64?, limit: Int64?) {
    switch self {
    case .skip(let tolerance): ("skip", tolerance.milliseconds, nil)
    case .once: ("once", nil, nil)
    case .all(let limit): ("all", nil, Int64(limit))
    }
  }
}
