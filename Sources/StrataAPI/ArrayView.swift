public import StrataCore

/// What makes a submission an array: one of `tasks` and `range`.
public struct ArrayRequest: Hashable, Codable, Sendable {
  /// How many tasks; their indexes go from 0.
  public var tasks: Int?
  /// Their indexes, such as `0-99`, `1,3,10-20` or `0-999:10`.
  public var range: String?
  /// How many of them may run at once; any number unless said.
  public var maxRunning: Int?

  public init(tasks: Int? = nil, range: String? = nil, maxRunning: Int? = nil) {
    self.tasks = tasks
    self.range = range
    self.maxRunning = maxRunning
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case tasks, range
    case maxRunning = "max_running"
  }
}

/// An array as `GET /v1/arrays/{id}` shows it.
public struct ArrayView: Hashable, Codable, Sendable {
  public let id: ArrayID
  /// `queued`, `running`, `held` (there is room for more tasks, and something is in the way), or as its tasks have ended:
  /// `succeeded`, `failed` (one at least), `cancelled` (none failed, one at least was).
  public let state: String
  public let capability: String?
  /// What its owner calls it; absent where that is nothing.
  public let name: String?
  public let priority: Int?
  /// What each task asks for; absent in listings and events, and where another version of Strata wrote it.
  public var job: JobRequest?
  /// How many there are in all.
  public let tasks: Int
  /// Their indexes; absent in listings, and where they come to more than 20,000 ranges.
  public let indexes: String?
  public let maxRunning: Int?
  /// Tasks that are not made yet.
  public let pending: Int
  /// Tasks that are made and do not run; absent where the queue cannot be asked. In listings all that have not ended.
  public let waiting: Int?
  /// Absent where the queue cannot be asked, and in listings.
  public let running: Int?
  public let succeeded: Int
  public let failed: Int
  public let cancelled: Int
  /// The indexes of the tasks that failed, of the first 10,000; absent where none did, and in listings.
  public let failedIndexes: String?
  /// Why there is room for more tasks and none is made.
  public let held: Obstacle?
  public let createdAt: String
  public let runAt: String?
  public let finishedAt: String?
  /// The most that each task may be charged, when that was last found out.
  public let chargeMaxMicrocredits: Int64
  /// What its tasks were charged together so far.
  public let chargedMicrocredits: Int64
  /// What is held for its tasks that are made and have not ended.
  public let heldMicrocredits: Int64
  /// The array of which it does the failed tasks again.
  public let retryOf: ArrayID?
  /// The array that does its failed tasks again.
  public let retriedBy: ArrayID?

  /// Why something waits, as a refused submission would say it.
  public struct Obstacle: Hashable, Codable, Sendable {
    public let code: String
    public let detail: String

    public init(code: String, detail: String) {
      self.code = code
      self.detail = detail
    }
  }

  public init(
    id: ArrayID, state: String, capability: String?, priority: Int?, tasks: Int, indexes: String?, maxRunning: Int?,
    pending: Int, waiting: Int?, running: Int?, succeeded: Int, failed: Int, cancelled: Int, failedIndexes: String?,
    held: Obstacle?, createdAt: String, runAt: String?, finishedAt: String?, chargeMaxMicrocredits: Int64,
    chargedMicrocredits: Int64, heldMicrocredits: Int64, retryOf: ArrayID?, retriedBy: ArrayID?,
    job: JobRequest? = nil, name: String? = nil
  ) {
    self.id = id
    self.state = state
    self.capability = capability
    self.name = name
    self.priority = priority
    self.tasks = tasks
    self.indexes = indexes
    self.maxRunning = maxRunning
    self.pending = pending
    self.waiting = waiting
    self.running = running
    self.succeeded = succeeded
    self.failed = failed
    self.cancelled = cancelled
    self.failedIndexes = failedIndexes
    self.held = held
    self.createdAt = createdAt
    self.runAt = runAt
    self.finishedAt = finishedAt
    self.chargeMaxMicrocredits = chargeMaxMicrocredits
    self.chargedMicrocredits = chargedMicrocredits
    self.heldMicrocredits = heldMicrocredits
    self.retryOf = retryOf
    self.retriedBy = retriedBy
    self.job = job
  }

  enum CodingKeys: String, CodingKey {
    case id, state, capability, name, priority, job, tasks, indexes, pending, waiting, running, succeeded, failed,
      cancelled,
      held
    case maxRunning = "max_running"
    case failedIndexes = "failed_indexes"
    case createdAt = "created_at"
    case runAt = "run_at"
    case finishedAt = "finished_at"
    case chargeMaxMicrocredits = "charge_max_microcredits"
    case chargedMicrocredits = "charged_microcredits"
    case heldMicrocredits = "held_microcredits"
    case retryOf = "retry_of"
    case retriedBy = "retried_by"
  }
}

/// A task of an array, as `GET /v1/arrays/{id}/tasks/{index}` shows it, whether or not it is made.
public struct ArrayTaskView: Hashable, Codable, Sendable {
  /// The state of a task that is not made yet.
  public static let pending = "pending"

  public let index: Int
  /// The identifier that its job has, or will have.
  public let id: JobID
  /// `pending`, or the state of its job; a task that was cancelled before it was made is `cancelled` and has no job.
  public let state: String
  /// Absent where it is not made.
  public let job: JobView?

  public init(index: Int, id: JobID, state: String, job: JobView?) {
    self.index = index
    self.id = id
    self.state = state
    self.job = job
  }
}

/// What holds an array, or a task of it that is not made yet: `GET /v1/arrays/{id}/explain`.
public struct ArrayExplanationView: Hashable, Codable, Sendable {
  public let array: ArrayID
  public let state: String
  /// What holds it now, the weightiest first; never empty.
  public let reasons: [ExplanationView.Reason]

  public init(array: ArrayID, state: String, reasons: [ExplanationView.Reason]) {
    self.array = array
    self.state = state
    self.reasons = reasons
  }
}
