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

  private let ledger: Ledger
  private let memory: Duration
  private let answers = Mutex<[ArtifactDigest: Answer]>([:])

  /// - Parameter memory: how long an answer is remembered: a revoked key works at most this much longer.
  init(ledger: Ledger, memory: Duration) {
    self.ledger = ledger
    self.memory = memory
  }

  /// - Returns: whose key `secret` is; nil for no key of ours.
  func principal(for secret: String) async throws(LedgerError) -> Principal? {
    // The memory holds digests, so that a core dump of it gives no key away.
    let digest = ArtifactDigest(hashing: Array(secret.utf8))
    let now = ContinuousClock.now
    if let known = answers.withLock({ $0[digest] }), known.until > now { return known.principal }
    let principal = try await ledger.authenticate(secret)
    answers.withLock { answers in
      if answers.count >= Self.answersMax { answers.removeAll() }
      answers[digest] = Answer(principal: principal, until: now + memory)
    }
    return principal
  }
}
