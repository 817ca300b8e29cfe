public import StrataCore
public import StrataLedger
public import StrataQueue

/// A job as both the ledger and the queue know it at this moment.
public struct JobSnapshot: Sendable {
  public let record: StoredJob
  /// Ended attempts, oldest first; empty in listings.
  public let attempts: [StoredAttempt]
  public let state: JobState
  /// While it runs.
  public let lease: LeaseStatus?
  /// While it waits for a worker: how many jobs of its tenant go first in its lane.
  public let jobsAhead: Int?
  /// While it waits for an instant.
  public let scheduledFor: Timestamp?
  /// False where it is unfinished, and the queue neither holds it nor has its end: it is still to be enqueued.
  public let isEnqueued: Bool

  /// What the queue knows of a job.
  enum Place {
    case held(QueueStatus)
    /// It is not held any more: its outcome is on its way to the ledger.
    case ending
    case absent
    /// The queue could not be asked.
    case unknown
  }

  /// - Parameters:
  ///   - now: what its time is compared with where the queue does not hold it.
  init(
    record: StoredJob, attempts: [StoredAttempt], place: Place, now: Timestamp
  ) {
    self.record = record
    self.attempts = attempts
    var (lease, ahead, due): (LeaseStatus?, Int?, Timestamp?)
    switch place {
    case _ where record.state.isFinal || record.state == .blocked: state = record.state
    case .held(.leased(let held)): (state, lease) = (.running, held)
    case .held(.ready(let count, _)): (state, ahead) = (.queued, count)
    case .held(.delayed(let instant, _)): (state, due) = (.scheduled, instant)
    case .ending: state = .running
    case .absent, .unknown:
      due = record.runAt.flatMap { $0 > now ? $0 : nil }
      state = due == nil ? record.state : .scheduled
    }
    (self.lease, jobsAhead, scheduledFor) = (lease, ahead, due)
    let isAbsent = if case .absent = place { true } else { false }
    isEnqueued = !isAbsent || record.state.isFinal || record.state == .blocked
  }
}
