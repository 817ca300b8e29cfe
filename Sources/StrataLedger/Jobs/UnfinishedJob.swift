public import StrataCore

/// A job that the queue should hold, with everything needed to put it there again.
public struct UnfinishedJob: Hashable, Sendable {
  public let order: WorkOrder
  public let tier: TierName
  public let priority: JobPriority
  public let attemptsMax: Int
  /// Attempts that count (succeeded, failed or lost, not handed back) and have ended.
  public let attemptsMade: Int
  /// Those of them that ended with the loss of their worker.
  public let workersLost: Int
  /// Whether its owner wants it cancelled.
  public let isCancelRequested: Bool
  /// It does not run before; nil for at once.
  public let runAt: Timestamp?
  /// It fails where no attempt of it has begun by then.
  public let startBy: Timestamp?
  /// Its tenant's.
  public let priorityClass: PriorityClass

  public var id: JobID { order.job }

  package init(
    order: WorkOrder, tier: TierName, priority: JobPriority, attemptsMax: Int, attemptsMade: Int, workersLost: Int,
    isCancelRequested: Bool, runAt: Timestamp?, startBy: Timestamp?, priorityClass: PriorityClass
  ) {
    self.order = order
    self.tier = tier
    self.priority = priority
    self.attemptsMax = attemptsMax
    self.attemptsMade = attemptsMade
    self.workersLost = workersLost
    self.isCancelRequested = isCancelRequested
    self.runAt = runAt
    self.startBy = startBy
    self.priorityClass = priorityClass
  }

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    let id: JobID = try row.identifier()
    let tenant: TenantID = try row.identifier()
    let capability = (name: try row.text(), version: Int(try row.integer()))
    tier = try row.named()
    priority = try row.required(JobPriority(rawValue: Int(row.integer())))
    attemptsMax = Int(try row.integer())
    order = try WorkOrder(job: id, tenant: tenant, capability: capability, &row)
    attemptsMade = Int(try row.integer())
    workersLost = Int(try row.integer())
    isCancelRequested = try row.boolean()
    runAt = try row.optionalTimestamp()
    startBy = try row.optionalTimestamp()
    priorityClass = try row.required(PriorityClass(rawValue: Int(row.integer())))
  }
}
