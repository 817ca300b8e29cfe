public import StrataCore

/// A schedule as the ledger has it.
public struct StoredSchedule: Hashable, Sendable {
  public let id: ScheduleID
  public let tenant: TenantID
  public let definition: ScheduleDefinition
  /// The `Idempotency-Key` that it was made with.
  public let idempotencyKey: String?
  /// Grows with every change of the definition.
  public let revision: Int64
  public let createdAt: Timestamp
  public let changedAt: Timestamp
  public let progress: ScheduleProgress
  /// How many jobs it has made, those that were asked for beside its instants not among them.
  public let runs: Int64
  /// How many runs were skipped since a job of it, or another that holds the unique key, had not ended.
  public let skips: Int64
  /// How many runs could not be admitted.
  public let refusals: Int64
  public let lastRun: Run?
  public let lastSkip: Skip?
  public let lastRefusal: Refusal?

  /// A job that was made.
  public struct Run: Hashable, Sendable {
    public let instant: Timestamp
    public let at: Timestamp
    public let job: JobID
  }

  /// A run that was left out.
  public struct Skip: Hashable, Sendable {
    public let instant: Timestamp
    public let at: Timestamp
    public let reason: ScheduleSkipReason
  }

  /// A run that could not be admitted.
  public struct Refusal: Hashable, Sendable {
    public let instant: Timestamp
    public let at: Timestamp
    public let error: ScheduleRefusal
  }

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    id = try row.identifier()
    tenant = try row.identifier()
    definition = try ScheduleDefinition(&row)
    idempotencyKey = row.optionalText()
    revision = try row.integer()
    createdAt = try row.timestamp()
    changedAt = try row.timestamp()
    progress = try ScheduleProgress(&row)
    runs = try row.integer()
    skips = try row.integer()
    refusals = try row.integer()
    lastRun = try Run(&row)
    lastSkip = try Skip(&row)
    lastRefusal = try Refusal(&row)
  }
}

/// Why a run was left out.
public enum ScheduleSkipReason: String, Hashable, Sendable, CaseIterable {
  /// A job of the schedule had not ended.
  case overlap
  /// Another job holds the unique key of its job.
  case notUnique = "unique_key"
}

/// Why a run could not be admitted: the code and the words of the error that a submission would have had.
public struct ScheduleRefusal: Hashable, Sendable {
  public let code: String
  public let message: String

  public init(code: String, message: String) {
    self.code = code
    self.message = message
  }

  public init(_ error: StrataError) { self.init(code: error.code.rawValue, message: error.description) }
}

extension StoredSchedule.Run {
  fileprivate init?(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let (instant, at) = (try row.optionalTimestamp(), try row.optionalTimestamp())
    let job: JobID? = try row.optionalIdentifier()
    guard let instant, let at, let job else { return nil }
    self.init(instant: instant, at: at, job: job)
  }
}

extension StoredSchedule.Skip {
  fileprivate init?(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let (instant, at) = (try row.optionalTimestamp(), try row.optionalTimestamp())
    let reason = row.optionalText().flatMap(ScheduleSkipReason.init)
    guard let instant, let at, let reason else { return nil }
    self.init(instant: instant, at: at, reason: reason)
  }
}

extension StoredSchedule.Refusal {
  fileprivate init?(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let (instant, at) = (try row.optionalTimestamp(), try row.optionalTimestamp())
    let (code, message) = (row.optionalText(), row.optionalText())
    guard let instant, let at, let code, let message else { return nil }
    self.init(instant: instant, at: at, error: ScheduleRefusal(code: code, message: message))
  }
}
