public import StrataCore

/// The body of `POST /v1/jobs:batch`.
public struct BatchRequest: Hashable, Codable, Sendable {
  /// At most 1,000.
  public var jobs: [JobRequest]
  /// An open batch that they join; a new one unless said.
  public var batch: BatchID?
  /// Whether more jobs may join it afterwards; not, unless said: then it is finished once all have ended.
  public var keepOpen: Bool?

  public init(jobs: [JobRequest], batch: BatchID? = nil, keepOpen: Bool? = nil) {
    self.jobs = jobs
    self.batch = batch
    self.keepOpen = keepOpen
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case jobs, batch
    case keepOpen = "keep_open"
  }

  /// As `JobRequest.members`.
  public static var members: [String: [String]] {
    var members = ["": CodingKeys.allCases.map(\.rawValue)]
    for (path, names) in JobRequest.members { members[path.isEmpty ? "jobs[]" : "jobs[].\(path)"] = names }
    return members
  }
}

/// What became of one of many jobs: the job, or why not.
public struct JobVerdict: Hashable, Codable, Sendable {
  public let job: JobAccepted?
  public let error: Refusal?
  /// Of a retry: the job that is done again.
  public let retryOf: JobID?

  public init(job: JobAccepted? = nil, error: Refusal? = nil, retryOf: JobID? = nil) {
    self.job = job
    self.error = error
    self.retryOf = retryOf
  }

  /// As the problem document of a single submission would say it.
  public struct Refusal: Hashable, Codable, Sendable {
    public let status: Int
    public let code: String
    public let detail: String

    public init(status: Int, code: String, detail: String) {
      self.status = status
      self.code = code
      self.detail = detail
    }
  }

  enum CodingKeys: String, CodingKey {
    case job, error
    case retryOf = "retry_of"
  }
}

/// The answer to `POST /v1/jobs:batch`: 202, with a verdict for each job, in order.
public struct BatchAccepted: Hashable, Codable, Sendable {
  public let batch: BatchView
  public let items: [JobVerdict]

  public init(batch: BatchView, items: [JobVerdict]) {
    self.batch = batch
    self.items = items
  }
}

/// A batch as `GET /v1/batches/{id}` shows it.
public struct BatchView: Hashable, Codable, Sendable {
  public let id: BatchID
  /// Whether jobs may still join it.
  public let open: Bool
  public let total: Int
  public let succeeded: Int
  public let failed: Int
  public let cancelled: Int
  /// Those that have not ended, whether or not they have begun.
  public let running: Int
  public let createdAt: String
  /// When it was closed and all its jobs had ended.
  public let finishedAt: String?

  public init(
    id: BatchID, open: Bool, total: Int, succeeded: Int, failed: Int, cancelled: Int, createdAt: String,
    finishedAt: String?
  ) {
    self.id = id
    self.open = open
    self.total = total
    self.succeeded = succeeded
    self.failed = failed
    self.cancelled = cancelled
    running = total - succeeded - failed - cancelled
    self.createdAt = createdAt
    self.finishedAt = finishedAt
  }

  enum CodingKeys: String, CodingKey {
    case id, open, total, succeeded, failed, cancelled, running
    case createdAt = "created_at"
    case finishedAt = "finished_at"
  }
}

/// The body of `POST /v1/jobs/{id}/retry`; it may be left out.
public struct RetryRequest: Hashable, Codable, Sendable {
  /// Refuse the job if it could cost more than this, in millionths of a credit.
  public var maxMicrocredits: Int64?
  /// The most units of its capability's meter to hold credits for; as many as before unless said.
  public var unitsMax: Int64?

  public init(maxMicrocredits: Int64? = nil, unitsMax: Int64? = nil) {
    (self.maxMicrocredits, self.unitsMax) = (maxMicrocredits, unitsMax)
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case maxMicrocredits = "max_microcredits"
    case unitsMax = "units_max"
  }

  public static var members: [String: [String]] { ["": CodingKeys.allCases.map(\.rawValue)] }
}

/// The body of `POST /v1/arrays/{id}/retry`; it may be left out.
public struct ArrayRetryRequest: Hashable, Codable, Sendable {
  /// The most units of its capability's meter to hold credits for, for each task; as the array was submitted unless said.
  public var unitsMax: Int64?

  public init(unitsMax: Int64? = nil) { self.unitsMax = unitsMax }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case unitsMax = "units_max"
  }

  public static var members: [String: [String]] { ["": CodingKeys.allCases.map(\.rawValue)] }
}

/// The body of `POST /v1/jobs:retry` and of `POST /v1/jobs:cancel`: which jobs to do again, or to cancel.
public struct BulkJobRequest: Hashable, Codable, Sendable {
  /// Of a retry `failed` unless said, or `cancelled`; of a cancellation some of `blocked`, `scheduled`, `queued` and
  /// `running`, with commas between, all of them unless said.
  public var state: String?
  /// The name they were submitted under; any unless said.
  public var capability: String?
  /// What their owner called them, where it ends in `*` the beginning of that; any unless said.
  public var name: String?
  /// Those that have all of these; any unless said.
  public var labels: [String: String]?
  /// The tier they were submitted for; any unless said.
  public var tier: String?
  /// Any unless said.
  public var batch: BatchID?
  /// Those that this schedule made: its name or its identifier; any unless said.
  public var schedule: String?
  /// Accepted then or later, as RFC 3339 with an offset; any unless said.
  public var since: String?
  /// Accepted before, likewise.
  public var until: String?
  /// Their error's code; any unless said.
  public var code: String?
  /// At most this many, of a retry the oldest first, of a cancellation the newest: 1 to 1,000, 100 unless said.
  public var limit: Int?
  /// The `next_cursor` of an earlier answer, to go on with.
  public var cursor: JobID?
  /// Of a cancellation: all that have not ended are meant, where nothing else says which.
  public var all: Bool?
  /// Only say which; false unless said.
  public var dryRun: Bool?

  public init(
    state: String? = nil, capability: String? = nil, name: String? = nil, labels: [String: String]? = nil,
    tier: String? = nil, batch: BatchID? = nil, schedule: String? = nil, since: String? = nil, until: String? = nil,
    code: String? = nil,
    limit: Int? = nil, cursor: JobID? = nil, all: Bool? = nil,
    dryRun: Bool? = nil
  ) {
    self.state = state
    self.capability = capability
    self.name = name
    self.labels = labels
    self.tier = tier
    self.batch = batch
    self.schedule = schedule
    self.since = since
    self.until = until
    self.code = code
    self.limit = limit
    self.cursor = cursor
    self.all = all
    self.dryRun = dryRun
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case state, capability, name, labels, tier, batch, schedule, since, until, code, limit, cursor, all
    case dryRun = "dry_run"
  }

  public static var members: [String: [String]] { ["": CodingKeys.allCases.map(\.rawValue)] }
}

extension BulkJobRequest {
  /// Whether anything says which jobs are meant.
  public var isNarrowed: Bool {
    state != nil || capability != nil || name != nil || labels?.isEmpty == false || tier != nil || batch != nil
      || schedule != nil || since != nil || until != nil || code != nil
  }
}

/// The answer to `POST /v1/jobs:retry`: a verdict for each job, without job and error where it was only asked which.
public struct BulkRetryAnswer: Hashable, Codable, Sendable {
  public let items: [JobVerdict]
  /// The jobs that would be done again, in the order of `items`, where it was only asked which.
  public let jobs: [JobView]?
  /// Pass it as `cursor` to go on; absent where there are no more.
  public let nextCursor: JobID?

  public init(items: [JobVerdict], jobs: [JobView]? = nil, nextCursor: JobID? = nil) {
    self.items = items
    self.jobs = jobs
    self.nextCursor = nextCursor
  }

  enum CodingKeys: String, CodingKey {
    case items, jobs
    case nextCursor = "next_cursor"
  }
}
