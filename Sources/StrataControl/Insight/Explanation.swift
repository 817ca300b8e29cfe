public import StrataCore

/// What holds a job, as far as it is known.
public struct Explanation: Hashable, Sendable {
  public struct Reason: Hashable, Sendable {
    public let code: Code
    /// One sentence without a full stop.
    public let message: String
    /// How many run, or go first; nil where it is not a matter of numbers.
    public var count: Int?
    /// The most that may run.
    public var limit: Int?
    /// When it is over.
    public var until: Timestamp?
    /// Which jobs it waits for, at most `jobsMax` of `count`.
    public var jobs: [JobID]

    /// Jobs that one reason lists.
    public static let jobsMax = 100

    public init(
      _ code: Code, _ message: String, count: Int? = nil, limit: Int? = nil, until: Timestamp? = nil,
      jobs: [JobID] = []
    ) {
      self.code = code
      self.message = message
      self.count = count
      self.limit = limit
      self.until = until
      self.jobs = jobs
    }
  }

  /// Stable names.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    case finished, running, blocked, scheduled
    /// It runs, and its owner has asked for its end.
    case cancelling
    /// It waits to be tried again.
    case retrying
    case tenantPaused = "tenant_paused"
    case tenantLimit = "tenant_limit"
    case capabilityPaused = "capability_paused"
    case capabilityLimit = "capability_limit"
    case tierPaused = "tier_paused"
    case tierLimit = "tier_limit"
    /// Only so many jobs may start in a time: of its tenant, its capability or its tier.
    case rateLimit = "rate_limit"
    case noWorker = "no_worker"
    /// It may run in another way too, and this holds it up there.
    case alternative
    case dedicatedWorkers = "dedicated_workers"
    /// A worker is large enough, and none has so much free now.
    case noRoom = "no_room"
    /// Jobs of higher classes go first.
    case higherClasses = "higher_classes"
    /// Jobs of its own tenant go first.
    case ownJobs = "own_jobs"
    /// Tenants take turns.
    case turns
    /// Jobs of higher classes needed its room.
    case preempted
    /// It goes next when a worker has room for it.
    case next
    /// It is accepted, and not in the queue yet.
    case notEnqueued = "not_enqueued"
    case queueAway = "queue_away"
    /// So many tasks of an array are made at a time.
    case arrayWindow = "array_window"
    /// So many tasks of an array may run at once, by its own limit.
    case arrayLimit = "array_limit"
    /// There are not the credits for another task of an array.
    case noCredits = "no_credits"
    /// No tasks of an array are made, for a reason that a submission would be refused with.
    case notMade = "not_made"
  }

  public let job: JobID
  public let state: JobState
  /// What holds it now, the weightiest first; never empty.
  public let reasons: [Reason]
  /// What may hold it too and cannot be told, one sentence each.
  public let unknown: [String]
  /// When it will start; nil of a job that does not wait in the queue.
  public var start: StartOutlook?
}
