/// Something that must not be.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
  /// Which promise it breaks (docs/reliability.md).
  package enum Promise: String, Hashable, Sendable, CaseIterable {
    /// A job that a client was told of as accepted is not in the ledger.
    case kept
    /// A job did not end in time after all was well again, or something was left in the queue.
    case ended
    /// A job was settled more than once.
    case settledOnce
    /// An outcome was acknowledged before its settlement was committed.
    case settledFirst
    /// Money was made, lost or spent twice, or a hold outlived its job.
    case books
    /// A lease that was another's, or over, ended a job or was paid for.
    case fenced
    /// A token was not greater than all before it.
    case tokens
    /// A job had more attempts than it may have, or they were counted wrongly.
    case attempts
    /// Two workers that both owned it ran a job at once, though nothing had been lost that explains it.
    case alone
    /// A job that had succeeded was run again, though the queue had lost nothing of that.
    case again
    /// What a job ended as is not what the worker said that had its lease.
    case outcome
    /// Something of the simulation went on when all was over, so that it would not be the same again.
    case simulation
  }

  package let promise: Promise
  package let what: String

  init(_ promise: Promise, _ what: String) {
    self.promise = promise
    self.what = what
  }

  package var description: String { "\(promise.rawValue): \(what)" }
}
