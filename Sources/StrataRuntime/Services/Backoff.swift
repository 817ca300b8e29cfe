import StrataCore

/// How long to wait before the next try: twice as long each time up to a bound, and a random part of it less, so that
/// many who failed together do not return together. A pure decision: the same seed gives the same waits; the caller
/// waits.
public struct Backoff: Sendable {
  private let first: Duration
  private let longest: Duration
  private var random: SeededGenerator
  private var failures = 0

  /// - Parameters:
  ///   - first: the wait after the first failure, at most.
  ///   - longest: what no wait is longer than.
  ///   - seed: of the random part; a new one unless given.
  public init(first: Duration, longest: Duration, seed: UInt64 = .random(in: 0 ... .max)) {
    self.first = first
    self.longest = longest
    random = SeededGenerator(seed: seed)
  }

  /// Says that a try succeeded: the next wait is the first again.
  public mutating func reset() { failures = 0 }

  /// Between half of the step and all of it.
  public mutating func next() -> Duration {
    // Where twenty doublings have not reached the longest wait, no caller lives to see the next.
    let step = min(longest, first * (1 << min(failures, 20)))
    failures += 1
    return step * Double.random(in: 0.5...1, using: &random)
  }
}
