public import StrataCore

/// An attempt that has ended.
public struct StoredAttempt: Hashable, Sendable {
  public let token: FencingToken
  public let worker: WorkerID?
  public let ending: AttemptEnding
  /// Where it ran.
  public let tier: TierName
  public let usage: AttemptUsage
  public let cost: MicroEuro
  public let startedAt: Timestamp?
  public let endedAt: Timestamp
  /// Why it failed or was lost; nil for an attempt that did not.
  public let error: AttemptError?
  /// The class of the job that it was preempted for; nil for one that was not.
  public let preemptor: PriorityClass?

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    token = FencingToken(rawValue: UInt64(bitPattern: try row.integer()))
    worker = try row.optionalIdentifier()
    ending = try row.named()
    tier = try row.named()
    usage = AttemptUsage(
      cpuMicroseconds: try row.integer(), wallMicroseconds: try row.integer(), memoryPeakBytes: try row.integer(),
      units: try row.integer())
    cost = try row.amount()
    startedAt = try row.optionalTimestamp()
    endedAt = try row.timestamp()
    error = try row.optionalDocument()
    preemptor = try row.optionalInteger().flatMap { PriorityClass(rawValue: Int($0)) }
  }
}
