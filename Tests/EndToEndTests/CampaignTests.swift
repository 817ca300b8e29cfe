import Foundation
import StrataFaults
import TestSupport
import Testing

/// A short run of `strata-faults`, which does harm of all kinds for as long as one lets it.
@Suite(.serialized) struct CampaignTests {
  private func faults(_ words: [String]) async throws -> CommandResult {
    try await program(StackUnderTest.binary + "-faults", words)
  }

  /// A failing seed is printed; `STRATA_SEED` replays its plan.
  @Test(.timeLimit(.minutes(5))) func promisesAreKeptUnderRandomFaults() async throws {
    let out = FileManager.default.temporaryDirectory.path + "/strata-faults-\(testSeed)"
    let words = ["--seed", "\(testSeed)", "--rounds", "2", "--seconds", "10", "--shrink", "0", "--out", out]
    let result = try await faults(words)
    print(result.output)
    #expect(result.code == 0, "STRATA_SEED=\(testSeed): \(result.output)\(result.errors)")
    #expect(result.output.contains("2 runs"))
  }

  /// Carries out a plan whose requests are those of the seed, or of as many seeds as it takes, and whose strikes are these.
  private func perform(_ name: String, _ requests: [Request], _ strikes: [Strike]) async throws {
    let home = FileManager.default.temporaryDirectory.path + "/strata-faults-\(name)-\(testSeed)"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    let plan = FaultPlan(seed: testSeed, milliseconds: 10_000, requests: requests, strikes: strikes)
    try JSONEncoder().encode(plan).write(to: URL(fileURLWithPath: home + "/plan.json"))
    let result = try await faults(["--plan", home + "/plan.json", "--rounds", "1", "--shrink", "0", "--out", home])
    print(result.output)
    #expect(result.code == 0, "STRATA_SEED=\(testSeed): \(result.output)\(result.errors)")
    #expect(result.output.contains("1 runs") && !result.output.contains("missed"), "\(result.output)")
  }

  private var requests: [Request] {
    var bounds = FaultPlan.Bounds()
    (bounds.milliseconds, bounds.requestsMax) = (10_000, 40)
    return FaultPlan(seed: testSeed, within: bounds, of: []).requests
  }

  @Test(.timeLimit(.minutes(5)), arguments: [0, 1]) func promisesAreKeptWhenRedisFailsOver(choice: Int) async throws {
    try await perform(
      "redis-\(choice)", requests,
      [
        Strike(atMilliseconds: 2_000, fault: .redisFailedOver, forMilliseconds: 200, choice: choice),
        Strike(atMilliseconds: 4_000, fault: .workerKilled),
      ])
  }

  /// And once more, when the one of before is its standby.
  @Test(.timeLimit(.minutes(5))) func promisesAreKeptWhenPostgreSQLFailsOver() async throws {
    try await perform(
      "postgres", requests,
      [
        Strike(atMilliseconds: 1_000, fault: .postgresFailedOver, forMilliseconds: 100),
        Strike(atMilliseconds: 9_000, fault: .postgresFailedOver, forMilliseconds: 100),
      ])
  }

  /// By the clock of the ledger's server: both controllers are a day ahead, and nothing waits for that day.
  @Test(.timeLimit(.minutes(5))) func aDelayCountsByNoControllersClock() async throws {
    let requests = (0..<8).map { number in
      var work = Work(milliseconds: 10)
      work.delaySeconds = 1 + number % 3
      return Request(
        number: number, atMilliseconds: 1_000 + 100 * number, controller: number % 2, action: .submit(work))
    }
    // The last of the jumps, of one instance and of the other.
    let strikes = [28, 30].map {
      Strike(atMilliseconds: 0, fault: .strataClockSet, forMilliseconds: 10_000, choice: $0)
    }
    try await perform("delays", requests, strikes)
  }

  @Test func wrongWordsAreSaid() async throws {
    for words in [["--rounds", "0"], ["--rounds"], ["--only", "flood"], ["--nonsense"], ["--plan", "/nowhere"]] {
      let result = try await faults(words)
      #expect(result.code == (words[0] == "--plan" ? 4 : 2) && result.errors.hasPrefix("strata-faults: "), "\(result)")
    }
    #expect(try await faults(["--help"]).output.contains("--hours H"))
  }
}
