public import StrataCore

/// How a job of a schedule ended.
public struct ScheduleEnd: Hashable, Sendable {
  public let job: JobID
  public let state: JobState
  public let at: Timestamp
  public let error: AttemptError?

  public init(job: JobID, state: JobState, at: Timestamp, error: AttemptError?) {
    self.job = job
    self.state = state
    self.at = at
    self.error = error
  }

  fileprivate init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    job = try row.identifier()
    state = try row.named()
    at = try row.timestamp()
    error = try row.optionalDocument()
  }
}

extension Ledger {
  /// How the newest ended jobs of schedules ended, those that were made last first, of each at most `limit`. One that has
  /// made none is absent.
  public func recentEnds(
    of schedules: [ScheduleID], limit: Int
  ) async throws(LedgerError) -> [ScheduleID: [ScheduleEnd]] {
    let pairs = try await read(
      Query.recentEnds(.identifiers(schedules), .integer(Int64(limit)))
    ) { row throws(PostgreSQLError) in (try row.identifier() as ScheduleID, try ScheduleEnd(&row)) }
    return Dictionary(grouping: pairs) { $0.0 }.mapValues { $0.map(\.1) }
  }
}
