import StrataCore

/// So many per period on average, and so many at once: the two numbers of a token bucket.
public struct RateLimit: Hashable, Sendable {
  /// Tokens that come in per period.
  public let count: Int64
  /// Whole microseconds.
  public let period: Duration
  /// Tokens that a full bucket holds: the most that may be taken at once.
  public let burst: Int64

  /// The rate in lowest terms: `tokensPerTick` come in every `tickMicroseconds`.
  package let tokensPerTick: Int64
  package let tickMicroseconds: Int64

  /// The longest period: rates per month are the slowest that plans have.
  public static let periodMax = Duration.seconds(31 * 86_400)
  /// The greatest product of `burst` and the period in microseconds (divided by its greatest common divisor with
  /// `count`). Up to 2^53 doubles are exact, so that a script in Redis, whose only numbers they are, computes the same.
  public static let levelMax: Int64 = 1 << 53

  /// - Parameter burst: a period's worth unless given.
  /// - Throws: `RateLimitError`.
  public init(_ count: Int64, per period: Duration, burst: Int64? = nil) throws(RateLimitError) {
    let burst = burst ?? count
    let microseconds = period.nanoseconds / 1_000
    guard count > 0 else { throw .count(count) }
    guard period <= Self.periodMax, microseconds > 0 else { throw .period(period) }
    guard burst > 0 else { throw .burst(burst) }
    let divisor = Self.greatestCommonDivisor(count, microseconds)
    self.count = count
    self.period = .microseconds(microseconds)
    self.burst = burst
    tokensPerTick = count / divisor
    tickMicroseconds = microseconds / divisor
    let (level, isTooGreat) = burst.multipliedReportingOverflow(by: tickMicroseconds)
    guard !isTooGreat, level <= Self.levelMax, tokensPerTick <= Self.levelMax else { throw .tooFine(count, burst) }
  }

  /// Whether the two let through the same, however they are said.
  package func allowsAsMuch(as other: RateLimit) -> Bool {
    (tokensPerTick, tickMicroseconds, burst) == (other.tokensPerTick, other.tickMicroseconds, other.burst)
  }

  /// Euclid's algorithm, for two positive numbers.
  private static func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

/// Why two numbers make no rate limit.
public enum RateLimitError: Error, Hashable, Sendable {
  case count(Int64)
  case period(Duration)
  case burst(Int64)
  /// Nothing that can be counted exactly.
  case tooFine(Int64, Int64)
}

extension RateLimitError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .count(let count): "a rate of \(count) lets nothing through; give 1 or more"
    case .period(let period):
      "a rate's period is \(period.milliseconds) ms; give 0.001 ms to \(RateLimit.periodMax.milliseconds) ms"
    case .burst(let burst): "a burst of \(burst) lets nothing through; give 1 or more"
    case .tooFine(let count, let burst):
      "a rate of \(count) with a burst of \(burst) cannot be counted exactly over its period; give a rounder rate, a "
        + "shorter period or a smaller burst"
    }
  }
}

extension RateLimit: Codable {
  private enum CodingKeys: String, CodingKey {
    case count, burst
    case period = "period_milliseconds"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    do {
      try self.init(
        container.decode(Int64.self, forKey: .count),
        per: .milliseconds(container.decode(Int64.self, forKey: .period)),
        burst: container.decodeIfPresent(Int64.self, forKey: .burst))
    } catch let error as RateLimitError {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(error)", underlyingError: error))
    }
  }

  /// The period is written in whole milliseconds.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(period.milliseconds, forKey: .period)
    try container.encode(burst, forKey: .burst)
  }
}
