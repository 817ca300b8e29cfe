import StrataCore
import Testing

@Suite struct RetryOverrideTests {
  private let usual: RetryPolicy

  init() throws {
    usual = try RetryPolicy(
      attemptsMax: 4, firstDelay: .seconds(10), factor: 3, delayMax: .seconds(60), retryableCodes: ["a"],
      permanentCodes: ["b"])
  }

  @Test func whatIsNotSaidIsTheCapabilitys() throws {
    let same = try RetryOverride().applied(to: usual, attemptsMax: 4)
    #expect(same == usual)
    let more = try RetryOverride(attemptsMax: 9).applied(to: usual, attemptsMax: 4)
    #expect(more.attemptsMax == 9 && more.retryableCodes == ["a"] && more.delayMax == .seconds(60))
  }

  @Test func oneDelayMakesTheOtherFit() throws {
    let slow = try RetryOverride(firstDelayMilliseconds: 90_000).applied(to: usual, attemptsMax: 4)
    #expect(slow.firstDelay == .seconds(90) && slow.delayMax == .seconds(90))
    let quick = try RetryOverride(delayMaxMilliseconds: 500).applied(to: usual, attemptsMax: 4)
    #expect(quick.firstDelay == .milliseconds(500) && quick.delayMax == .milliseconds(500))
    #expect(throws: RetryPolicyError.self) {
      try RetryOverride(firstDelayMilliseconds: 2, delayMaxMilliseconds: 1).applied(to: usual, attemptsMax: 4)
    }
    #expect(throws: RetryPolicyError.self) {
      try RetryOverride(firstDelayMilliseconds: .max).applied(to: usual, attemptsMax: 4)
    }
  }

  @Test func aCodeOfOneKindIsNoMoreOfTheOther() throws {
    let policy = try RetryOverride(retryableCodes: ["b"]).applied(to: usual, attemptsMax: 4)
    #expect(policy.retryableCodes == ["b"] && policy.permanentCodes.isEmpty)
    #expect(throws: RetryPolicyError.contradiction("b")) {
      try RetryOverride(retryableCodes: ["b"], permanentCodes: ["b"]).applied(to: usual, attemptsMax: 4)
    }
  }

  /// A job that is done again has what it had, whatever its capability has by then.
  @Test func aWholePolicyStaysAsItIs() throws {
    let kept = try RetryOverride(usual, attemptsMax: 7).applied(to: .standard, attemptsMax: 3)
    #expect(kept.retryableCodes == ["a"])
    let whole = try RetryOverride(.standard, attemptsMax: 7).applied(to: usual, attemptsMax: 4)
    #expect(whole.decidesAsStandard && whole.attemptsMax == 7)
  }
}
