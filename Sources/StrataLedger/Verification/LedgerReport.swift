import StrataCore

/// The books read from end to end at one instant.
public struct LedgerReport: Hashable, Sendable {
  /// A place where the books are wrong.
  public struct Violation: Hashable, Sendable {
    /// A stable name: `account_posted`, `account_held`, `account_limit`, `account_over_limit`,
    /// `transfer_without_account`, `charge_over_hold`, `charge_not_posted`, `charge_without_job`,
    /// `charge_without_success`, `cost_of_job`, `usage_without_job`, `blockers_of_job`, `input_missing`, `dependant_forgotten`, `batch_counts`,
    /// `key_outlives_job`, `array_tasks`, `array_open`.
    public let rule: String
    /// The account, transfer or job, as a UUID.
    public let subject: String
    /// What it should be, and what is stored.
    public let expected: String
    public let found: String
  }

  /// Sums of micro-credits over all entries, two for each transfer, in decimal.
  public let debits: String
  public let credits: String
  public let entries: Int
  public let accounts: Int
  public let jobs: Int
  public let openHolds: Int
  /// At most as many as were asked for.
  public let violations: [Violation]

  public var isSound: Bool { violations.isEmpty && debits == credits }
}

extension Ledger {
  /// Reads everything and lists what breaks the ledger's invariants: debits equal credits, the transfers and the open
  /// holds rebuild every account, no charge exceeds its hold, and their kin.
  ///
  /// - Complexity: O(everything). It blocks nobody.
  public func verify(violationsMax: Int = 100) async throws(LedgerError) -> LedgerReport {
    try await perform { session throws(PostgreSQLError) in
      try session.transaction(.idempotent) { transaction throws(PostgreSQLError) in
        let rows = try transaction.run(
          Query.verifySnapshot(), Query.verifyScans(), Query.verifyTotals(),
          Query.verify(.integer(Int64(violationsMax))))
        let violations = try rows[3].map { row throws(PostgreSQLError) in
          LedgerReport.Violation(
            rule: try row.text(), subject: try row.text(), expected: try row.text(), found: try row.text())
        }
        let report = try rows[2].first { row throws(PostgreSQLError) in try LedgerReport(&row, violations) }
        guard let report else { throw PostgreSQLError(.malformed, message: "the totals have no row") }
        return report
      }
    }
  }
}

extension LedgerReport {
  fileprivate init(_ row: inout PostgreSQLRow, _ violations: [Violation]) throws(PostgreSQLError) {
    debits = try row.text()
    credits = try row.text()
    entries = Int(try row.integer())
    accounts = Int(try row.integer())
    jobs = Int(try row.integer())
    openHolds = Int(try row.integer())
    self.violations = violations
  }
}
