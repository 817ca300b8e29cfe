import StrataCore

/// What a retry policy may say, and why not more.
public enum RetryPolicyLimits {
  /// A job that fails a hundred times costs more than anyone meant to pay.
  public static let attempts = 1...100
  /// A longer wait is a schedule, not a retry.
  public static let delay = Duration.zero...Duration.seconds(7 * 86_400)
  /// Below 1 waits would shrink; past 10 the second retry is hours away.
  public static let factor = 1.0...10.0
  /// Codes in each of the two sets: workers themselves name a dozen.
  public static let codesMax = 64
  /// Bytes of one code.
  public static let codeLength = 1...64

  static func check(_ policy: RetryPolicy) throws(RetryPolicyError) {
    guard attempts.contains(policy.attemptsMax) else { throw .attemptsMax(policy.attemptsMax) }
    guard delay.contains(policy.firstDelay) else { throw .firstDelay(policy.firstDelay) }
    guard delay.contains(policy.delayMax) else { throw .delayMax(policy.delayMax) }
    guard policy.firstDelay <= policy.delayMax else { throw .firstDelayPastMax(policy.firstDelay, policy.delayMax) }
    // Also false for what is not a number.
    guard factor.contains(policy.factor) else { throw .factor(policy.factor) }
    for codes in [policy.retryableCodes, policy.permanentCodes] {
      guard codes.count <= codesMax else { throw .tooManyCodes(codes.count) }
      if let wrong = codes.sorted().first(where: { !isCode($0) }) { throw .code(wrong) }
    }
    if let both = policy.retryableCodes.intersection(policy.permanentCodes).min() { throw .contradiction(both) }
  }

  /// As stable names are written: `out_of_memory`.
  private static func isCode(_ text: String) -> Bool {
    codeLength.contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
  }
}

/// Why a retry policy is none, in words for whoever wrote it.
public enum RetryPolicyError: Error, Hashable, Sendable {
  case attemptsMax(Int)
  case firstDelay(Duration)
  case delayMax(Duration)
  case firstDelayPastMax(Duration, Duration)
  case factor(Double)
  case tooManyCodes(Int)
  case code(String)
  /// A code that is said to be both retryable and permanent.
  case contradiction(String)
  case unknownKey(String, nearest: String?)
}

extension RetryPolicyError: CustomStringConvertible {
  public var description: String {
    let limits = RetryPolicyLimits.self
    let longest = limits.delay.upperBound.milliseconds
    return switch self {
    case .attemptsMax(let count): "'attempts_max' is \(count); give 1 to \(limits.attempts.upperBound)"
    case .firstDelay(let delay): "'first_delay_milliseconds' is \(delay.milliseconds); give 0 to \(longest)"
    case .delayMax(let delay): "'delay_max_milliseconds' is \(delay.milliseconds); give 0 to \(longest)"
    case .firstDelayPastMax(let first, let longest):
      "'first_delay_milliseconds' is \(first.milliseconds), more than the \(longest.milliseconds) of "
        + "'delay_max_milliseconds'; make one fit the other"
    case .factor(let factor):
      "'factor' is \(factor); give \(limits.factor.lowerBound) to \(limits.factor.upperBound)"
    case .tooManyCodes(let count): "a retry policy names \(count) codes of one kind; name at most \(limits.codesMax)"
    case .code(let code):
      "'\(code)' is no error code; write it with a–z, 0–9 and '_', \(limits.codeLength.upperBound) bytes at most"
    case .contradiction(let code): "'\(code)' is both retryable and permanent; name it in one list"
    case .unknownKey(let key, let nearest):
      "a retry policy has no '\(key)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    }
  }
}
