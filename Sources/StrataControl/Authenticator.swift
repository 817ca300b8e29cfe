import StrataArtifacts
import StrataCore
import StrataLedger
import Synchronization

/// Tells tenants by their API keys, remembering answers for a moment so that a busy client costs no query a request.
final class Authenticator: Sendable {
  /// How long an answer is remembered: a revoked key works at most this much longer.
  static let memory = Duration.seconds(5)
  /// Answers remembered; the memory is emptied when it is full.
  static let answersMax = 10_000

  private struct Answer {
    let tenant: TenantID?
    let until: ContinuousClock.Instant
  }

  private let ledger: Ledger
  private let answers = Mutex<[ArtifactDigest: Answer]>([:])

  init(ledger: Ledger) { self.ledger = ledger }

  /// - Returns: the tenant whose key `secret` is; nil for no key of ours.
  func tenant(for secret: String) async throws(LedgerError) -> TenantID? {
    // The memory holds digests, so that a core dump of it gives no key away.
    let digest = ArtifactDigest(hashing: Array(secret.utf8))
    let now = ContinuousClock.now
    if let known = answers.withLock({ $0[digest] }), known.until > now { return known.tenant }
    let tenant = try await ledger.authenticate(secret)?.tenant
    answers.withLock { answers in
      if answers.count >= Self.answersMax { answers.removeAll() }
      answers[digest] = Answer(tenant: tenant, until: now + Self.memory)
    }
    return tenant
  }
}
