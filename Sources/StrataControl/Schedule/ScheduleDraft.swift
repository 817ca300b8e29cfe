import StrataArtifacts
public import StrataCore
import StrataLedger
public import StrataScheduling

/// What a client asks of a schedule, before anything of it is checked.
public struct ScheduleDraft: Sendable {
  /// Unique within the tenant.
  public var name: String
  /// See `CronExpression`.
  public var cron: String
  /// An IANA name, such as `Europe/Madrid`, or `UTC`.
  public var timeZone: String
  /// What is submitted each time. It can have no time of its own, and neither wait for others nor join a batch.
  public var job: JobDraft
  public var missed: MissedRunsPolicy
  public var overlap: OverlapPolicy
  public var isPaused: Bool
  /// No run before it; nil for none that bounds it.
  public var startsAt: Timestamp?
  /// No run after it; nil for none that bounds it.
  public var endsAt: Timestamp?
  /// Its runs begin up to so many seconds after their instants: how many is the schedule's own, and always the same.
  public var jitterSeconds: Int64

  public init(
    name: String, cron: String, timeZone: String = "UTC", job: JobDraft, missed: MissedRunsPolicy = .standard,
    overlap: OverlapPolicy = .allow, isPaused: Bool = false, startsAt: Timestamp? = nil, endsAt: Timestamp? = nil,
    jitterSeconds: Int64 = 0
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
}

/// What is to be changed of a schedule; what is nil stays as it is.
public struct ScheduleChange: Sendable {
  public var name: String?
  public var cron: String?
  public var timeZone: String?
  public var job: JobDraft?
  public var missed: MissedRunsPolicy?
  public var overlap: OverlapPolicy?
  public var isPaused: Bool?
  /// `.some(nil)` lifts the bound.
  public var startsAt: Timestamp??
  /// `.some(nil)` lifts the bound.
  public var endsAt: Timestamp??
  public var jitterSeconds: Int64?

  public init() {}

  /// The definition with what is to be changed.
  func applied(to old: ScheduleDefinition) -> ScheduleDefinition {
    ScheduleDefinition(
      name: name ?? old.name, cron: cron ?? old.cron, timeZone: timeZone ?? old.timeZone,
      draftJSON: job?.definitionJSON ?? old.draftJSON, missed: missed ?? old.missed, overlap: overlap ?? old.overlap,
      isPaused: isPaused ?? old.isPaused, startsAt: startsAt ?? old.startsAt, endsAt: endsAt ?? old.endsAt,
      jitterSeconds: jitterSeconds ?? old.jitterSeconds)
  }
}

extension ScheduleDraft {
  /// - Throws: `invalidBody` where the job that is stored is of a kind that this program does not read.
  init(_ stored: ScheduleDefinition) throws(StrataError) {
    self.init(
      name: stored.name, cron: stored.cron, timeZone: stored.timeZone,
      job: try JobDraft(definitionJSON: stored.draftJSON), missed: stored.missed, overlap: stored.overlap,
      isPaused: stored.isPaused, startsAt: stored.startsAt, endsAt: stored.endsAt, jitterSeconds: stored.jitterSeconds)
  }

  var definition: ScheduleDefinition {
    ScheduleDefinition(
      name: name, cron: cron, timeZone: timeZone, draftJSON: job.definitionJSON, missed: missed, overlap: overlap,
      isPaused: isPaused, startsAt: startsAt, endsAt: endsAt, jitterSeconds: jitterSeconds)
  }
}

extension ScheduleDefinition {
  /// A digest of all that it says: equal ones have equal digests.
  var fingerprint: [UInt8] {
    let times = [startsAt, endsAt].map { $0.map { "\($0.nanoseconds)" } ?? "" }
    let policies = [missed.fingerprint, overlap.rawValue, "\(isPaused)", "\(jitterSeconds)"]
    let text = ([name, cron, timeZone, draftJSON] + policies + times).joined(separator: "\n")
    return ArtifactDigest(hashing: Array(text.utf8)).bytes
  }

  /// Whether its instants are others than those of `other`, so that they count from the change on.
  func differsInTime(from other: ScheduleDefinition) -> Bool {
    (cron, timeZone, isPaused, jitterSeconds) != (other.cron, other.timeZone, other.isPaused, other.jitterSeconds)
      || (startsAt, endsAt) != (other.startsAt, other.endsAt)
  }
}

extension MissedRunsPolicy {
  fileprivate var fingerprint: String {
    switch self {
    case .skip(let tolerance): "skip \(tolerance.milliseconds)"
    case .once: "once"
    case .all(let limit): "all \(limit)"
    }
  }
}
