import Foundation
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

  @Test func wrongWordsAreSaid() async throws {
    for words in [["--rounds", "0"], ["--rounds"], ["--only", "flood"], ["--nonsense"], ["--plan", "/nowhere"]] {
      let result = try await faults(words)
      #expect(result.code == (words[0] == "--plan" ? 4 : 2) && result.errors.hasPrefix("strata-faults: "), "\(result)")
    }
    #expect(try await faults(["--help"]).output.contains("--hours H"))
  }
}
