import Capabilities
import FoundationEssentials
import Glibc
import PointClouds
import StrataCore
import StrataRuntime
import StrataWorker
import Synchronization

extension Command {
  static let local = Command(
    name: "local", arguments: "CAPABILITY [FILE…]", argumentsMax: .max,
    summary: "Run a capability right here: no server, no charge",
    details: """
      The results go into --out, or into a new folder here that is named after the capability, which is told.

      Example: strata local pointcloud.ground scan.laz --param cell=0.5 --out results
      """,
    options: [
      .option("param", "NAME=VALUE", "a parameter of the capability", repeats: true),
      .option("out", "FOLDER", "where to put the results [a new folder: CAPABILITY-results]"), .json,
    ],
    run: { arguments in
      guard let capability = arguments.positional.first else {
        throw UsageError(
          "which capability? for example: strata local pointcloud.ground scan.laz --out results", command: "local")
      }
      let parameters = try ParameterWords.parse(arguments.all("param"))
      let files = try InputFiles.check(Array(arguments.positional.dropFirst()))
      let registry = try Catalogue.registry()
      let progress = Mutex(ProgressLine())
      let run = LocalRun(
        registry: registry,
        runner: RunnerCommand(executable: OwnProgram.path, arguments: [Runner.subcommand]))
      let request = (capability: capability, parameters: JSONValue.object(parameters).description)
      try run.check(request.capability, parametersJSON: request.parameters, inputs: files.count)
      // Seen to take files before anything is computed.
      if let out = arguments["out"] { _ = try ResultsFolder(out) }
      let folder = try arguments["out"] ?? NewFolder.make(named: "\(capability)-results")
      // An attempt that left nothing leaves no folder either.
      defer { if !arguments.has("out") { NewFolder.removeEmpty(folder) } }
      let (report, signal) = try await cancelledByTermination {
        try await run.run(
          request.capability, parametersJSON: request.parameters, files: files, outputFolder: folder,
          progress: { fraction, stage in
            progress.withLock { $0.show(fraction: fraction, stage: stage ?? "running") }
          }, log: { Terminal.write($0, to: 2) })
      }
      progress.withLock { $0.clear() }
      Terminal.print(try LocalOutcome(report: report).text(asJSON: arguments.has("json")))
      if let signal, report.error != nil {
        if !arguments.has("out") { NewFolder.removeEmpty(folder) }
        Glibc.exit(Interruption.statusBase + signal)
      }
      if !arguments.has("out"), !report.results.isEmpty { Terminal.note("strata: the results are in \(folder)") }
      return report.error == nil ? .done : .failedJob
    })

  static let simulateScan = Command(
    name: "simulate-scan", arguments: "FILE", argumentsMax: 1,
    summary: "Write a simulated airborne scan (LAS), to try things with",
    options: [
      .option("seed", "N", "the same seed gives the same scan [1]"), .option("points", "N", "about how many [200000]"),
    ],
    run: { arguments in
      let file = try arguments.single("file to write")
      try InputFiles.checkTarget(file)
      guard !file.lowercased().hasSuffix(".laz") else {
        throw UsageError("what is written is LAS, not compressed: call it .las", command: "simulate-scan")
      }
      let seed = try arguments.integer("seed", in: 0...Int.max) ?? 1
      let points = try arguments.integer("points", in: 100...100_000_000) ?? 200_000
      do {
        let cloud = try ScanSimulator(seed: UInt64(seed), points: points).makeCloud()
        try cloud.write(path: file, classifications: cloud.classifications(threads: Machine.cores))
      } catch {
        throw StrataError(.invalidInput, "the scan could not be written: \(error)")
      }
      Terminal.note("wrote a simulated scan of about \(points) points to \(file)")
      return .done
    })
}

/// Does `work` and cancels it once someone wants this process to end, so that it can tidy up.
///
/// - Returns: what it came to, and the signal that asked for its end, if one did.
private func cancelledByTermination<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws
  -> (value: Value, signal: Int32?)
{
  let requests = try Signals.terminationRequests()
  let heard = Mutex<Int32?>(nil)
  let task = Task { try await work() }
  let listener = Task {
    for await request in requests {
      heard.withLock { $0 = $0 ?? request.signal }
      task.cancel()
    }
  }
  defer { listener.cancel() }
  let value = try await task.value
  return (value, heard.withLock { $0 })
}

/// How a local run ended, in words or as JSON.
struct LocalOutcome {
  let report: LocalReport

  private struct Shape: Encodable {
    let error: AttemptError?
    let usage: AttemptUsage
    let summary: JSONValue?
    let results: [String]
  }

  func text(asJSON: Bool) throws -> String {
    let summary = report.summaryJSON.flatMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
    if asJSON {
      return try JSONText.of(Shape(error: report.error, usage: report.usage, summary: summary, results: report.results))
    }
    let head = report.error.map { "failed: \($0.message) [\($0.code)]" } ?? "done"
    let time = "  time     \(UsageText.of(report.usage))"
    return ([head] + SummaryText.lines(of: summary) + report.results.map { "  result   \($0)" } + [time])
      .joined(separator: "\n")
  }
}
