public import StrataCore

/// A worker that the queue knows: an item of `GET /v1/workers`.
public struct WorkerView: Hashable, Codable, Sendable {
  public let id: WorkerID
  /// What its stack calls it, as in `strata restart worker-1`; absent where nobody calls it anything.
  public let name: String?
  /// Where it is, as it has said: its host and the number of its process.
  public let place: String?
  /// Those that it serves, in the order in which it prefers them; absent, as what follows, until it has asked for jobs.
  public let tiers: [TierName]?
  /// How many jobs it runs at most; absent where it has not said.
  public let slots: Int?
  /// How many more jobs it would have taken when it asked last.
  public let slotsLeft: Int?
  /// What it has free once everything that it runs is over.
  public let room: ResourceRequest?
  /// What it has free now.
  public let free: ResourceRequest?
  /// The class of the large job for which it keeps what it has free; absent where it keeps nothing.
  public let keepsRoomForClass: Int?
  /// It runs jobs of one tenant first, or only.
  public let isDedicated: Bool
  /// It is being stopped: it asks for no more jobs, and is gone when those that it runs have ended.
  public let isDraining: Bool
  /// It is taken for lost unless it is heard of by then.
  public let leaseUntil: String
  /// What it runs, in the order in which it was granted.
  public let running: [Running]

  /// A job that a worker runs.
  public struct Running: Hashable, Codable, Sendable {
    public let job: JobID
    public let tier: TierName
    public let capability: String
    public let resources: ResourceRequest
    public let startedAt: String
    /// It is to be cancelled or preempted.
    public let isEnding: Bool

    public init(
      job: JobID, tier: TierName, capability: String, resources: ResourceRequest, startedAt: String, isEnding: Bool
    ) {
      self.job = job
      self.tier = tier
      self.capability = capability
      self.resources = resources
      self.startedAt = startedAt
      self.isEnding = isEnding
    }

    enum CodingKeys: String, CodingKey {
      case job, tier, capability, resources
      case startedAt = "started_at"
      case isEnding = "ending"
    }
  }

  public init(
    id: WorkerID, name: String? = nil, place: String?, tiers: [TierName]?, slots: Int? = nil, slotsLeft: Int?,
    room: ResourceRequest?, free: ResourceRequest?, keepsRoomForClass: Int?, isDedicated: Bool,
    isDraining: Bool = false, leaseUntil: String, running: [Running]
  ) {
    self.id = id
    self.name = name
    self.place = place
    self.tiers = tiers
    self.slots = slots
    self.slotsLeft = slotsLeft
    self.room = room
    self.free = free
    self.keepsRoomForClass = keepsRoomForClass
    self.isDedicated = isDedicated
    self.isDraining = isDraining
    self.leaseUntil = leaseUntil
    self.running = running
  }

  enum CodingKeys: String, CodingKey {
    case id, name, place, tiers, slots, room, free, running
    case slotsLeft = "slots_left"
    case keepsRoomForClass = "keeps_room_for_class"
    case isDedicated = "dedicated"
    case isDraining = "draining"
    case leaseUntil = "lease_until"
  }
}
