import Foundation
import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct TokenBucketTests {
  private static func at(_ microseconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds) }

  @Test func aBucketGivesItsBurstAndThenItsRate() throws {
    var bucket = TokenBucket(try RateLimit(10, per: .seconds(1), burst: 3), at: Self.at(0))
    #expect((0..<3).map { _ in bucket.take(1, at: Self.at(0)) } == [.taken, .taken, .taken])
    #expect(bucket.take(1, at: Self.at(0)) == .availableAt(Self.at(100_000)))
    #expect(bucket.take(1, at: Self.at(99_999)) == .availableAt(Self.at(100_000)))
    #expect(bucket.take(1, at: Self.at(100_000)) == .taken)
    #expect(bucket.take(3, at: Self.at(200_000)) == .availableAt(Self.at(400_000)))
    #expect(bucket.available(at: Self.at(10_000_000)) == 3)
    #expect(bucket.take(4, at: Self.at(10_000_000)) == .never)
    #expect(bucket.take(0, at: Self.at(10_000_000)) == .taken)
  }

  @Test func aRateThatNoTickDividesDoesNotDrift() throws {
    // 7 per 10 s, asked for some microseconds too early or too late: over 1,000 s exactly 700 and the first bucketful
    // come through.
    var bucket = TokenBucket(try RateLimit(7, per: .seconds(10), burst: 2), at: Self.at(0))
    var taken = 0
    var now: Int64 = 0
    while now < 1_000_000_000 {
      switch bucket.take(1, at: Self.at(now)) {
      case .taken: taken += 1
      case .availableAt(let next): now = next.microseconds - 13
      case .never: Issue.record("a single token is never too many")
      }
      now += 17
    }
    while bucket.take(1, at: Self.at(1_000_000_000)) == .taken { taken += 1 }
    #expect(taken == 702)
  }

  @Test func aClockThatGoesBackEarnsNothingTwice() throws {
    var bucket = TokenBucket(try RateLimit(1, per: .seconds(1), burst: 5), at: Self.at(100_000_000))
    #expect(bucket.take(5, at: Self.at(100_000_000)) == .taken)
    for _ in 0..<100 {
      #expect(bucket.take(1, at: Self.at(100_900_000)) == .availableAt(Self.at(101_000_000)))
      #expect(bucket.take(1, at: Self.at(90_000_000)) == .availableAt(Self.at(101_000_000)))
    }
    #expect(bucket.take(1, at: Self.at(101_000_000)) == .taken)
  }

  @Test func aClockThatWasSetBackLocksNobodyOut() throws {
    var bucket = TokenBucket(try RateLimit(1, per: .seconds(1), burst: 5), at: Self.at(1_000_000_000_000))
    #expect(bucket.take(5, at: Self.at(1_000_000_000_000)) == .taken)
    #expect(bucket.take(1, at: Self.at(500_000_000)) == .availableAt(Self.at(501_000_000)))
    #expect(bucket.take(1, at: Self.at(501_000_000)) == .taken)
  }

  @Test func itAgreesWithALookBackOverAllThatWasTaken() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<60 {
      let limit = try RateLimit(
        .random(in: 1...12, using: &random), per: .microseconds(Int64.random(in: 1...40, using: &random)),
        burst: .random(in: 1...9, using: &random))
      let start = Int64.random(in: 0...50, using: &random)
      var bucket = TokenBucket(limit, at: Self.at(start))
      var history = TakenHistory(limit: limit, start: start)
      var now = start
      for _ in 0..<40 {
        now += Int64.random(in: 0...20, using: &random)
        let count = Int64.random(in: 0...limit.burst + 1, using: &random)
        #expect(bucket.take(count, at: Self.at(now)) == history.take(count, at: now), "STRATA_SEED=\(testSeed)")
      }
    }
  }

  @Test(
    arguments: [
      (0, 1, nil, RateLimitError.count(0)), (1, 0, nil, .period(.zero)), (1, -5, nil, .period(.microseconds(-5))),
      (1, 2_678_400_000_001, nil, .period(.microseconds(2_678_400_000_001))), (1, 1, 0, .burst(0)),
      (1_000_003, 2_592_000_000_000, 1_000_003, .tooFine(1_000_003, 1_000_003)),
      (1, 2_592_000_000_000, Int64.max, .tooFine(1, .max)),
    ] as [(Int64, Int64, Int64?, RateLimitError)])
  func whatIsNoRateIsRefused(count: Int64, microseconds: Int64, burst: Int64?, error: RateLimitError) {
    #expect(throws: error) { try RateLimit(count, per: .microseconds(microseconds), burst: burst) }
  }

  @Test func theRatesOfPlansCanBeCounted() throws {
    let (day, month) = (Duration.seconds(86_400), Duration.seconds(30 * 86_400))
    for (count, period) in [(10, day), (1_000, month), (10_000, month), (250_000, day), (50_000_000, month)] {
      var bucket = TokenBucket(try RateLimit(Int64(count), per: period), at: Self.at(0))
      #expect(bucket.take(Int64(count), at: Self.at(0)) == .taken)
      #expect(bucket.take(Int64(count), at: Self.at(0)) == .availableAt(Self.at(period.nanoseconds / 1_000)))
      #expect(bucket.available(at: Timestamp(nanoseconds: .max)) == count)
    }
    var slowest = TokenBucket(try RateLimit(1, per: month, burst: 3_000), at: Self.at(1_800_000_000_000_000))
    #expect(slowest.take(3_000, at: Self.at(1_800_000_000_000_000)) == .taken)
    #expect(slowest.take(3_000, at: Self.at(1_800_000_000_000_000)) == .availableAt(Self.at(.max / 1_000)))
  }

  @Test func aRateIsReadBackAsItWasWritten() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = #"{"burst":5,"count":100,"period_milliseconds":60000}"#
    let limit = try JSONDecoder().decode(RateLimit.self, from: Data(json.utf8))
    #expect(limit == (try RateLimit(100, per: .seconds(60), burst: 5)))
    #expect(String(decoding: try encoder.encode(limit), as: UTF8.self) == json)
    let plain = try JSONDecoder().decode(RateLimit.self, from: Data(#"{"count":7,"period_milliseconds":1}"#.utf8))
    #expect(plain.burst == 7)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(RateLimit.self, from: Data(#"{"count":0,"period_milliseconds":1}"#.utf8))
    }
  }
}

/// Says the same from everything that was ever taken, with fractions and no state: what a bucket holds at an instant is
/// the least, over all instants since when it may have been full, of a burst and what came in since, less what was
/// taken since.
private struct TakenHistory {
  let limit: RateLimit
  let start: Int64
  private var taken: [(at: Int64, count: Int64)] = []

  init(limit: RateLimit, start: Int64) {
    self.limit = limit
    self.start = start
  }

  private var period: Int64 { limit.period.nanoseconds / 1_000 }

  /// Times the period, to be whole.
  private func held(at now: Int64) -> Int64 {
    ([start] + taken.map(\.at) + [now]).map { since in
      // What was taken at `since` itself came after the bucket may have been full then.
      let spent = taken.filter { $0.at >= since }.reduce(0) { $0 + $1.count }
      return (limit.burst - spent) * period + (now - since) * limit.count
    }.min() ?? 0
  }

  mutating func take(_ count: Int64, at now: Int64) -> TokenVerdict {
    guard count <= limit.burst else { return .never }
    guard held(at: now) < count * period else {
      taken.append((now, count))
      return .taken
    }
    let next = (now...).first { held(at: $0) >= count * period }
    return .availableAt(Timestamp(microseconds: next ?? .max))
  }
}
