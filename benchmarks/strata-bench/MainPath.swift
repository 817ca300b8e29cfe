import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime

/// How long an idle stack takes to accept a job and to settle it (`idle-latency` tells when it starts), and how many a busy
/// one carries: through `strata up` and its HTTP API, with everything on (commit before the answer, fencing, metering in a
/// runner process, settlement).
///
/// Beside it, in the same run: a bare write and fsync of 4 KiB on the same disk, which the commit cannot beat.
enum MainPathBenchmark {
  /// - Parameter arguments: `[--jobs N]` one at a time, `[--burst N]` all at once.
  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs", "--burst"])
    let (jobs, burstJobs) = (options.count("--jobs") ?? 300, options.count("--burst") ?? 2_000)
    try await CleanUp.after { cleanUp in
      let stack = try await BenchmarkStack()
      cleanUp.add { await stack.stop() }
      try await oneAtATime(stack, jobs)
      try await burst(stack, burstJobs)
    }
  }

  private static func oneAtATime(_ stack: BenchmarkStack, _ count: Int) async throws {
    var accept: [Double] = []
    var settle: [Double] = []
    for _ in 0..<count {
      let sent = Timestamp.now
      let job = try await stack.submitNoop()
      let acknowledged = Timestamp.now
      _ = try await stack.finished(job)
      let settled = Timestamp.now
      accept.append((acknowledged - sent).seconds * 1_000)
      settle.append((settled - acknowledged).seconds * 1_000)
    }
    print("one at a time, \(count) noop jobs, milliseconds (p50 / p99):")
    print("  request to acknowledgement        \(quantiles(accept))")
    print("  acknowledgement to settled        \(quantiles(settle))   (seen by the client's event stream)")
    print("  bare write and fsync, same disk   \(quantiles(try bareSyncs(stack.folder, count)))")
  }

  private static func burst(_ stack: BenchmarkStack, _ count: Int) async throws {
    let began = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<32 {
        group.addTask { for _ in 0..<(count / 32) { _ = try await stack.submitNoop() } }
      }
      try await group.waitForAll()
    }
    let accepted = (ContinuousClock.now - began).seconds
    while try await stack.account().heldMicrocredits > 0 { try await Task.sleep(for: .milliseconds(10)) }
    let settled = (ContinuousClock.now - began).seconds
    let jobs = Double(count / 32 * 32)
    print("burst of \(Int(jobs)) from 32 clients:")
    print(
      "  accepted \(Int(jobs / accepted)) jobs/s, all settled after \(settled.rounded(toPlaces: 2)) s (\(Int(jobs / settled)) jobs/s)"
    )
  }

  private static func bareSyncs(_ folder: String, _ count: Int) throws -> [Double] {
    let path = folder + "/sync-probe"
    let descriptor = unsafe open(path, O_CREAT | O_WRONLY, 0o600)
    guard descriptor >= 0 else { throw StrataError.system("open \(path)") }
    defer { close(descriptor) }
    let page = [UInt8](repeating: 7, count: 4_096)
    return (0..<count).map { _ in
      let start = ContinuousClock.now
      _ = unsafe write(descriptor, page, page.count)
      fsync(descriptor)
      return (ContinuousClock.now - start).seconds * 1_000
    }
  }

  private static func quantiles(_ values: [Double]) -> String {
    guard !values.isEmpty else { return "-" }
    let sorted = values.sorted()
    let middle = sorted[sorted.count / 2]
    let high = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
    return "\(middle.rounded(toPlaces: 2)) / \(high.rounded(toPlaces: 2))"
  }
}

extension Double {
  func rounded(toPlaces places: Int) -> Double {
    let factor = pow(10, Double(places))
    return (self * factor).rounded() / factor
  }
}
