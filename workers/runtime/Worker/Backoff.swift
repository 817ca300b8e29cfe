/// How long to wait before the next try: twice as long each time up to a bound, and a random part of it less, so that
/// many who failed together do not return together.
public struct Backoff: Sendable, Hashable {
  private let first: Duration
  private let longest: Duration
  private var failures = 0

  public init(first: Duration, longest: Duration) {
    self.first = first
    self.longest = longest
  }

  package mutating func reset() { failures = 0 }

  /// Between half of the step and all of it.
  package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
    let step = min(longest, first * (1 << min(failures, 20)))
    failures += 1
    return step * Double.random(in: 0.5...1, using: &random)
  }

  package mutating func next() -> Duration {
    var random = SystemRandomNumberGenerator()
    return next(using: &random)
  }
}
