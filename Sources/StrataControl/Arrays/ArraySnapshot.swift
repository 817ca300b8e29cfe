public import StrataCore
public import StrataLedger

/// An array as the ledger and the queue know it at this moment.
public struct ArraySnapshot: Sendable {
  public let stored: StoredArray
  /// Tasks that run now; nil where the queue cannot be asked, and in listings.
  public let running: Int?
  /// Why no more tasks are made although there is room; nil where nothing is in the way, or none is left to make.
  public let obstacle: StoredArray.Obstacle?
  /// The indexes of tasks that failed, as many as are told; nil in listings, and where none did.
  public let failedIndexes: TaskIndexes?

  /// In one word; `failed` where any task has.
  public var state: String {
    if let end = stored.endState { return end.rawValue }
    if obstacle != nil { return "held" }
    return running.map { $0 > 0 } ?? (stored.unfinished > 0) ? "running" : "queued"
  }
}

extension StoredArray {
  /// What all its ended tasks come to; nil until all have.
  public var endState: JobState? {
    guard finishedAt != nil else { return nil }
    if failed > 0 { return .failed }
    return succeeded == indexes.count ? .succeeded : .cancelled
  }
}

/// One task of an array.
public struct ArrayTaskSnapshot: Sendable {
  public enum Standing: Sendable {
    /// It is not made yet.
    case pending
    /// It was cancelled before it was made.
    case dropped
    case made(JobSnapshot)
  }

  public let index: Int
  /// Its job's identifier, whether or not there is such a job.
  public let job: JobID
  public let standing: Standing

  /// `pending`, or a job's state.
  public var state: String {
    switch standing {
    case .pending: ArrayTaskState.pending
    case .dropped: JobState.cancelled.rawValue
    case .made(let snapshot): snapshot.state.rawValue
    }
  }
}

/// The names by which tasks are asked for: those of a job's states, one before them, and one for several.
public enum ArrayTaskState {
  /// It is not made yet.
  public static let pending = "pending"
  /// It is made and does not run: what an array counts as `waiting`.
  public static let waiting = "waiting"
  public static let all = [pending, waiting] + JobState.allCases.map(\.rawValue)

  /// Whether a task that is made is meant, whose job is in a state.
  static func covers(_ name: String, _ state: JobState) -> Bool {
    switch state {
    case .blocked, .scheduled, .queued: name == waiting || name == state.rawValue
    case .running, .succeeded, .failed, .cancelled: name == state.rawValue
    }
  }
}
