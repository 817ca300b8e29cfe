import StrataCore
import StrataLedger

/// How many jobs a second can be accepted (priced, held for, committed), beside a bare insert of the same rows?
///
/// The peer is one `INSERT … SELECT FROM unnest(…)` for each batch into a table with a primary key only: no account, no
/// hold, no idempotency. All on one server, in turns within one run.
enum LedgerAcceptBenchmark {
  private static let rounds = 3
  private static let batch = 500
  private static let callers = 256

  static func run(arguments: [String]) async throws {
    let bench = try await LedgerBenchmark(arguments)
    let pool = try PostgreSQLPool(bench.configuration)
    try await prepare(pool)
    var results: [Measurement] = []
    for _ in 0..<rounds {
      results += [try await bare(bench, pool), try await direct(bench), try await gathered(bench)]
    }
    Measurement.report(results, unit: "jobs")
    await pool.close()
    await bench.ledger.close()
  }

  private static func prepare(_ pool: PostgreSQLPool) async throws {
    let make = PostgreSQLStatement(
      name: "bench_make", text: "CREATE TABLE IF NOT EXISTS bench_job (LIKE job INCLUDING DEFAULTS, PRIMARY KEY (id))")
    try await pool.perform { session throws(PostgreSQLError) in try session.execute([make()]) }
  }

  private static func bare(_ bench: LedgerBenchmark, _ pool: PostgreSQLPool) async throws -> Measurement {
    let commands = LedgerBenchmark.batches(bench.submissions(bench.jobsPerRound), of: batch)
    return try await Measurement.of("bare unnest insert, batches of \(batch)", items: bench.jobsPerRound) {
      for rows in commands {
        try await pool.perform { session throws(PostgreSQLError) in try session.execute([insertion(Array(rows))]) }
      }
    }
  }

  private static func insertion(_ jobs: [JobSubmission]) -> PostgreSQLCommand {
    let orders = jobs.map(\.order)
    return bareInsert(
      .identifiers(jobs.map(\.job)), .identifiers(jobs.map(\.tenant)), .texts(orders.map(\.capability)),
      .integers(orders.map { Int64($0.version) }), .texts(jobs.map(\.soldAs)), .texts(jobs.map(\.tier.rawValue)),
      .integers(jobs.map { Int64($0.priority.rawValue) }), .integers(jobs.map { Int64($0.attemptsMax) }),
      .documents(orders.map(\.parametersJSON)), .documents(orders.map { _ in "[]" }),
      .integers(orders.map(\.timeoutSeconds)), .integers(orders.map(\.resources.cpuMillicores)),
      .integers(orders.map(\.resources.memoryBytes)), .byteStrings(jobs.map(\.fingerprint)),
      .timestamps(jobs.map(\.createdAt)))
  }

  private static let bareInsert = PostgreSQLStatement(
    name: "bench_insert",
    text: """
      INSERT INTO bench_job (id, tenant, capability, version, sold_as, tier, priority, attempts_max, params, inputs,
        timeout_seconds, cpu_millicores, memory_bytes, fingerprint, created_at, price_version, hold_amount, state)
      SELECT *, 1, 1, 'queued' FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[],
        $7::bigint[], $8::bigint[], $9::json[], $10::json[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[],
        $15::timestamptz[])
      """)

  private static func direct(_ bench: LedgerBenchmark) async throws -> Measurement {
    let commands = LedgerBenchmark.batches(bench.submissions(bench.jobsPerRound), of: batch)
    return try await Measurement.of("Ledger.admit, batches of \(batch)", items: bench.jobsPerRound) {
      for rows in commands {
        let verdicts = try await bench.ledger.admit(Array(rows))
        guard verdicts.allSatisfy(isAccepted) else { throw StrataError(.internalError, "a job was refused") }
      }
    }
  }

  private static func gathered(_ bench: LedgerBenchmark) async throws -> Measurement {
    let shares = LedgerBenchmark.batches(
      bench.submissions(bench.jobsPerRound), of: (bench.jobsPerRound + callers - 1) / callers)
    let batcher = AdmissionBatcher(bench.ledger)
    return try await Measurement.of("AdmissionBatcher, \(callers) callers", items: bench.jobsPerRound) {
      try await withThrowingTaskGroup { group in
        for share in shares {
          group.addTask {
            for submission in share {
              guard isAccepted(try await batcher.submit(submission)) else {
                throw StrataError(.internalError, "a job was refused")
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  private static func isAccepted(_ verdict: AdmissionVerdict) -> Bool {
    if case .accepted = verdict { true } else { false }
  }
}
