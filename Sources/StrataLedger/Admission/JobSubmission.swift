public import StrataCore

/// A checked request for a job, ready to be priced, held for and stored.
public struct JobSubmission: Hashable, Sendable {
  /// What the worker will be told; it names the job and the tenant.
  public var order: WorkOrder
  /// The name in the price list: the capability's own, or one it is sold under.
  public var soldAs: String
  public var tier: TierName
  public var priority: JobPriority
  /// The most attempts the job may have, the first one included; at least 1.
  public var attemptsMax: Int
  /// The client's `Idempotency-Key`; unique within a tenant.
  public var idempotencyKey: String?
  /// A digest of what the client asked for. A repeated key must come with the same.
  public var fingerprint: [UInt8]
  /// The client's own bound on the hold.
  public var creditsMax: MicroCredits?
  public var createdAt: Timestamp
  /// It does not run before; nil for at once.
  public var runAt: Timestamp?
  /// It fails where no attempt of it has begun by then; nil for never.
  public var startBy: Timestamp?
  /// How it stands to other jobs.
  public var structure: JobStructure
  /// The run of a schedule that it is; nil for one that its owner submitted.
  public var occurrence: ScheduleOccurrence?
  /// What its owner calls it and finds it by.
  public var metadata: JobMetadata
  /// Inputs that other jobs make, which are among those that it runs after.
  public var awaited: AwaitedInputs?

  public init(
    order: WorkOrder, soldAs: String? = nil, tier: TierName, priority: JobPriority = .standard, attemptsMax: Int,
    idempotencyKey: String? = nil, fingerprint: [UInt8], creditsMax: MicroCredits? = nil, createdAt: Timestamp = .now,
    runAt: Timestamp? = nil, startBy: Timestamp? = nil, structure: JobStructure = JobStructure(),
    occurrence: ScheduleOccurrence? = nil, metadata: JobMetadata = JobMetadata(),
    awaited: AwaitedInputs? = nil
  ) {
    self.order = order
    self.soldAs = soldAs ?? order.capability
    self.tier = tier
    self.priority = priority
    self.attemptsMax = attemptsMax
    self.idempotencyKey = idempotencyKey
    self.fingerprint = fingerprint
    self.creditsMax = creditsMax
    self.createdAt = createdAt
    self.runAt = runAt
    self.startBy = startBy
    self.structure = structure
    self.occurrence = occurrence
    self.metadata = metadata
    self.awaited = awaited
  }

  public var job: JobID { order.job }
  public var tenant: TenantID { order.tenant }
}
