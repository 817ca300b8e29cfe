public import StrataCore

/// Lets through what a `RateLimit` allows: tokens come in at its rate up to its burst, and each take needs its own.
///
/// The level is kept in token-microseconds, a whole number, so that nothing is rounded and nothing drifts, however often
/// it is asked (a token bucket as in Turner, "New directions in communications", IEEE Communications Magazine 1986).
public struct TokenBucket: Hashable, Sendable {
  public let limit: RateLimit
  /// Tokens, times the microseconds of a tick: from 0 to `burst` · `tickMicroseconds`.
  private var level: Int64
  /// Up to when tokens have come in, in microseconds since 1970.
  private var filledUpTo: Int64

  /// How far the clock may go back before it is taken to have been set. Slewed clocks, and those of hosts that share a
  /// bucket, differ by far less; nobody is kept waiting for longer by a clock that was ahead for a moment.
  public static let stepBackMax = Duration.seconds(60)

  /// A full bucket.
  public init(_ limit: RateLimit, at now: Timestamp) {
    self.limit = limit
    level = limit.burst * limit.tickMicroseconds
    filledUpTo = now.microseconds
  }

  /// Takes `count` tokens, or none where there are too few. Taking 0 always succeeds.
  ///
  /// Where the clock has gone back, by `stepBackMax` or less, no token comes in until it has caught up, so that none
  /// comes in twice; where it has gone back by more, tokens come in from the new time on. What was there stays.
  ///
  /// - Complexity: O(1).
  public mutating func take(_ count: Int64, at now: Timestamp) -> TokenVerdict {
    precondition(count >= 0, "tokens are never given back")
    guard count <= limit.burst else { return .never }
    fill(upTo: now.microseconds)
    let cost = count * limit.tickMicroseconds
    guard cost <= level else {
      let ticks = (cost - level + limit.tokensPerTick - 1) / limit.tokensPerTick
      // A slow rate with a large burst may take until after the last instant.
      return .availableAt(Timestamp(microseconds: min(filledUpTo + ticks, .max / 1_000)))
    }
    level -= cost
    return .taken
  }

  /// Whole tokens that can be taken.
  public mutating func available(at now: Timestamp) -> Int64 {
    fill(upTo: now.microseconds)
    return level / limit.tickMicroseconds
  }

  /// The first microsecond at which as many tokens are there as come in within `step`, but at least one and at most all
  /// that there may be: when somebody who ran out looks again.
  public mutating func instantOfNext(within step: Duration, at now: Timestamp) -> Timestamp {
    let (perStep, isMore) = (step.nanoseconds / 1_000).multipliedReportingOverflow(by: limit.tokensPerTick)
    let wanted = max(1, isMore ? limit.burst : min(limit.burst, perStep / limit.tickMicroseconds))
    guard case .availableAt(let instant) = take(wanted, at: now) else { return now }
    return instant
  }

  private mutating func fill(upTo now: Int64) {
    guard now > filledUpTo else {
      if filledUpTo - now > Self.stepBackMax.nanoseconds / 1_000 { filledUpTo = now }
      return
    }
    let full = limit.burst * limit.tickMicroseconds
    let gained = (now - filledUpTo).multipliedReportingOverflow(by: limit.tokensPerTick)
    level = gained.overflow ? full : level + min(full - level, gained.partialValue)
    filledUpTo = now
  }
}

/// Whether tokens were taken.
public enum TokenVerdict: Hashable, Sendable {
  case taken
  /// The first microsecond at which they can be, if nobody else takes any.
  case availableAt(Timestamp)
  /// More than the bucket ever holds.
  case never
}
