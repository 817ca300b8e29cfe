/// What a job has of a retry policy of its own; what is nil is as its capability has it.
public struct RetryOverride: Hashable, Codable, Sendable {
  /// The most attempts, the first one included.
  public var attemptsMax: Int?
  /// The longest wait after the first attempt, in milliseconds.
  public var firstDelayMilliseconds: Int64?
  /// By how much the longest wait grows with each further attempt.
  public var factor: Double?
  /// What no wait is longer than, in milliseconds.
  public var delayMaxMilliseconds: Int64?
  /// Errors that are tried again, whatever the worker says of them.
  public var retryableCodes: [String]?
  /// Errors that end the job at once, whatever the worker says of them.
  public var permanentCodes: [String]?

  public init(
    attemptsMax: Int? = nil, firstDelayMilliseconds: Int64? = nil, factor: Double? = nil,
    delayMaxMilliseconds: Int64? = nil, retryableCodes: [String]? = nil, permanentCodes: [String]? = nil
  ) {
    self.attemptsMax = attemptsMax
    self.firstDelayMilliseconds = firstDelayMilliseconds
    self.factor = factor
    self.delayMaxMilliseconds = delayMaxMilliseconds
    self.retryableCodes = retryableCodes
    self.permanentCodes = permanentCodes
  }

  /// All of a policy, so that it stays as it is whatever becomes of the capability's.
  public init(_ policy: RetryPolicy, attemptsMax: Int) {
    self.init(
      attemptsMax: attemptsMax, firstDelayMilliseconds: policy.firstDelay.milliseconds, factor: policy.factor,
      delayMaxMilliseconds: policy.delayMax.milliseconds, retryableCodes: policy.retryableCodes.sorted(),
      permanentCodes: policy.permanentCodes.sorted())
  }

  /// The policy of a job whose capability has `policy` and gives `attempts`. A first delay past the longest one of the
  /// capability makes that as long; a code that is said to be of one kind is no more of the other.
  ///
  /// - Throws: `RetryPolicyError` for the first value that is not within `RetryPolicyLimits`.
  public func applied(to policy: RetryPolicy, attemptsMax attempts: Int) throws(RetryPolicyError) -> RetryPolicy {
    let first = firstDelayMilliseconds.map(Self.duration) ?? policy.firstDelay
    let longest = delayMaxMilliseconds.map(Self.duration) ?? max(policy.delayMax, first)
    let retryable = retryableCodes.map(Set.init) ?? policy.retryableCodes.subtracting(permanentCodes ?? [])
    let permanent = permanentCodes.map(Set.init) ?? policy.permanentCodes.subtracting(retryableCodes ?? [])
    return try RetryPolicy(
      attemptsMax: attemptsMax ?? attempts, firstDelay: firstDelayMilliseconds == nil ? min(first, longest) : first,
      factor: factor ?? policy.factor, delayMax: longest, retryableCodes: retryable, permanentCodes: permanent)
  }

  /// What is longer than any policy takes is still a duration.
  private static func duration(_ milliseconds: Int64) -> Duration { .milliseconds(min(milliseconds, 1 << 50)) }

  /// Nil where it changes nothing.
  public var unlessEmpty: RetryOverride? { self == RetryOverride() ? nil : self }

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case factor
    case attemptsMax = "attempts_max"
    case firstDelayMilliseconds = "first_delay_milliseconds"
    case delayMaxMilliseconds = "delay_max_milliseconds"
    case retryableCodes = "retryable_codes"
    case permanentCodes = "permanent_codes"
  }
}
