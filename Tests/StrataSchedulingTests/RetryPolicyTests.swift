import Foundation
import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct RetryPolicyTests {
  private static func policy(_ json: String) throws -> RetryPolicy {
    try JSONDecoder().decode(RetryPolicy.self, from: Data(json.utf8))
  }

  @Test func theLongestWaitGrowsByTheFactorUpToTheCap() throws {
    let policy = try RetryPolicy(attemptsMax: 9, firstDelay: .milliseconds(100), factor: 3, delayMax: .seconds(2))
    let ceilings = (0...6).map { policy.delayCeiling(afterAttempt: $0).milliseconds }
    #expect(ceilings == [100, 100, 300, 900, 2_000, 2_000, 2_000])
    #expect(policy.delayCeiling(afterAttempt: .max) == .seconds(2))
    let constant = try RetryPolicy(firstDelay: .seconds(5), factor: 1, delayMax: .seconds(9))
    #expect(constant.delayCeiling(afterAttempt: 100) == .seconds(5))
  }

  /// The n-th of equal parts of the interval holds its share of many waits: neither half of it nor its end is favoured.
  @Test func waitsAreSpreadEvenlyFromNothingToTheLongest() throws {
    let policy = try RetryPolicy(firstDelay: .seconds(1), factor: 2, delayMax: .seconds(600))
    var random = SeededGenerator(seed: testSeed)
    let (draws, parts) = (20_000, 10)
    var counts = [Int](repeating: 0, count: parts)
    for _ in 0..<draws {
      let delay = policy.delay(afterAttempt: 4, using: &random)
      #expect((.zero ... .seconds(8)).contains(delay))
      counts[min(parts - 1, Int(delay.seconds / 8 * Double(parts)))] += 1
    }
    // Six standard deviations of a binomial count.
    let expected = Double(draws / parts)
    #expect(counts.allSatisfy { abs(Double($0) - expected) < 6 * expected.squareRoot() }, "STRATA_SEED=\(testSeed)")
  }

  @Test func theSameSeedGivesTheSameWaits() {
    var (one, other) = (SeededGenerator(seed: testSeed), SeededGenerator(seed: testSeed))
    for attempt in 1...50 {
      #expect(
        RetryPolicy.standard.delay(afterAttempt: attempt, using: &one)
          == RetryPolicy.standard.delay(afterAttempt: attempt, using: &other))
    }
  }

  @Test func onlyWhatMayEndDifferentlyIsTriedAgain() throws {
    var random = SeededGenerator(seed: testSeed)
    let policy = try RetryPolicy(
      attemptsMax: 2, firstDelay: .zero, delayMax: .zero, retryableCodes: ["timeout"], permanentCodes: ["crashed"])
    func verdict(_ code: String, _ isRetryable: Bool, _ made: Int) -> RetryVerdict {
      policy.verdict(
        on: AttemptError(code: code, message: "", isRetryable: isRetryable), attemptsMade: made, using: &random)
    }
    #expect(verdict("worker_lost", true, 1) == .retry(after: .zero))
    #expect(verdict("worker_lost", true, 2) == .giveUp(.attemptsExhausted))
    #expect(verdict("invalid_input", false, 1) == .giveUp(.permanentError))
    #expect(verdict("timeout", false, 1) == .retry(after: .zero))
    #expect(verdict("crashed", true, 1) == .giveUp(.permanentError))
    // The reason that would hold for any number of attempts is the one that is told.
    #expect(verdict("invalid_input", false, 2) == .giveUp(.permanentError))
  }

  @Test func aPolicyIsReadBackAsItWasWritten() throws {
    #expect(try Self.policy("{}") == .standard)
    let json =
      #"{"attempts_max":7,"delay_max_milliseconds":90000,"factor":1.5,"first_delay_milliseconds":250,"#
      + #""permanent_codes":["exit_status","timeout"],"retryable_codes":["out_of_memory"]}"#
    let policy = try Self.policy(json)
    #expect(policy.attemptsMax == 7 && policy.delayMax == .seconds(90) && policy.factor == 1.5)
    #expect(policy.firstDelay == .milliseconds(250) && policy.retryableCodes == ["out_of_memory"])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(policy), as: UTF8.self) == json)
    #expect(
      String(decoding: try encoder.encode(RetryPolicy.standard), as: UTF8.self)
        == #"{"attempts_max":3,"delay_max_milliseconds":600000,"factor":2,"first_delay_milliseconds":1000}"#)
  }

  @Test(arguments: [
    (#"{"attempts_max": 0}"#, RetryPolicyError.attemptsMax(0)), (#"{"attempts_max": 101}"#, .attemptsMax(101)),
    (#"{"first_delay_milliseconds": -1}"#, .firstDelay(.milliseconds(-1))),
    (#"{"delay_max_milliseconds": 604800001}"#, .delayMax(.milliseconds(604_800_001))),
    (#"{"delay_max_milliseconds": 9223372036854775807}"#, .delayMax(.milliseconds(Int64.max))),
    (#"{"delay_max_milliseconds": 999}"#, .firstDelayPastMax(.seconds(1), .milliseconds(999))),
    (#"{"factor": 0.5}"#, .factor(0.5)), (#"{"factor": 11}"#, .factor(11)),
    (#"{"retryable_codes": ["Time out"]}"#, .code("Time out")), (#"{"permanent_codes": [""]}"#, .code("")),
    (#"{"retryable_codes": ["a"], "permanent_codes": ["b", "a"]}"#, .contradiction("a")),
    (#"{"attempt_max": 3}"#, .unknownKey("attempt_max", nearest: "attempts_max")),
    (#"{"jitter": "none"}"#, .unknownKey("jitter", nearest: nil)),
  ])
  func whatIsNoPolicyIsRefused(json: String, error: RetryPolicyError) throws {
    let thrown = #expect(throws: DecodingError.self) { try Self.policy(json) }
    guard case .dataCorrupted(let context) = try #require(thrown) else {
      Issue.record("\(json) gave \(String(describing: thrown))")
      return
    }
    #expect(context.underlyingError as? RetryPolicyError == error)
    #expect(context.debugDescription == "\(error)")
  }

  @Test func whatIsNotANumberIsNoFactor() {
    for factor in [Double.nan, .infinity, -.infinity] {
      #expect(throws: RetryPolicyError.self) { try RetryPolicy(factor: factor) }
    }
    #expect(throws: RetryPolicyError.tooManyCodes(65)) {
      try RetryPolicy(retryableCodes: Set((0..<65).map { "code_\($0)" }))
    }
  }
}
