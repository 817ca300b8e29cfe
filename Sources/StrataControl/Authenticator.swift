import StrataArtifacts
import StrataCore
import StrataLedger
import Synchronization

/// Tells tenants by their API keys, remembering answers for a moment so that a busy client costs no query a request.
final class Authenticator: Sendable {
  /// Answers remembered; the memory is emptied when it is full.
  static let answersMax = 10_000

  private struct Answer {
    let principal: Principal?
    let until: ContinuousClock.Instant
  }

  private struct Memory {
    var answers: [ArtifactDigest: Answer] = [:]
    /// How many keys were revoked here.
    var revocations = 0
  }

  private let ledger: Ledger
  private let retention: Duration
  private let memory = Mutex(Memory())

  /// - Parameter memory: how long an answer is remembered: a key that was revoked elsewhere works at most this much
  ///   longer.
  init(ledger: Ledger, memory: Duration) {
    self.ledger = ledger
    retention = memory
  }

  /// - Returns: whose key `secret` is; nil for no key of ours.
  func principal(for secret: String) async throws(LedgerError) -> Principal? {
    // The memory holds digests, so that a core dump of it gives no key away.
    let digest = ArtifactDigest(hashing: Array(secret.utf8))
    let now = ContinuousClock.now
    let (known, revocations) = memory.withLock { ($0.answers[digest], $0.revocations) }
    if let known, known.until > now { return known.principal }
    let principal = try await ledger.authenticate(secret)
    memory.withLock { memory in
      // An answer from before a revocation may be of the key that was revoked.
      guard memory.revocations == revocations else { return }
      if memory.answers.count >= Self.answersMax { memory.answers.removeAll() }
      memory.answers[digest] = Answer(principal: principal, until: now + retention)
    }
    return principal
  }

  /// A key has been revoked in the ledger: no answer about it is remembered any more.
  func forget(_ key: KeyID) {
    memory.withLock { memory in
      memory.revocations += 1
      memory.answers = memory.answers.filter { $0.value.principal?.key != key }
    }
  }
}
