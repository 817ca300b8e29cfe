internal import StrataCore

/// What an operator has said of the queue's order; nil for what was never said, zero for never.
public struct QueueOrder: Hashable, Sendable {
  /// How long a job waits that needs more than any worker has free, before one keeps its room for it.
  public var keepRoomAfter: Duration?
  /// After so long a worker that keeps room is asked whether it still does.
  public var keepRoomFor: Duration?
  /// A class that has not been served for so long goes first, for one job.
  public var classPatience: Duration?
  /// So much waiting counts as much as one of priority.
  public var priorityAgeing: Duration?
  /// How long a job waits before others of lower classes end for it.
  public var preemptAfter: Duration?

  public init() {}

  /// From the columns of queue_policy.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    keepRoomAfter = try row.optionalInteger().map { .milliseconds($0) }
    keepRoomFor = try row.optionalInteger().map { .milliseconds($0) }
    classPatience = try row.optionalInteger().map { .milliseconds($0) }
    priorityAgeing = try row.optionalInteger().map { .milliseconds($0) }
    preemptAfter = try row.optionalInteger().map { .milliseconds($0) }
  }
}
