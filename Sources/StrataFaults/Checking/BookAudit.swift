import Foundation
public import StrataCore

/// Looks into the ledger's tables at one instant, whatever its own verification thinks of them.
struct BookAudit: Sendable {
  let database: DatabaseTool

  /// What is wrong with the money now; nil where PostgreSQL does not answer.
  func look() async -> [String]? { try? await database.run(Self.books) }

  /// How many jobs have not ended; nil where PostgreSQL does not answer.
  func unfinished() async -> Int? {
    guard let rows = try? await database.run(Self.unfinished) else { return nil }
    return rows.first.flatMap { Int($0) }
  }

  /// Every job there is.
  func jobs() async throws -> [JobRow] {
    try await database.run(Self.jobs).map { try JSONDecoder().decode(JobRow.self, from: Data($0.utf8)) }
  }

  /// One statement, and so one snapshot.
  private static let books = """
    SELECT 'account ' || id || ' has spent ' || posted || ' and holds ' || held || ' of ' || limit_
      FROM account WHERE posted::numeric + held > limit_
    UNION ALL
    SELECT 'account ' || account.id || ' says that it holds ' || held || ', and its jobs hold ' || coalesce(sum(hold_amount), 0)
      FROM account LEFT JOIN job ON job.tenant = account.id AND job.finished_at IS NULL
      WHERE kind = 'tenant' GROUP BY account.id HAVING held <> coalesce(sum(hold_amount), 0)
    UNION ALL
    SELECT 'account ' || account.id || ' says that it has spent ' || posted || ', and its charges are ' || coalesce(sum(amount), 0)
      FROM account LEFT JOIN transfer ON transfer.debited = account.id AND transfer.kind = 'charge'
      WHERE account.kind = 'tenant' GROUP BY account.id HAVING posted <> coalesce(sum(amount), 0)
    UNION ALL
    SELECT 'the house has ' || -posted || ', and was given ' || given FROM account, (
      SELECT coalesce(sum(amount), 0) AS given FROM transfer WHERE kind = 'charge') AS sums
      WHERE name = 'revenue' AND kind = 'house' AND -posted <> given
    UNION ALL
    SELECT 'job ' || job.id || ' is ' || job.state || ' and charged ' || coalesce(charged, 0) || ', and its transfer is of '
        || coalesce(amount, 0)
      FROM job LEFT JOIN transfer ON transfer.id = job.id AND debited = tenant AND kind = 'charge'
      WHERE coalesce(charged, 0) <> coalesce(amount, 0)
    UNION ALL
    SELECT 'what is no job was charged: ' || id FROM transfer
      WHERE kind = 'charge' AND NOT EXISTS (SELECT FROM job WHERE job.id = transfer.id)
    UNION ALL
    SELECT count(*) || ' unfinished jobs hold the key ' || unique_key FROM job
      WHERE unique_key IS NOT NULL AND finished_at IS NULL GROUP BY tenant, unique_key HAVING count(*) > 1
    LIMIT 20
    """

  private static let unfinished = """
    SELECT (SELECT count(*) FROM job WHERE finished_at IS NULL) + (SELECT count(*) FROM job_array WHERE next_position < tasks)
    """

  private static let jobs = """
    SELECT json_build_object('id', replace(id::text, '-', ''), 'state', state, 'attempts_max', attempts_max,
      'code', error->>'code',
      'finished', (extract(epoch FROM finished_at) * 1e6)::bigint,
      'run_at', (extract(epoch FROM run_at) * 1e6)::bigint, 'array', task->>'array',
      'endings', coalesce((SELECT json_object_agg(ending, count) FROM (
        SELECT ending, count(*) FROM usage WHERE usage.job = job.id GROUP BY ending) AS ends), '{}'::json))
    FROM job ORDER BY id
    """
}

/// What the ledger has of a job.
public struct JobRow: Hashable, Codable, Sendable {
  /// As 32 hexadecimal digits.
  public var id: String
  public var state: JobState
  public var attemptsMax: Int
  public var code: String?
  /// Microseconds since 1970.
  public var finished: Int64?
  public var runAt: Int64?
  public var array: String?
  /// How many attempts ended in each way, as far as that was told.
  public var endings: [String: Int]

  public init(
    id: JobID, state: JobState, attemptsMax: Int = 10, code: String? = nil, finished: Int64? = nil,
    runAt: Int64? = nil, array: String? = nil, endings: [String: Int] = [:]
  ) {
    self.id = id.hexadecimal
    self.state = state
    self.attemptsMax = attemptsMax
    self.code = code
    self.finished = finished
    self.runAt = runAt
    self.array = array
    self.endings = endings
  }

  enum CodingKeys: String, CodingKey {
    case id, state, code, finished, array, endings
    case attemptsMax = "attempts_max"
    case runAt = "run_at"
  }

  func count(_ ending: String) -> Int { endings[ending] ?? 0 }
}

extension Identifier {
  package init?(hexadecimal: String) {
    let digits = Array(hexadecimal)
    guard digits.count == 32, let high = UInt64(String(digits[..<16]), radix: 16),
      let low = UInt64(String(digits[16...]), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  /// Its 32 digits, as PostgreSQL and the audits show it.
  var hexadecimal: String { bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined() }
}
