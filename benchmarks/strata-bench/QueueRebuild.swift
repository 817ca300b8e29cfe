import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataLedger
import StrataRuntime

/// How fast is a queue that was lost rebuilt from the ledger, while jobs are submitted?
///
/// A whole stack without workers, as many unfinished jobs as `--jobs` says in its ledger, 120 bytes of parameters each, of ten
/// tenants; then Redis is emptied, and the clock runs until the queue is declared complete. One client submits jobs all the
/// while. Beside it, in the same run: PostgreSQL's own `COPY` of the same rows to nowhere, which no rebuild can beat.
enum QueueRebuildBenchmark {
  private static let rounds = 3

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs"])
    let count = try options.number("--jobs", in: 1_000...100_000_000) ?? 1_000_000
    let stack = try await BenchmarkStack(["--workers", "0"])
    do {
      try await measure(stack, count)
    } catch {
      await stack.stop()
      throw error
    }
    await stack.stop()
  }

  private static func measure(_ stack: BenchmarkStack, _ count: Int) async throws {
    try await stack.declareTier()
    try await fill(stack, count)
    var rates: [Double] = []
    var limits: [Double] = []
    for _ in 0..<rounds {
      limits.append(Double(count) / (try await copy(stack)).seconds)
      let round = try await rebuild(stack)
      rates.append(Double(count) / round.duration.seconds)
      print(
        "rebuilt in \(tenths(round.duration.seconds)) s; meanwhile \(round.latencies.count) jobs were submitted, request to",
        "acknowledgement p50 \(tenths(median(round.latencies))) ms, p99 \(tenths(percentile(0.99, of: round.latencies))) ms"
      )
    }
    let (rate, limit) = (median(rates), median(limits))
    print(
      "\(count) jobs: \(Int(rate)) jobs/s; COPY of the same rows \(Int(limit)) rows/s; ratio \(tenths(10 * rate / limit) / 10)"
    )
  }

  private static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  private static func fill(_ stack: BenchmarkStack, _ count: Int) async throws {
    let bench = try await LedgerBenchmark(["--postgres", stack.database])
    let start = ContinuousClock.now
    for first in stride(from: 0, to: count, by: 50_000) {
      let batches = LedgerBenchmark.batches(bench.submissions(min(50_000, count - first)), of: 500)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for part in 0..<4 {
          group.addTask {
            for batch in stride(from: part, to: batches.count, by: 4) {
              _ = try await bench.ledger.admit(Array(batches[batch]))
            }
          }
        }
        try await group.waitForAll()
      }
    }
    await bench.ledger.close()
    print("\(count) jobs were committed in \(tenths((.now - start).seconds)) s")
  }

  /// The rows that a rebuild reads, in order, to nowhere.
  private static func copy(_ stack: BenchmarkStack) async throws -> Duration {
    let columns =
      "id, tenant, capability, version, tier, priority, attempts_max, params, inputs, timeout_seconds, "
      + "cpu_millicores, memory_bytes, gpu_thousandths"
    let statement =
      "COPY (SELECT \(columns) FROM job WHERE finished_at IS NULL ORDER BY id) TO STDOUT WITH (FORMAT binary)"
    let start = ContinuousClock.now
    try await Program.perform("psql", ["-X", "-q", "-d", stack.database, "-c", statement])
    return .now - start
  }

  private static func rebuild(_ stack: BenchmarkStack) async throws -> (duration: Duration, latencies: [Double]) {
    let socket = stack.redisSocket
    try await Program.perform("redis-cli", ["-s", socket, "FLUSHALL"])
    let start = ContinuousClock.now
    let submitting = Task {
      var latencies: [Double] = []
      while !Task.isCancelled {
        let sent = ContinuousClock.now
        do { _ = try await stack.submitNoop() } catch ClientError.cancelled { break }
        latencies.append((.now - sent).seconds * 1_000)
      }
      return latencies
    }
    while try await Program.output("redis-cli", ["-s", socket, "HEXISTS", "{strata}:8:state", "generation"]) != "1" {
      try await Task.sleep(for: .milliseconds(10))
    }
    let duration = .now - start
    submitting.cancel()
    return (duration, try await submitting.value)
  }
}
