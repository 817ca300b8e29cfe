import Foundation
import StrataCore
import StrataFaults
import StrataRuntime

/// Runs one after another.
struct Campaign {
  private let options: Options
  private let began = ContinuousClock.now
  private let strata: String

  /// What there may be: of those asked for, what can be done here.
  private let faults: Set<Fault>

  init(_ options: Options, mayMount: Bool) throws {
    self.options = options
    let impossible: Set<Fault> = mayMount ? [] : [.diskFull]
    faults = (options.only ?? Set(Fault.allCases)).subtracting(impossible)
    if !mayMount { say("without the right to mount, which root has, no disk is filled") }
    strata = (OwnProgram.path as NSString).deletingLastPathComponent + "/strata"
    guard FileManager.default.isExecutableFile(atPath: strata) else {
      throw StrataError(.notFound, "there is no \(strata)", remedy: "build it: make build")
    }
  }

  /// - Returns: whether all was well.
  func run() async throws -> Bool {
    let given = try options.plan.map {
      try JSONDecoder().decode(FaultPlan.self, from: Data(contentsOf: URL(fileURLWithPath: $0)))
    }
    var (done, failed, jobs) = (0, 0, 0)
    while options.hours.map({ elapsed.seconds < $0 * 3_600 }) ?? (done < options.rounds) {
      let plan = given ?? makePlan(options.seed &+ UInt64(done))
      done += 1
      let result: FaultRun.Result
      do { result = try await perform(plan) } catch {
        // What cannot be tried once more cannot be tried at all.
        say("seed \(plan.seed): it could not be tried: \(error)")
        result = try await perform(plan)
      }
      jobs += result.jobs
      if result.violations.isEmpty {
        if !options.isQuiet { say(summary(result)) }
      } else {
        failed += 1
        try await report(result)
      }
    }
    say("\(done) runs, \(jobs) jobs, \(Int(elapsed.seconds)) s: \(failed == 0 ? "all was well" : "\(failed) were not")")
    return failed == 0
  }

  private var elapsed: Duration { .now - began }

  private func makePlan(_ seed: UInt64) -> FaultPlan {
    FaultPlan(seed: seed, within: options.bounds, of: faults)
  }

  /// In a folder that is gone afterwards, unless something was wrong: then it is where `kept` says.
  private func perform(_ plan: FaultPlan, kept: String? = nil) async throws -> FaultRun.Result {
    let folder = "/tmp/sf-\(getpid())-\(plan.seed % 1_000_000)"
    try? FileManager.default.removeItem(atPath: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let result = try await FaultRun(plan, strata: strata, worker: OwnProgram.path, folder: folder).perform()
    if !result.violations.isEmpty { try keep(result, from: folder, in: kept ?? "\(options.out)/seed-\(plan.seed)") }
    return result
  }

  /// The plan, what was wrong, and the logs.
  private func keep(_ result: FaultRun.Result, from folder: String, in home: String) throws {
    let files = FileManager.default
    try? files.removeItem(atPath: home)
    try files.createDirectory(atPath: home, withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(result.plan).write(to: URL(fileURLWithPath: home + "/plan.json"))
    try Data(result.violations.map { "\($0.promise.rawValue): \($0.what)\n" }.joined().utf8)
      .write(to: URL(fileURLWithPath: home + "/violations.txt"))
    for (from, to) in [("a/data/log", "log-a"), ("b/data/log", "log-b"), ("runs", "runs")] {
      try? files.copyItem(atPath: folder + "/" + from, toPath: home + "/" + to)
    }
  }

  private func summary(_ result: FaultRun.Result) -> String {
    let kinds = Set(result.plan.strikes.map(\.fault.rawValue)).sorted().joined(separator: " ")
    return "seed \(result.plan.seed): \(result.jobs) jobs, \(result.runs) runs, \(result.repeats) repeated requests, "
      + "\(result.booksSeen)+\(result.placesSeen) looks, recovered in \(result.recovery.map { "\(Int($0.seconds * 1_000)) ms" } ?? "no time"); "
      + (result.plan.isReplicated ? "on replicated servers; " : "")
      + (kinds.isEmpty ? "nothing" : kinds)
      + result.missed.map { "\n    missed: \($0.strike): \($0.reason)" }.joined()
  }

  private func report(_ result: FaultRun.Result) async throws {
    say(summary(result))
    for violation in result.violations.prefix(20) { say("  \(violation.promise.rawValue): \(violation.what)") }
    for strike in result.plan.strikes { say("    \(strike)") }
    say("  again: strata-faults --plan \(options.out)/seed-\(result.plan.seed)/plan.json")
    guard options.shrinkMinutes > 0 else { return }
    let deadline = ContinuousClock.now + .seconds(options.shrinkMinutes * 60)
    let promises = Set(result.violations.map(\.promise))
    let small = await result.plan.shrunk { plan in
      guard ContinuousClock.now < deadline else { throw CancellationError() }
      let home = "\(options.out)/seed-\(plan.seed)-small"
      let again = try await perform(plan, kept: home + "-try")
      guard !promises.isDisjoint(with: again.violations.map(\.promise)) else { return false }
      try? FileManager.default.removeItem(atPath: home)
      try FileManager.default.moveItem(atPath: home + "-try", toPath: home)
      return true
    }
    say(
      "  smaller: \(small.requests.count) requests, \(small.strikes.count) faults: \(options.out)/seed-\(small.seed)-small"
    )
    for strike in small.strikes { say("    \(strike)") }
  }
}
