/// Whether and when a job whose attempt failed is tried again.
///
/// Waits grow exponentially and are drawn evenly between nothing and the step ("full jitter": M. Brooker, "Exponential
/// Backoff And Jitter", AWS Architecture Blog, 2015), so that many jobs that failed together, because a service or a
/// disk was away, do not come back together.
public struct RetryPolicy: Hashable, Sendable {
  /// The most attempts a job may have, the first one included.
  public let attemptsMax: Int
  /// The longest wait after the first attempt.
  public let firstDelay: Duration
  /// By how much the longest wait grows with each further attempt.
  public let factor: Double
  /// What no wait is longer than.
  public let delayMax: Duration
  /// Errors that are tried again, whatever the worker says of them.
  public let retryableCodes: Set<String>
  /// Errors that end the job at once, whatever the worker says of them.
  public let permanentCodes: Set<String>

  /// Three attempts, as every capability has had: one for bad luck, one to tell bad luck from a bad job. One second is
  /// what a restarted worker or database takes to be back, and ten minutes end most of what an operator has to mend.
  /// What is retryable is left to the worker that saw the error (`AttemptError.isRetryable`).
  public static let standard = RetryPolicy(
    known: 3, firstDelay: .seconds(1), factor: 2, delayMax: .seconds(600))

  private init(known attemptsMax: Int, firstDelay: Duration, factor: Double, delayMax: Duration) {
    self.attemptsMax = attemptsMax
    self.firstDelay = firstDelay
    self.factor = factor
    self.delayMax = delayMax
    retryableCodes = []
    permanentCodes = []
  }

  /// - Throws: `RetryPolicyError` for the first value that is not within `RetryPolicyLimits`, or a code in both sets.
  public init(
    attemptsMax: Int = standard.attemptsMax, firstDelay: Duration = standard.firstDelay,
    factor: Double = standard.factor, delayMax: Duration = standard.delayMax, retryableCodes: Set<String> = [],
    permanentCodes: Set<String> = []
  ) throws(RetryPolicyError) {
    self.attemptsMax = attemptsMax
    self.firstDelay = firstDelay
    self.factor = factor
    self.delayMax = delayMax
    self.retryableCodes = retryableCodes
    self.permanentCodes = permanentCodes
    try RetryPolicyLimits.check(self)
  }

  /// What becomes of a job whose attempt ended with `error`. The policy's codes outrank the worker's word, and
  /// `permanentCodes` is asked first.
  ///
  /// - Parameter attemptsMade: attempts that count and have ended, this one included.
  public func verdict(
    on error: AttemptError, attemptsMade: Int, using random: inout some RandomNumberGenerator
  ) -> RetryVerdict {
    guard isRetryable(error) else { return .giveUp(.permanentError) }
    guard attemptsMade < attemptsMax else { return .giveUp(.attemptsExhausted) }
    return .retry(after: delay(afterAttempt: attemptsMade, using: &random))
  }

  /// Whether it decides and waits as the standard one does, however many attempts there are.
  public var decidesAsStandard: Bool {
    let standard = Self.standard
    return firstDelay == standard.firstDelay && factor == standard.factor && delayMax == standard.delayMax
      && retryableCodes == standard.retryableCodes && permanentCodes == standard.permanentCodes
  }

  public func isRetryable(_ error: AttemptError) -> Bool {
    if permanentCodes.contains(error.code) { return false }
    return retryableCodes.contains(error.code) || error.isRetryable
  }

  /// How long to wait after attempt number `attempt` (1 for the first): evenly distributed from nothing to
  /// `delayCeiling(afterAttempt:)`, to the nanosecond. The same generator gives the same wait.
  public func delay(afterAttempt attempt: Int, using random: inout some RandomNumberGenerator) -> Duration {
    .nanoseconds(Int64.random(in: 0...delayCeiling(afterAttempt: attempt).nanoseconds, using: &random))
  }

  /// The longest wait after attempt number `attempt`: `firstDelay` · `factor`^(`attempt` − 1), at most `delayMax`.
  ///
  /// - Complexity: O(attempts until `delayMax` is reached), at most `RetryPolicyLimits.attempts`.
  public func delayCeiling(afterAttempt attempt: Int) -> Duration {
    var ceiling = Double(firstDelay.nanoseconds)
    let longest = Double(delayMax.nanoseconds)
    for _ in 0..<max(0, min(attempt, RetryPolicyLimits.attempts.upperBound) - 1) where ceiling < longest {
      ceiling *= factor
    }
    return ceiling < longest ? .nanoseconds(Int64(ceiling)) : delayMax
  }
}

/// What becomes of a job after a failed attempt.
public enum RetryVerdict: Hashable, Sendable {
  case retry(after: Duration)
  case giveUp(RetryRefusal)
}

/// Why a job is not tried again.
public enum RetryRefusal: String, Hashable, Sendable, CaseIterable {
  /// Another attempt would end the same.
  case permanentError = "permanent_error"
  case attemptsExhausted = "attempts_exhausted"
}
