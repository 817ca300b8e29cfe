import StrataCore
public import StrataRuntime

/// Admits what many requests submit, in common transactions.
///
/// A request that is cancelled while it waits still learns its verdict. A client that went away finds its job again by
/// its idempotency key.
public final class AdmissionBatcher: Sendable {
  private typealias Answer = Result<AdmissionVerdict, LedgerError>

  private let batcher: Batcher<JobSubmission, Answer>

  /// - Parameter limits: a lone submission goes at once; under load they gather for the window.
  public init(_ ledger: any JobLedger, limits: BatchLimits = BatchLimits(), time: Timekeeper = .system) {
    batcher = Batcher(limits, time: time) { submissions in
      do throws(LedgerError) {
        return try await ledger.admit(submissions).map { .success($0) }
      } catch {
        return submissions.map { _ in .failure(error) }
      }
    }
  }

  /// What becomes of one submission. As `Ledger.admit`.
  public func submit(_ submission: JobSubmission) async throws(LedgerError) -> AdmissionVerdict {
    try await batcher.submit(submission).get()
  }
}
