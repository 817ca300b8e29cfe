import Capabilities
import Glibc
import StrataCore
import StrataWorker

/// A runner with the product's capabilities and some that misbehave, for the tests of the worker.
///
/// As `worker-test-runner local CAPABILITY FOLDER` it is a small `strata local` that knows them: a process that has no
/// children but runners and so may inherit orphans.
@main
struct Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, arguments[1] == "local" else {
      Runner.main(handlers: Catalogue.handlers + Mischief.all)
    }
    // No sample is taken: what the worker knows of an attempt's processes it must find when the runner is dead.
    var limits = AttemptLimits()
    limits.sampleInterval = .seconds(3_600)
    let run = LocalRun(
      registry: try CapabilityRegistry(Mischief.all.map { $0.definition }),
      runner: RunnerCommand(executable: "/proc/self/exe", arguments: []), limits: limits)
    let report = try await run.run(
      arguments[2], files: [], outputFolder: arguments[3],
      log: { bytes in bytes.withUnsafeBytes { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) } })
    print("ended \(report.error?.code ?? "well") \(report.usage.cpuMicroseconds)")
  }
}
