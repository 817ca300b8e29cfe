import StrataCore
import Synchronization

/// The jobs between their commit and their place in the queue, so that a cancellation that comes in between is heard:
/// the queue does not know the job yet, and the ledger will not be asked again.
final class EnqueuesUnderWay: Sendable {
  private struct Entry {
    /// Two submissions under one idempotency key may enqueue one job.
    var submissions = 0
    var isCancelled = false
  }

  private let jobs = Mutex<[JobID: Entry]>([:])

  func begin(_ job: JobID) { jobs.withLock { $0[job, default: Entry()].submissions += 1 } }

  func end(_ job: JobID) {
    jobs.withLock { jobs in
      jobs[job]?.submissions -= 1
      if jobs[job]?.submissions == 0 { jobs[job] = nil }
    }
  }

  /// Changes nothing for a job that is not under way.
  func cancel(_ job: JobID) { jobs.withLock { $0[job]?.isCancelled = true } }

  func isCancelled(_ job: JobID) -> Bool { jobs.withLock { $0[job]?.isCancelled ?? false } }
}
