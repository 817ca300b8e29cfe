import StrataCore
import StrataLedger

/// How many outcomes a second can be settled (usage recorded, hold closed, charge posted, job finished), and how fast
/// are repeats told apart? Beside the admission of the same jobs in the same run.
enum LedgerSettleBenchmark {
  private static let rounds = 3
  private static let batch = 500

  static func run(arguments: [String]) async throws {
    let bench = try await LedgerBenchmark(arguments)
    var results: [Measurement] = []
    for _ in 0..<rounds {
      let submissions = bench.submissions(bench.jobsPerRound)
      results.append(
        try await Measurement.of("Ledger.admit, batches of \(batch)", items: bench.jobsPerRound) {
          for rows in LedgerBenchmark.batches(submissions, of: batch) { _ = try await bench.ledger.admit(Array(rows)) }
        })
      let outcomes = outcomes(submissions)
      results.append(try await settle("Ledger.settle, batches of \(batch)", bench, outcomes))
      results.append(try await settle("Ledger.settle, all repeated", bench, outcomes))
    }
    Measurement.report(results, unit: "jobs")
    let report = try await bench.ledger.verify()
    print("verify: \(report.jobs) jobs, \(report.entries) entries, \(report.violations.count) violations")
    await bench.ledger.close()
  }

  private static func settle(
    _ name: String, _ bench: LedgerBenchmark, _ outcomes: [SettlementItem]
  ) async throws -> Measurement {
    try await Measurement.of(name, items: outcomes.count) {
      for rows in LedgerBenchmark.batches(outcomes, of: batch) { _ = try await bench.ledger.settle(Array(rows)) }
    }
  }

  private static func outcomes(_ submissions: [JobSubmission]) -> [SettlementItem] {
    submissions.enumerated().map { index, submission in
      SettlementItem(
        job: submission.job, token: FencingToken(rawValue: UInt64(index + 1)), worker: WorkerID(), tier: .cpu,
        ending: .succeeded, isFinal: true, startedAt: submission.createdAt, endedAt: submission.createdAt + .seconds(1),
        report: AttemptReport(
          usage: AttemptUsage(cpuMicroseconds: 900_000, wallMicroseconds: 1_000_000)))
    }
  }
}
