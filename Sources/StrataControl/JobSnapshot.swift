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

  /// - Parameters:
  ///   - status: what the queue says; nil when it does not hold the job.
  ///   - isQueueKnown: false when the queue could not be asked.
  ///   - now: what its time is compared with where the queue could not be asked.
  init(
    record: StoredJob, attempts: [StoredAttempt], status: QueueStatus?, isQueueKnown: Bool, now: Timestamp
  ) {
    self.record = record
    self.attempts = attempts
    var (lease, ahead, due): (LeaseStatus?, Int?, Timestamp?)
    switch status {
    case _ where record.state.isFinal || record.state == .blocked: state = record.state
    case .leased(let held): (state, lease) = (.running, held)
    case .ready(let count, _): (state, ahead) = (.queued, count)
    case .delayed(let instant, _): (state, due) = (.scheduled, instant)
    // Out of the queue and not settled: its outcome is on its way to the ledger.
    case nil where isQueueKnown: state = .running
    case nil:
      due = record.runAt.flatMap { $0 > now ? $0 : nil }
      state = due == nil ? record.state : .scheduled
    }
    (self.lease, jobsAhead, scheduledFor) = (lease, ahead, due)
  }
}
