public import StrataCore

/// An array as the ledger has it. Which of its tasks run at the moment, only the queue knows.
public struct StoredArray: Hashable, Sendable {
  /// Why no more tasks are made although there is room.
  public struct Obstacle: Hashable, Sendable {
    /// An error's code.
    public let code: String
    /// One sentence without a full stop.
    public let message: String

    public init(code: String, message: String) {
      self.code = code
      self.message = message
    }

    public init(_ error: StrataError) { self.init(code: error.code.rawValue, message: error.message) }
  }

  /// Whether more of its tasks may be made, as far as is known.
  public enum Standing: String, Hashable, Sendable {
    /// Nothing is in the way. Becomes any of the others when tasks are made.
    case ready
    /// It has as many unfinished tasks as it may; `ready` once so many have ended that more are made.
    case full
    /// Its tenant lacks the credits for a task. It may go on when they are there; `ready` when prices change.
    case poor
    /// Something else is in the way. It is looked at again after a while.
    case refused
  }

  public let id: ArrayID
  public let tenant: TenantID
  /// The job that each task is, for whoever submits it; the ledger does not look into it.
  public let draftJSON: String
  public let indexes: TaskIndexes
  /// How many of its tasks may run at once; nil for as many as there are made.
  public let runningMax: Int?
  public let runAt: Timestamp?
  public let span: TaskSpan
  /// The most that a task may be charged, when it was last found out.
  public let holdEach: MicroCredits
  /// The first position that is neither made nor dropped; the number of tasks where all are one of the two.
  public let next: Int
  /// Tasks that were cancelled before they were made.
  public let dropped: PositionSet
  public let obstacle: Obstacle?
  public let standing: Standing
  /// The array of which it does the failed tasks again.
  public let retryOf: ArrayID?
  public let retriedBy: ArrayID?
  public let createdAt: Timestamp
  /// Tasks that are jobs, or were.
  public let made: Int
  public let succeeded: Int
  public let failed: Int
  /// Those that were jobs and were cancelled then; `dropped` has the others.
  public let cancelled: Int
  /// What its tasks were charged together.
  public let charged: MicroCredits
  /// What is held for those that are made and have not ended.
  public let held: MicroCredits
  /// When all its tasks had ended.
  public let finishedAt: Timestamp?

  /// Tasks that are not made yet.
  public var pending: Int { indexes.count - made - dropped.count }
  /// Tasks that are jobs and have not ended.
  public var unfinished: Int { made - succeeded - failed - cancelled }

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    id = try row.identifier()
    tenant = try row.identifier()
    draftJSON = try row.text()
    indexes = try Self.indexes(try row.text())
    runningMax = try row.optionalInteger().map { Int($0) }
    runAt = try row.optionalTimestamp()
    span = try row.required(row.optionalDocument())
    holdEach = try row.amount()
    next = Int(try row.integer())
    dropped = try row.required(PositionSet(row.text()))
    let (code, message) = (row.optionalText(), row.optionalText())
    obstacle = code.map { Obstacle(code: $0, message: message ?? $0) }
    standing = try row.named()
    retryOf = try row.optionalIdentifier()
    retriedBy = try row.optionalIdentifier()
    createdAt = try row.timestamp()
    made = Int(try row.integer())
    succeeded = Int(try row.integer())
    failed = Int(try row.integer())
    cancelled = Int(try row.integer())
    charged = try row.amount()
    held = try row.amount()
    finishedAt = try row.optionalTimestamp()
  }

  private static func indexes(_ text: String) throws(PostgreSQLError) -> TaskIndexes {
    do throws(StrataError) { return try TaskIndexes(stored: text) } catch {
      throw PostgreSQLError(.malformed, message: "a stored list of indexes cannot be read: \(error)")
    }
  }
}

/// An array to be stored: checked, and with one of its tasks, by which it is judged.
public struct ArraySubmission: Sendable {
  public var id: ArrayID
  /// A task as it would be submitted; its fingerprint and its key are those of the array.
  public var task: JobSubmission
  public var draftJSON: String
  public var indexes: TaskIndexes
  public var runningMax: Int?
  public var span: TaskSpan
  public var retryOf: ArrayID?

  public init(
    id: ArrayID, task: JobSubmission, draftJSON: String, indexes: TaskIndexes, runningMax: Int?, span: TaskSpan,
    retryOf: ArrayID? = nil
  ) {
    self.id = id
    self.task = task
    self.draftJSON = draftJSON
    self.indexes = indexes
    self.runningMax = runningMax
    self.span = span
    self.retryOf = retryOf
  }
}

/// What became of the submission of an array.
public enum ArrayVerdict: Hashable, Sendable {
  case accepted(ArrayID, holdEach: MicroCredits)
  /// The same was submitted before under this key, or does the failed tasks of the same array again.
  case existing(ArrayID)
  /// The tenant has so many arrays with tasks to make that it may have no more.
  case tooMany
  case refused(AdmissionRefusal)
}

/// Tasks that are to be made, as whoever makes them has read their array.
public struct ArrayMaking: Sendable {
  public let array: StoredArray
  /// Their positions, ascending from the array's next, and their jobs.
  public let tasks: [(position: Int, submission: JobSubmission)]
  /// How many of the array's tasks are unfinished at most when more are made.
  public let refillAt: Int
  /// When the array is looked at again where the next task is refused for anything but want of credits.
  public let lookAt: Timestamp

  public init(
    _ array: StoredArray, tasks: [(position: Int, submission: JobSubmission)], refillAt: Int, lookAt: Timestamp
  ) {
    self.array = array
    self.tasks = tasks
    self.refillAt = refillAt
    self.lookAt = lookAt
  }
}

/// Why no more tasks of an array are made, and until when it is left alone.
public struct ArrayHold: Hashable, Sendable {
  public let array: ArrayID
  public let obstacle: StoredArray.Obstacle
  public let lookAt: Timestamp

  public init(_ array: ArrayID, _ obstacle: StoredArray.Obstacle, lookAt: Timestamp) {
    self.array = array
    self.obstacle = obstacle
    self.lookAt = lookAt
  }
}

/// What became of tasks that were to be made. All of it is committed.
public struct ArrayStep: Sendable {
  /// The jobs that are there now.
  public var made: [AcceptedJob] = []
  /// Why the next one is not.
  public var refusal: AdmissionRefusal?
  /// Whether somebody else was faster, or tasks were dropped meanwhile: nothing was made but what `made` has, which an
  /// earlier call of the same may have committed.
  public var isStale = false
}

/// What the cancellation of tasks did. All of it is committed.
public struct ArrayCancellation: Sendable {
  public let array: StoredArray
  /// Jobs that are to be taken out of the queue, or stopped.
  public let jobs: [JobID]
  /// The array's batch, where all its tasks have ended by this.
  public let finished: StoredBatch?
}
