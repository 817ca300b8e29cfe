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
///
/// Where jobs may run in several ways, they wait in the lane of the one that is preferred, `home`. While one of them runs
/// in another way, its lane is a guest of that: it stands before the gates of its own tier, and takes its own resources.
public struct Lane: Hashable, Sendable {
  /// All jobs of a higher class go before those of a lower one.
  public let priorityClass: PriorityClass
  /// At most 255 bytes of UTF-8.
  public let capability: String
  /// How its jobs may run, the preferred way first; at least one. The number of different ones is the number of lanes:
  /// round resources to few.
  public let placements: [Placement]
  /// In which of these ways they run here; 0 where they wait.
  public let rank: Int

  /// - Parameter alternatives: ways in which its jobs may run where they cannot run as is preferred, in that order; at most
  ///   `QueueLimits.alternativesMax`.
  public init(
    tier: TierName, priorityClass: PriorityClass = .standard, capability: String,
    resources: ResourceRequest = ResourceRequest(), alternatives: [Placement] = []
  ) {
    self.init(
      priorityClass: priorityClass, capability: capability,
      placements: [Placement(tier: tier, resources: resources)] + alternatives, rank: 0)
  }

  init(priorityClass: PriorityClass, capability: String, placements: [Placement], rank: Int) {
    precondition(placements.indices.contains(rank), "a lane is one of the ways to run its jobs")
    (self.priorityClass, self.capability, self.placements, self.rank) = (priorityClass, capability, placements, rank)
  }

  public var tier: TierName { placements[rank].tier }
  /// What a worker must have free.
  public var resources: ResourceRequest { placements[rank].resources }
  /// The lane in which its jobs wait; itself, where they run as is preferred.
  public var home: Lane { rank == 0 ? self : ranked(0) }
  /// Those in which its jobs may run otherwise, in the order in which they are preferred; none of a lane that is one.
  public var guests: [Lane] { rank == 0 ? placements.indices.dropFirst().map(ranked) : [] }

  private func ranked(_ rank: Int) -> Lane {
    Lane(priorityClass: priorityClass, capability: capability, placements: placements, rank: rank)
  }
}
