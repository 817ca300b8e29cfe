public import StrataCore

/// The body of `POST /v1/schedules`.
public struct ScheduleRequest: Hashable, Codable, Sendable {
  /// What it is known by, unique within the tenant: letters, digits, `.`, `_` and `-`.
  public var name: String
  /// As crontab(5) writes it.
  public var cron: String
  /// An IANA name; `UTC` unless said.
  public var timeZone: String?
  /// What is submitted each time, without a time, jobs to follow or a batch of its own.
  public var job: JobRequest
  /// What becomes of runs that nobody was there for; `once` unless said.
  public var missed: MissedRunsRule?
  /// What becomes of a run while an earlier job of the schedule has not ended; `allow` unless said.
  public var overlap: OverlapPolicy?
  /// Whether it makes no runs until it is resumed.
  public var isPaused: Bool?
  /// No run before it: RFC 3339 with an offset.
  public var startsAt: String?
  /// No run after it: RFC 3339 with an offset.
  public var endsAt: String?
  /// Its runs begin up to so many seconds late; none unless said.
  public var jitterSeconds: Int64?

  public init(
    name: String, cron: String, timeZone: String? = nil, job: JobRequest, missed: MissedRunsRule? = nil,
    overlap: OverlapPolicy? = nil, isPaused: Bool? = nil, startsAt: String? = nil, endsAt: String? = nil,
    jitterSeconds: Int64? = nil
  ) {
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
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, cron, job, missed, overlap
    case timeZone = "time_zone"
    case isPaused = "paused"
    case startsAt = "starts_at"
    case endsAt = "ends_at"
    case jitterSeconds = "jitter_seconds"
  }

  /// As `JobRequest.members`.
  public static var members: [String: [String]] {
    var members = [
      "": CodingKeys.allCases.map(\.rawValue), "missed": MissedRunsRule.CodingKeys.allCases.map(\.rawValue),
    ]
    for (path, names) in JobRequest.members { members[path.isEmpty ? "job" : "job.\(path)"] = names }
    return members
  }
}

/// What becomes of runs that nobody was there for, since no controller ran or the database was away.
public struct MissedRunsRule: Hashable, Codable, Sendable {
  public enum Policy: String, Codable, Sendable, CaseIterable {
    /// They are gone, but for one that is late by no more than the tolerance.
    case skip
    /// The latest of them is made up for.
    case once
    /// Each is made up for, at most the latest so many.
    case all

    /// - Throws: `DecodingError` that names the choices.
    public init(from decoder: any Decoder) throws { self = try .named(by: decoder) }
  }

  public var policy: Policy
  /// For `skip`, which needs it.
  public var toleranceMilliseconds: Int64?
  /// For `all`, which needs it.
  public var limit: Int?

  public init(policy: Policy, toleranceMilliseconds: Int64? = nil, limit: Int? = nil) {
    self.policy = policy
    self.toleranceMilliseconds = toleranceMilliseconds
    self.limit = limit
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case policy, limit
    case toleranceMilliseconds = "tolerance_milliseconds"
  }
}

/// What is to be changed of a schedule: the body of `PATCH /v1/schedules/{name}`. What is nil stays as it is.
public struct SchedulePatch: Hashable, Codable, Sendable {
  public var name: String?
  public var cron: String?
  public var timeZone: String?
  /// Replaces the whole job.
  public var job: JobRequest?
  public var missed: MissedRunsRule?
  public var overlap: OverlapPolicy?
  public var isPaused: Bool?
  /// `.some(nil)`, which is `null`, lifts the bound.
  public var startsAt: String??
  /// `.some(nil)`, which is `null`, lifts the bound.
  public var endsAt: String??
  public var jitterSeconds: Int64?

  public init(isPaused: Bool? = nil) { self.isPaused = isPaused }

  private typealias CodingKeys = ScheduleRequest.CodingKeys

  public static var members: [String: [String]] { ScheduleRequest.members }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    cron = try values.decodeIfPresent(String.self, forKey: .cron)
    timeZone = try values.decodeIfPresent(String.self, forKey: .timeZone)
    job = try values.decodeIfPresent(JobRequest.self, forKey: .job)
    missed = try values.decodeIfPresent(MissedRunsRule.self, forKey: .missed)
    overlap = try values.decodeIfPresent(OverlapPolicy.self, forKey: .overlap)
    isPaused = try values.decodeIfPresent(Bool.self, forKey: .isPaused)
    func bound(_ key: CodingKeys) throws -> String?? {
      values.contains(key) ? .some(try values.decodeIfPresent(String.self, forKey: key)) : nil
    }
    startsAt = try bound(.startsAt)
    endsAt = try bound(.endsAt)
    jitterSeconds = try values.decodeIfPresent(Int64.self, forKey: .jitterSeconds)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(name, forKey: .name)
    try values.encodeIfPresent(cron, forKey: .cron)
    try values.encodeIfPresent(timeZone, forKey: .timeZone)
    try values.encodeIfPresent(job, forKey: .job)
    try values.encodeIfPresent(missed, forKey: .missed)
    try values.encodeIfPresent(overlap, forKey: .overlap)
    try values.encodeIfPresent(isPaused, forKey: .isPaused)
    if let startsAt { try values.encode(startsAt, forKey: .startsAt) }
    if let endsAt { try values.encode(endsAt, forKey: .endsAt) }
    try values.encodeIfPresent(jitterSeconds, forKey: .jitterSeconds)
  }
}
