import StrataCore
import Testing

@Suite struct MoneyTests {
  @Test(arguments: [
    (2_000_000, "2"), (100_000, "0.1"), (-3_000_001, "-3.000001"), (0, "0"), (1, "0.000001"), (10_500_000, "10.5"),
  ])
  func amountsReadAsDecimals(_ micros: Int64, _ text: String) {
    #expect(MicroCredits(micros: micros).description == text)
  }

  @Test func ratesRoundUpAndSaturate() {
    let rate = MicroCredits(micros: 1_000)
    #expect(MicroCredits.of(1, at: rate, per: 1_000_000) == MicroCredits(micros: 1))
    #expect(MicroCredits.of(1_000_000, at: rate, per: 1_000_000) == rate)
    #expect(MicroCredits.of(0, at: rate, per: 1_000_000) == .zero)
    #expect(MicroCredits.of(.max, at: MicroCredits(micros: .max), per: 1).micros == .max)
  }

  @Test func aChargeNeverExceedsItsHold() {
    let price = Price(perJob: MicroCredits(micros: 10_000), perCPUSecond: MicroCredits(micros: 1_000))
    var random = SeededGenerator(seed: 3)
    for _ in 0..<1_000 {
      let hold = price.hold(
        cpuMillicores: .random(in: 1...64_000, using: &random), timeoutSeconds: .random(in: 1...86_400, using: &random))
      let usage = AttemptUsage(cpuMicroseconds: .random(in: 0...10_000_000_000_000, using: &random))
      let charge = price.charge(for: usage, hold: hold)
      #expect(charge <= hold)
      #expect(charge >= .zero)
    }
  }

  @Test func unitsAreHeldForAndChargedAsCounted() {
    let price = Price(perJob: MicroCredits(micros: 10), perMillionUnits: MicroCredits(micros: 3))
    let hold = price.hold(cpuMillicores: 1_000, timeoutSeconds: 60, unitsMax: 2_000_001)
    #expect(hold == MicroCredits(micros: 17))
    #expect(price.charge(for: AttemptUsage(units: 1_000_000), hold: hold) == MicroCredits(micros: 13))
    #expect(price.charge(for: AttemptUsage(units: 1), hold: hold) == MicroCredits(micros: 11))
    #expect(price.charge(for: AttemptUsage(units: .max), hold: hold) == hold)
    let dear = Price(perJob: MicroCredits(micros: 10), perMillionUnits: MicroCredits(micros: .max))
    #expect(dear.hold(cpuMillicores: 1, timeoutSeconds: 1, unitsMax: .max).micros == .max)
  }

  @Test func theCostOfAnAttemptIsTheSumOfItsMeters() {
    let rate = TierRate(
      tier: .cpu, cpuHour: MicroEuro(micros: 36_000), memoryGibibyteHour: MicroEuro(micros: 3_600),
      wallHour: MicroEuro(micros: 7_200))
    let usage = AttemptUsage(
      cpuMicroseconds: 3_600_000_000, wallMicroseconds: 1_800_000_000, memoryPeakBytes: 2 << 30)
    #expect(rate.cost(of: usage) == MicroEuro(micros: 36_000 + 3_600 + 3_600))
    #expect(rate.cost(of: AttemptUsage()) == .zero)
  }
}
