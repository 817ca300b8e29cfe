public import StrataCore

/// What a tenant's ended attempts at one kind of job used, cost and were charged in a period.
public struct UsageSummary: Hashable, Sendable {
  /// The name it was sold under.
  public let soldAs: String
  public let jobs: Int
  public let attempts: Int
  public let cpuMicroseconds: Int64
  public let wallMicroseconds: Int64
  /// What the capability's meter counted, such as points.
  public let units: Int64
  public let cost: MicroEuro
  public let charged: MicroCredits

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    soldAs = try row.text()
    jobs = Int(try row.integer())
    attempts = Int(try row.integer())
    cpuMicroseconds = try row.integer()
    wallMicroseconds = try row.integer()
    units = try row.integer()
    cost = try row.amount()
    charged = try row.amount()
  }
}

extension Ledger {
  /// A tenant's usage by the attempts that ended in `period`, one row for each name sold, in order of the name.
  ///
  /// - Complexity: O(attempts in the period).
  public func usage(of tenant: TenantID, in period: Range<Timestamp>) async throws(LedgerError) -> [UsageSummary] {
    try await read(
      Query.summariseUsage(.identifier(tenant), .timestamp(period.lowerBound), .timestamp(period.upperBound))
    ) { row throws(PostgreSQLError) in try UsageSummary(&row) }
  }
}
