import Foundation
import StrataCore

/// One question per benchmark, each beside a peer or the physical limit in the same run.
@main
struct Main {
  private struct Entry {
    let name: String
    let question: String
    /// As the usage shows them.
    var options = ""
    let run: @Sendable ([String]) async throws -> Void
  }

  private static let entries = [
    Entry(name: "queue-lifecycle", question: "what do enqueue, lease and complete cost beside a bare Lua lifecycle?") {
      try await QueueLifecycleBenchmark.run(arguments: $0)
    },
    Entry(name: "queue-latency", question: "how soon does an idle worker hold a job that was enqueued?") {
      try await QueueIdleLatencyBenchmark.run(arguments: $0)
    },
    Entry(
      name: "queue-fairness", question: "how far is a tenant from its share, and what does a flood cost the others?"
    ) {
      try await QueueFairnessBenchmark.run(arguments: $0)
    },
    Entry(
      name: "queue-scale", question: "does a lease take longer where millions of jobs or thousands of tenants wait?"
    ) {
      try await QueueScaleBenchmark.run(arguments: $0)
    },
    Entry(
      name: "queue-trace", question: "how well does the queue use a cluster beside EASY backfilling?",
      options: "[--trace PATH | --generate SEED] [--jobs N]   (the first N)"
    ) {
      try await QueueTraceBenchmark.run(arguments: $0)
    },
    Entry(
      name: "queue-rebuild", question: "how fast is a queue that was lost rebuilt, while jobs are submitted?",
      options: "[--jobs N]"
    ) {
      try await QueueRebuildBenchmark.run(arguments: $0)
    },
    Entry(name: "ledger-accept", question: "how fast are jobs and holds committed beside a bare unnest insert?") {
      words in
      try await ScratchPostgreSQL.with(words) { try await LedgerAcceptBenchmark.run(arguments: $0) }
    },
    Entry(name: "ledger-settle", question: "how fast are outcomes settled beside the acceptance of the same jobs?") {
      words in
      try await ScratchPostgreSQL.with(words) { try await LedgerSettleBenchmark.run(arguments: $0) }
    },
    Entry(
      name: "main-path", question: "how long until a job is acknowledged, and until it is settled?",
      options: "[--jobs N] [--burst N]"
    ) {
      try await MainPathBenchmark.run(arguments: $0)
    },
    Entry(
      name: "command-run", question: "how many processes a second do jobs start beside bare posix_spawn?",
      options: "[--jobs N]"
    ) {
      try await CommandRunBenchmark.run(arguments: $0)
    },
    Entry(
      name: "whole-path", question: "how many no-op jobs a second go all the way, beside pgqueuer?",
      options: "[--jobs N] [--slots N] [--batch N]   (slots of each worker; what a worker of pgqueuer takes at once)"
    ) {
      try await WholePathBenchmark.run(arguments: $0)
    },
    Entry(
      name: "drain", question: "how many no-op jobs a second do two workers end beside Sidekiq and beanstalkd?",
      options: "[--jobs N] [--tenants N] [--slots N]"
    ) {
      try await DrainBenchmark.run(arguments: $0)
    },
    Entry(
      name: "idle-latency", question: "how soon does a job start where all is idle, beside beanstalkd?",
      options: "[--jobs N]"
    ) {
      try await IdleLatencyBenchmark.run(arguments: $0)
    },
    Entry(
      name: "cpu-per-job", question: "how much processor time does each kind of process spend on a job?",
      options: "[--jobs N] [--slots N]"
    ) {
      try await CPUPerJobBenchmark.run(arguments: $0)
    },
    Entry(
      name: "point-kernels",
      question: "how fast are the point-cloud kernels beside small_gicp, scipy, pgeof and Open3D?",
      options: PointKernelsBenchmark.options
    ) {
      try await PointKernelsBenchmark.run(arguments: $0)
    },
    Entry(name: "http", question: "what does an HTTP request cost beside libmicrohttpd in C?") {
      try await HTTPBenchmark.run(arguments: $0)
    },
    // The last one: all ends where there is no trace.
    Entry(
      name: "trace-run", question: "what becomes of a cluster's jobs on a real stack beside EASY backfilling?",
      options: TraceRunBenchmark.options
    ) {
      try await TraceRunBenchmark.run(arguments: $0)
    },
  ]

  static func main() async throws {
    let words = Array(CommandLine.arguments.dropFirst())
    guard let first = words.first else {
      for entry in entries { try await run(entry, []) }
      return
    }
    guard let entry = entries.first(where: { $0.name == first }) else {
      print("usage: strata-bench [NAME [OPTION…]]; without a name all run")
      for entry in entries {
        print("  \(entry.name): \(entry.question)")
        if !entry.options.isEmpty { print("    \(entry.options)") }
      }
      return
    }
    try await run(entry, Array(words.dropFirst()))
  }

  /// How benchmarks start this program as one of their processes.
  private static let hiddenWords = ["serve", "work"]

  private static func run(_ entry: Entry, _ words: [String]) async throws {
    if !hiddenWords.contains(words.first ?? "") { print("== \(entry.name): \(entry.question)") }
    do { try await entry.run(words) } catch {
      FileHandle.standardError.write(Data("strata-bench: \(entry.name): \(error)\n".utf8))
      exit(1)
    }
  }
}
