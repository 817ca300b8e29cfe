import StrataCore
import Synchronization

/// The claims on jobs that a transaction is about to release, taken before it commits: from then on the reconciler sees
/// them in the ledger, and must not put them into the queue a second time.
final class ReleaseClaims: Sendable {
  private let underWay: EnqueuesUnderWay
  private let jobs = Mutex<Set<JobID>>([])

  init(_ underWay: EnqueuesUnderWay) { self.underWay = underWay }

  /// A transaction that is repeated may claim again.
  func claim(_ released: [JobID]) {
    for job in released where jobs.withLock({ $0.insert(job).inserted }) { underWay.join(job) }
  }

  /// Gives the claims up.
  ///
  /// - Returns: the jobs among them that are not `enqueued`, and that the ledger may have released all the same.
  func end(enqueued: Set<JobID>) -> Set<JobID> {
    let claimed = jobs.withLock { jobs in
      defer { jobs = [] }
      return jobs
    }
    for job in claimed { underWay.end(job) }
    return claimed.subtracting(enqueued)
  }
}
