public import StrataCore

/// A worker with what it could run and what it runs.
public struct WorkerLoad: Hashable, Sendable {
  /// What a worker is known to be able to run.
  public struct Capacity: Hashable, Sendable {
    /// What it has free once everything that it runs is over.
    public let wholeRoom: ResourceRequest
    /// How many more jobs it would have taken when it asked last.
    public let slotsLeft: Int
    /// It keeps what it has free for a job of this class, and is woken for jobs of higher classes only.
    public let keepsFor: PriorityClass?
    /// It takes jobs of one tenant first, or only.
    public let isDedicated: Bool
    public let tiers: [TierName]

    /// Whether it has said that it asks for no more jobs: it has no room for any then, and there is no job without needs.
    public var isDraining: Bool { wholeRoom.cpuMillicores == 0 && wholeRoom.memoryBytes == 0 }

    public init(
      wholeRoom: ResourceRequest, slotsLeft: Int, keepsFor: PriorityClass?, isDedicated: Bool = false, tiers: [TierName]
    ) {
      self.wholeRoom = wholeRoom
      self.slotsLeft = slotsLeft
      self.keepsFor = keepsFor
      self.isDedicated = isDedicated
      self.tiers = tiers
    }
  }

  public struct Running: Hashable, Sendable {
    public let lease: LeaseReference
    public let lane: Lane
    public let startedAt: Timestamp
    public let isPreemptible: Bool
    /// Whether it is to be cancelled or preempted: its room is coming.
    public let isEnding: Bool

    public init(lease: LeaseReference, lane: Lane, startedAt: Timestamp, isPreemptible: Bool, isEnding: Bool) {
      self.lease = lease
      self.lane = lane
      self.startedAt = startedAt
      self.isPreemptible = isPreemptible
      self.isEnding = isEnding
    }
  }

  public let id: WorkerID
  public let deadline: Timestamp
  /// Where it is, as it has said; nil where it has not.
  public let place: String?
  /// Nil where it has never asked for jobs.
  public let capacity: Capacity?
  /// In the order in which they were granted.
  public let running: [Running]

  public init(id: WorkerID, deadline: Timestamp, place: String? = nil, capacity: Capacity?, running: [Running]) {
    self.id = id
    self.deadline = deadline
    self.place = place
    self.capacity = capacity
    self.running = running
  }
}

/// A lease that is to end for a job of a higher class.
public struct Preemption: Hashable, Sendable {
  public let lease: LeaseReference
  /// Of the job that is to have its room.
  public let preemptor: PriorityClass

  public init(lease: LeaseReference, preemptor: PriorityClass) {
    self.lease = lease
    self.preemptor = preemptor
  }
}
