import Foundation
import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct StartEstimateTests {
  private static let history = ServiceHistory(completed: 60, busy: .seconds(600))

  private static func interval(_ estimate: StartEstimate) throws -> StartInterval {
    guard case .after(let interval) = estimate else {
      throw StrataError(.internalError, "\(estimate) is no interval")
    }
    return interval
  }

  @Test func whatCannotBeToldIsSaid() {
    func estimate(_ ahead: Int, _ slots: Int, _ running: Int, paused: Bool = false, completed: Int = 60)
      -> StartEstimate
    {
      .of(
        PlaceInLine(ahead: ahead, slots: slots, running: running, isPaused: paused),
        history: ServiceHistory(completed: completed, busy: .seconds(600)))
    }
    #expect(estimate(0, 4, 2, paused: true) == .unknown(.paused))
    #expect(estimate(0, 0, 0) == .unknown(.noWorkers))
    #expect(estimate(0, 4, 4, completed: 0) == .unknown(.nothingCompleted))
    // A free slot needs no history.
    #expect(estimate(1, 4, 2, completed: 0) == .now)
    #expect(estimate(2, 4, 2, completed: 0) == .unknown(.nothingCompleted))
  }

  @Test func theExpectedWaitIsWorkAheadOverServiceRate() throws {
    // 10 s each, two slots: the hundredth end is due after about 500 s.
    let estimate = StartEstimate.of(PlaceInLine(ahead: 99, slots: 2, running: 2), history: Self.history)
    let interval = try Self.interval(estimate)
    #expect((490...510).contains(interval.expected.seconds))
    #expect(interval.earliest < interval.expected && interval.expected < interval.latest)
  }

  /// Thousands of short ones have ended, and now long ones run in every slot: they are not about to end.
  @Test func whatOutlivesItsKindIsNotAboutToEnd() throws {
    let short = ServiceHistory(completed: 8_000, busy: .seconds(40))
    func interval(_ elapsed: [Double], ahead: Int = 0) throws -> StartInterval {
      let place = PlaceInLine(
        ahead: ahead, slots: 2, running: 2, elapsed: elapsed.map { Duration.seconds($0) })
      return try Self.interval(.of(place, history: short))
    }
    #expect(try interval([0.001, 6]).latest < .seconds(1), "one of them is of the kind that was seen")
    let both = try interval([3, 3])
    #expect(both.expected == .seconds(3) && both.latest.seconds > 50 && both.earliest.seconds < 0.2)
    #expect(try interval([3, 3], ahead: 400).expected > both.expected)
    // Seen at any moment of six seconds that both take.
    var random = SeededGenerator(seed: testSeed)
    let held = try (0..<2_000).count { _ in
      let elapsed = Double.random(in: 0.03..<6, using: &random)
      let told = try interval([elapsed, elapsed])
      return (told.earliest.seconds...told.latest.seconds).contains(6 - elapsed)
    }
    #expect(held > 1_700, "\(held) of 2000, seed \(testSeed)")
  }

  @Test func moreHistoryAndLessVariationNarrowTheInterval() throws {
    func width(_ completed: Int, _ variation: Double) throws -> Double {
      let interval = try Self.interval(
        .of(
          PlaceInLine(ahead: 400, slots: 8, running: 8),
          history: ServiceHistory(
            completed: completed, busy: .seconds(10 * completed), squaredVariation: variation)))
      return interval.latest.seconds / interval.earliest.seconds
    }
    #expect(try width(1_000, 1) < width(30, 1))
    #expect(try width(100, 1) < width(100, 4))
    #expect(try width(100, 0) == width(100, 1))
  }

  @Test func whatIsLeftOfTheRunningOnesMovesTheInterval() throws {
    func interval(_ elapsed: [Double], ahead: Int = 0, slots: Int = 2, _ variation: Double = 0, _ completed: Int = 60)
      throws -> StartInterval
    {
      let place = PlaceInLine(
        ahead: ahead, slots: slots, running: slots, elapsed: elapsed.map { Duration.seconds($0) })
      let history = ServiceHistory(
        completed: completed, busy: .seconds(10 * completed), squaredVariation: variation)
      return try Self.interval(.of(place, history: history))
    }
    func ratio(_ a: StartInterval, _ b: StartInterval) -> Double { a.expected / b.expected }
    // Of jobs of 10 s two run, and the next end is what is left of one of them, not half of one.
    let plain = try interval([])
    #expect(abs(ratio(try interval([6, 2]), plain) - 0.8) < 1e-6)
    #expect(abs(ratio(try interval([0, 0]), plain) - 2) < 1e-6)
    // One that runs on and on may end at any moment, but nobody knows that it does.
    #expect(abs(ratio(try interval([600, 2]), plain) - 0.2) < 1e-6)
    // Two rounds later what is left now hardly counts.
    #expect(abs(ratio(try interval([6, 2], ahead: 4), try interval([], ahead: 4)) - 24 / 25) < 1e-6)
    // Exponential ones do not know how long they have run; between the two it counts by half.
    #expect(try interval([6, 2], 1) == interval([], 1))
    #expect(abs(ratio(try interval([6, 2], 0.5), plain) - 0.9) < 1e-6)
    // Where slots are not known all by what they run, the others begin now.
    #expect(abs(ratio(try interval([6], ahead: 1), try interval([], ahead: 1)) - 1) < 1e-6)
    let few = try interval([9, 9], 1, 5)
    let unmoved = try interval([], 1, 5)
    #expect(few.expected < unmoved.expected && few.latest == unmoved.latest && few.earliest < unmoved.earliest)
  }

  /// A short one has ended and a long one runs: the short one does not say that the other is about to end.
  @Test func thoseThatRunAreSeenToKeepTheirSlotsBusy() throws {
    let seen = ServiceHistory(completed: 1, busy: .milliseconds(10))
    #expect(seen.including([.seconds(7), .seconds(1)]).busy == .seconds(8))
    #expect(seen.including([]) == seen)
    let place = PlaceInLine(ahead: 0, slots: 1, running: 1, elapsed: [.seconds(7)])
    let interval = try Self.interval(.of(place, history: seen.including(place.elapsed)))
    #expect(interval.expected > .seconds(0.5) && interval.latest > .seconds(60), "\(interval)")
  }

  @Test func whereFewHaveEndedTheIntervalIsWider() throws {
    func width(_ completed: Int) throws -> Double {
      let history = ServiceHistory(completed: completed, busy: .seconds(10 * completed), squaredVariation: 1)
      let interval = try Self.interval(.of(PlaceInLine(ahead: 0, slots: 1, running: 1), history: history))
      return interval.latest / interval.earliest
    }
    let (few, enough) = (ServiceHistory.believedFrom - 1, ServiceHistory.believedFrom)
    #expect(try width(few) > 2 * width(enough))
    #expect(try width(1) > width(few))
  }

  @Test func lineAndHistoryMayBeOfAnySize() throws {
    for (ahead, completed) in [(5_000_000, 1), (0, 5_000_000), (5_000_000, 5_000_000), (Int.max, 1)] {
      let history = ServiceHistory(completed: completed, busy: .seconds(completed), squaredVariation: 1)
      let interval = try Self.interval(.of(PlaceInLine(ahead: ahead, slots: 1, running: 1), history: history))
      #expect(.zero <= interval.earliest && interval.earliest <= interval.latest)
    }
  }

  /// Quantiles that have a closed form: shape 1 above (a Lomax distribution), and shape 1 below.
  @Test func theDistributionIsTheOneItClaims() {
    for p in [0.001, 0.05, 0.5, 0.95, 0.999] {
      for b in [0.5, 1, 7.5, 300] {
        let expected = pow(1 - p, -1 / b) - 1
        #expect(abs(BetaPrimeDistribution(a: 1, b: b).quantile(p) / expected - 1) < 1e-6)
        let inverse = 1 / (pow(p, -1 / b) - 1)
        #expect(abs(BetaPrimeDistribution(a: b, b: 1).quantile(p) * (1 / inverse) - 1) < 1e-6)
      }
      // Where both shapes are equal, the median is 1 and the tails mirror each other.
      let even = BetaPrimeDistribution(a: 1_000, b: 1_000)
      #expect(abs(even.quantile(p) * even.quantile(1 - p) - 1) < 1e-6)
    }
  }

  /// Simulates a saturated tier again and again: how often does the true start lie in the interval it was told?
  @Test(arguments: [
    (RunningTimes.exponential, 0.84...0.96), (.constant, 0.84...1.0), (.bursty, 0.84...1.0),
  ])
  func theIntervalHoldsAsOftenAsItClaims(times: RunningTimes, share: ClosedRange<Double>) throws {
    var random = SeededGenerator(seed: testSeed)
    for (slots, window, ahead) in [(1, 20.0, 4), (8, 15.0, 60), (8, 50.0, 3), (20, 5.0, 10)] {
      var hits = 0
      let trials = 600
      // By completed jobs, all that trials differ by.
      var estimates: [Int: StartEstimate] = [:]
      for _ in 0..<trials {
        let (completed, wait) = SaturatedTier.trial(slots, times, window: window, ahead: ahead, using: &random)
        let history = ServiceHistory(
          completed: completed, busy: .seconds(window * Double(slots)), squaredVariation: times.squaredVariation)
        let place = PlaceInLine(ahead: ahead, slots: slots, running: slots)
        let estimate = estimates[completed] ?? .of(place, history: history)
        estimates[completed] = estimate
        guard case .after(let interval) = estimate else { continue }
        if (interval.earliest.seconds...interval.latest.seconds).contains(wait) { hits += 1 }
      }
      let held = Double(hits) / Double(trials)
      #expect(
        share.contains(held),
        "\(times), \(slots) slots, window \(window), \(ahead) ahead: \(held), STRATA_SEED=\(testSeed)")
    }
  }
}

/// Running times with a mean of one second.
enum RunningTimes: Sendable {
  case exponential, constant
  /// Nine in ten are short, the rest eleven times as long: a squared variation of 5.5.
  case bursty

  var squaredVariation: Double {
    switch self {
    case .exponential: 1
    case .constant: 0
    // 2 · Σ pᵢ·mᵢ² − 1 for a mix of exponential distributions, over the square of a mean of 1.
    case .bursty: 2 * (0.9 * Self.short * Self.short + 0.1 * Self.long * Self.long) - 1
    }
  }

  private static let short = 0.5
  private static let long = 5.5

  func draw(using random: inout SeededGenerator) -> Double {
    let exponential = -log(1 - Double.random(in: 0..<1, using: &random))
    return switch self {
    case .exponential: exponential
    case .constant: 1
    case .bursty: exponential * (Double.random(in: 0..<1, using: &random) < 0.9 ? Self.short : Self.long)
    }
  }
}

/// A tier with more work than slots, looked at some while after it began.
private enum SaturatedTier {
  /// Counts ends over `window` seconds, and then waits for as many as a job with `ahead` before it needs.
  static func trial(
    _ slots: Int, _ times: RunningTimes, window: Double, ahead: Int, using random: inout SeededGenerator
  ) -> (completed: Int, wait: Double) {
    // The slots do not begin together, or constant times would stay in step.
    var ends = (0..<slots).map { _ in times.draw(using: &random) * .random(in: 0...1, using: &random) }
    func endNext() -> Double {
      let first = ends.indices.min { ends[$0] < ends[$1] } ?? 0
      defer { ends[first] += times.draw(using: &random) }
      return ends[first]
    }
    let start = 5.0
    var completed = 0
    var end = endNext()
    while end <= start + window {
      if end > start { completed += 1 }
      end = endNext()
    }
    for _ in 0..<ahead { end = endNext() }
    return (completed, end - start - window)
  }
}
