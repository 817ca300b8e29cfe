import StrataCore
import Synchronization

/// The jobs that somebody here is about to put into the queue, each claimed by one at a time; but whoever releases a job
/// that waited for others has it whatever the claim of the one who is about to answer for its acceptance.
///
/// A job that the queue does not hold may be on its way into it: whoever would put it back then could do so after it has
/// been run and has left the queue again, and have it run twice. And a cancellation that comes in between has to be
/// heard: the queue does not know the job yet, and the ledger will not be asked again.
package final class EnqueuesUnderWay: Sendable {
  private struct Claims {
    var count = 1
    /// Whether the job, while under way, has been cancelled.
    var isCancelled = false
  }

  private let jobs = Mutex<[JobID: Claims]>([:])

  package init() {}

  /// - Returns: false where another has claimed the job; then it is to be left to that one.
  @discardableResult
  func begin(_ job: JobID) -> Bool {
    jobs.withLock { jobs in
      guard jobs[job] == nil else { return false }
      jobs[job] = Claims()
      return true
    }
  }

  /// Claims a job, also where another has.
  func join(_ job: JobID) { jobs.withLock { $0[job, default: Claims(count: 0)].count += 1 } }

  /// Gives one claim up.
  func end(_ job: JobID) {
    jobs.withLock { jobs in
      guard let claims = jobs[job] else { return }
      jobs[job] = claims.count == 1 ? nil : Claims(count: claims.count - 1, isCancelled: claims.isCancelled)
    }
  }

  /// Changes nothing for a job that is not under way.
  func cancel(_ job: JobID) { jobs.withLock { $0[job]?.isCancelled = true } }

  func isCancelled(_ job: JobID) -> Bool { jobs.withLock { $0[job]?.isCancelled ?? false } }
}
