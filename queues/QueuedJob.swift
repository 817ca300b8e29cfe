public import StrataCore

/// A job as the queue knows it. `payload` is opaque to the queue.
public struct QueuedJob: Hashable, Sendable {
  public let id: JobID
  public let tenant: TenantID
  public let lane: Lane
  /// Among the jobs of its tenant, higher runs first.
  public var priority: JobPriority
  /// The most attempts the job may have.
  public let attemptsMax: Int
  /// Attempts that count and have ended, from before the queue knew the job; 0 for a new job.
  public let attemptsMade: Int
  /// Attempts of these that ended with the loss of their worker.
  public let workersLost: Int
  /// It does not run before; nil for at once.
  public let notBefore: Timestamp?
  /// It is finished, as `expired`, where no attempt of it has begun by then; nil for never.
  public let startBy: Timestamp?
  /// Whether a running attempt of it may be ended so that a job of a higher class has its room.
  public let isPreemptible: Bool
  public let payload: [UInt8]

  public init(
    id: JobID, tenant: TenantID, lane: Lane, priority: JobPriority = .standard, attemptsMax: Int,
    attemptsMade: Int = 0, workersLost: Int = 0, notBefore: Timestamp? = nil, startBy: Timestamp? = nil,
    isPreemptible: Bool = false, payload: [UInt8]
  ) {
    self.id = id
    self.tenant = tenant
    self.lane = lane
    self.priority = priority
    self.attemptsMax = attemptsMax
    self.attemptsMade = attemptsMade
    self.workersLost = workersLost
    self.notBefore = notBefore
    self.startBy = startBy
    self.isPreemptible = isPreemptible
    self.payload = payload
  }

  public var tier: TierName { lane.tier }
}

/// What jobs have in common that can run on the same workers and stand before the same gates. They wait together, by
/// tenant; which of them runs next is the fair order's to say.
public struct Lane: Hashable, Sendable {
  public let tier: TierName
  /// All jobs of a higher class go before those of a lower one.
  public let priorityClass: PriorityClass
  /// At most 255 bytes of UTF-8.
  public let capability: String
  /// What a worker must have free. The number of different ones is the number of lanes: round them to few.
  public let resources: ResourceRequest

  public init(
    tier: TierName, priorityClass: PriorityClass = .standard, capability: String,
    resources: ResourceRequest = ResourceRequest()
  ) {
    self.tier = tier
    self.priorityClass = priorityClass
    self.capability = capability
    self.resources = resources
  }
}
