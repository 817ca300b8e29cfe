public import StrataCore
public import StrataLedger

/// Which tasks a job stands for, as a client asks for them.
public struct ArrayDraft: Hashable, Sendable {
  public var indexes: TaskIndexes
  /// How many of them may run at once; nil for as many as there is room for.
  public var runningMax: Int?

  public init(_ indexes: TaskIndexes, runningMax: Int? = nil) {
    self.indexes = indexes
    self.runningMax = runningMax
  }
}

/// What arrays may be, and how many of their tasks are made at a time, each with its default.
public struct ArrayLimits: Hashable, Sendable {
  /// Tasks of one array; no more than `TaskIndexes.tasksMax`.
  public var tasksMax = TaskIndexes.tasksMax
  /// Arrays of one tenant that have tasks to make.
  public var pendingMax = 1_000
  /// Tasks of one array that are made and have not ended: enough that workers find the next ones while more are made, few
  /// enough that a large array fills no queue.
  public var windowMax = 1_000
  /// Tasks made by one transaction.
  public var stepMax = 500
  /// Failed tasks whose indexes are told with an array.
  public var failedShown = 10_000

  public init() {}

  /// How many tasks of an array are unfinished at most when more are made: not for each that ends a transaction, but for
  /// an array that bounds them itself.
  func refillAt(_ array: StoredArray) -> Int {
    if let own = array.runningMax, own < windowMax { return own - 1 }
    return windowMax - max(1, windowMax / 4)
  }

  /// How many tasks of an array may be unfinished at once.
  func window(of array: StoredArray) -> Int { min(windowMax, array.runningMax ?? windowMax) }
}

extension JobDraft {
  /// What each task of an array is, but for its index.
  ///
  /// - Throws: `invalidBody` where another version of Strata wrote what this one cannot read.
  public init(_ array: StoredArray) throws(StrataError) { try self.init(definitionJSON: array.draftJSON) }

  /// - Throws: `invalidBody` for what tasks of one array cannot have.
  func requireTasklike() throws(StrataError) {
    if structure.unique != nil {
      throw StrataError(
        .invalidBody, "an array has no 'unique_key': its tasks would have the same",
        remedy: "an Idempotency-Key keeps it from being submitted twice")
    }
    if !structure.after.isEmpty || structure.batch != nil {
      throw StrataError(
        .invalidBody, "an array cannot run 'after' others, nor join a 'batch'",
        remedy: "submit it when those have ended; it is a batch of its own")
    }
    if inputs.contains(where: { $0.result != nil }) {
      throw StrataError(
        .invalidBody, "an array takes no results of other jobs as inputs: its tasks share what is there",
        remedy: "submit it when that job has ended, with the results as inputs")
    }
    if startBy != nil {
      throw StrataError(
        .invalidBody, "an array has no time by which it has to have started: its tasks are made one after another",
        remedy: "leave 'start_by' and 'start_within_seconds' out, and cancel what is left when it is too late")
    }
  }
}

extension StoredArray {
  /// Where some of its tasks are.
  ///
  /// - Throws: `notFound`, naming the first that it does not have.
  func positions(of wanted: TaskIndexes) throws(StrataError) -> PositionSet {
    var positions = PositionSet()
    for index in wanted.all {
      guard let position = indexes.position(of: index) else { throw noTask(index) }
      positions.append(position..<(position + 1))
    }
    return positions
  }

  func noTask(_ index: Int) -> StrataError {
    StrataError(.notFound, "array \(id) has no task \(index)", remedy: "its indexes are \(indexWords)")
  }

  /// Why there is no job of a task.
  func notMade(at position: Int) -> StrataError {
    let what = "job \(id.task(at: position)) is task \(indexes[position]) of array \(id), and"
    if dropped.contains(position) {
      return StrataError(
        .notFound, "\(what) was cancelled before it was made", remedy: "look at the array for what became of others")
    }
    return StrataError(
      .notFound,
      "\(what) is not made yet: \(pending) of \(indexes.count) tasks wait for room, and are made in order as others end",
      remedy: "have the task explained to see what holds it")
  }

  private var indexWords: String {
    guard indexes.isCompact else { return "\(indexes.count) from \(indexes.first) to \(indexes.last)" }
    let text = indexes.description
    return text.utf8.count > 100 ? "\(text.prefix(100)) …" : text
  }

  /// The indexes of tasks, of which the jobs are given in order.
  func indexes(of jobs: [JobID]) -> [Int] { jobs.compactMap(id.position).map { indexes[$0] } }
}
