import Foundation
import StrataSimulation
import TestSupport
import Testing

/// The simulation is a program of its own: what happens in it may depend on nothing that a process has by chance, the order
/// of sets included, and that is said to a process when it starts.
@Suite(.serialized) struct SimulationTests {
  /// `STRATA_SIMULATION_SECONDS` (10 by default) of histories, the first from the seed `STRATA_SEED` (a new one by default).
  @Test(.timeLimit(.minutes(10))) func promisesAreKept() throws {
    let seconds = ProcessInfo.processInfo.environment["STRATA_SIMULATION_SECONDS"] ?? "10"
    let result = try simulate(["--seed", "\(testSeed)", "--seconds", seconds])
    print(result.output)
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("all was well"))
  }

  @Test(.timeLimit(.minutes(5))) func aSeedIsPlayedTheSameAgain() throws {
    let words = ["--seed", "\(testSeed)", "--histories", "6", "--trace"]
    let traces = try (0..<2).map { _ in
      try simulate(words).output.split(separator: "\n").filter { $0.contains(": trace ") }.map(String.init)
    }
    #expect(traces[0] == traces[1] && traces[0].count == 6, "STRATA_SEED=\(testSeed)")
    let digests = traces[0].compactMap { $0.split(separator: " ").last }
    #expect(Set(digests).count == 6)
  }

  /// What finds nothing proves nothing.
  @Test(.timeLimit(.minutes(10)), arguments: Mutation.allCases) func aBrokenRuleIsFound(_ rule: Mutation) throws {
    let result = try simulate(["--seed", "\(testSeed)", "--histories", "200", "--break", rule.rawValue])
    #expect(
      result.code == 1 && result.output.contains("1 broke a promise"), "STRATA_SEED=\(testSeed): \(result.output)")
    // What is found is found again.
    let line = try #require(result.output.split(separator: "\n").first { $0.contains("replay it with ") })
    let words = try #require(line.split(separator: "replay it with ").last).split(separator: " ").map(String.init)
    let again = try simulate(words)
    #expect(again.code == 1 && again.output.contains(line))
  }

  @Test func wrongWordsAreSaid() throws {
    for words in [["--seed"], ["--histories", "0"], ["--seconds", "-1"], ["--break", "nothing"], ["--nonsense"]] {
      let result = try simulate(words)
      #expect(result.code == 2 && result.errors.hasPrefix("strata-simulate: "), "\(words): \(result)")
    }
    #expect(try simulate(["--help"]).output.contains("--seconds N"))
  }

  /// What is never planned is never tried.
  @Test func everyHarmComesUpAndNoneInSome() {
    let plans = (0..<400 as Range<UInt64>).map { HistoryPlan(seed: $0) }
    #expect(Set(plans.flatMap(\.harms)) == Set(HistoryPlan.Harm.allCases))
    #expect(
      plans.contains { $0.harms.isEmpty } && plans.contains { $0.poison > 0 } && plans.contains { $0.failure == 0 })
    #expect(
      plans.contains { $0.cancellation > 0 } && plans.contains { $0.dependency > 0 } && plans.contains { $0.delay > 0 })
    for seed in 0..<20 as Range<UInt64> { #expect(HistoryPlan(seed: seed) == HistoryPlan(seed: seed)) }
  }
}

private struct Result {
  let code: Int32
  let output: String
  let errors: String
}

/// Runs `strata-simulate`, which lies beside the tests, to its end.
private func simulate(_ words: [String]) throws -> Result {
  let process = Process()
  process.executableURL = Bundle.main.executableURL?.deletingLastPathComponent().appendingPathComponent(
    "strata-simulate")
  process.arguments = words
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("strata-simulation-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let files = ["output", "errors"].map { folder.appendingPathComponent($0) }
  for file in files { try Data().write(to: file) }
  process.standardOutput = try FileHandle(forWritingTo: files[0])
  process.standardError = try FileHandle(forWritingTo: files[1])
  try process.run()
  process.waitUntilExit()
  let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
  return Result(code: process.terminationStatus, output: texts[0], errors: texts[1])
}
