import StrataCore
import Synchronization

/// The jobs that somebody here is about to put into the queue, each claimed by one at a time.
///
/// A job that the queue does not hold may be on its way into it: whoever would put it back then could do so after it has
/// been run and has left the queue again, and have it run twice. And a cancellation that comes in between has to be
/// heard: the queue does not know the job yet, and the ledger will not be asked again.
package final class EnqueuesUnderWay: Sendable {
  /// Whether a job, while under way, has been cancelled.
  private let jobs = Mutex<[JobID: Bool]>([:])

  package init() {}

  /// - Returns: false where another has claimed the job; then it is to be left to that one.
  @discardableResult
  func begin(_ job: JobID) -> Bool {
    jobs.withLock { jobs in
      guard jobs[job] == nil else { return false }
      jobs[job] = false
      return true
    }
  }

  func end(_ job: JobID) { jobs.withLock { $0[job] = nil } }

  /// Changes nothing for a job that is not under way.
  func cancel(_ job: JobID) { jobs.withLock { if $0[job] != nil { $0[job] = true } } }

  func isCancelled(_ job: JobID) -> Bool { jobs.withLock { $0[job] ?? false } }
}
