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
  /// While it waits: how many jobs of its tier go first.
  public let jobsAhead: Int?

  /// - Parameters:
  ///   - status: what the queue says; nil when it does not hold the job.
  ///   - isQueueKnown: false when the queue could not be asked.
  init(record: StoredJob, attempts: [StoredAttempt], status: QueueStatus?, isQueueKnown: Bool) {
    self.record = record
    self.attempts = attempts
    switch status {
    case _ where record.state.isFinal || record.state == .blocked: (state, lease, jobsAhead) = (record.state, nil, nil)
    case .leased(let lease): (state, self.lease, jobsAhead) = (.running, lease, nil)
    case .ready(let ahead, _): (state, lease, jobsAhead) = (.queued, nil, ahead)
    // Out of the queue and not settled: its outcome is on its way to the ledger.
    case nil: (state, lease, jobsAhead) = (isQueueKnown ? .running : record.state, nil, nil)
    }
  }
}
