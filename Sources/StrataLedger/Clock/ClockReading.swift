package import StrataCore
package import StrataRuntime

/// What a clock elsewhere has said, and between which instants it was looked at: so what it shows is known to lie within a
/// range, as wide as the answer took.
package struct ClockReading: Hashable, Sendable {
  /// By how much two clocks that only count on drift apart at most: a second in this many.
  static let driftFraction = 10_000

  package let said: Timestamp
  package let asked: Timekeeper.Instant
  package let heard: Timekeeper.Instant

  package init(_ said: Timestamp, asked: Timekeeper.Instant, heard: Timekeeper.Instant) {
    self.said = said
    self.asked = asked
    self.heard = heard
  }

  /// How long the answer took.
  var width: Duration { heard - asked }

  /// What the clock shows at an instant, most likely.
  package func now(at instant: Timekeeper.Instant) -> Timestamp { said + (instant - heard) + (heard - asked) / 2 }

  /// The better of this and a later one: the later one where the clock was set meanwhile, or is another's, as the two
  /// contradict each other; else the one that tells it more exactly. So an answer that was held up changes nothing, as long as
  /// the clock is the same.
  package func improved(by later: ClockReading) -> ClockReading {
    let age = later.heard - heard
    let slack = age / Self.driftFraction
    let (earliest, latest) = (said + (age - slack), said + (later.heard - asked + slack))
    let (laterEarliest, laterLatest) = (later.said, later.said + (later.heard - later.asked))
    let contradicts = laterEarliest > latest || laterLatest < earliest
    return contradicts || laterLatest - laterEarliest <= latest - earliest ? later : self
  }
}
