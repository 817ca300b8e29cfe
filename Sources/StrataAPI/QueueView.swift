public import StrataCore

/// `GET /v1/queue`: what waits and runs, and where.
public struct QueueView: Hashable, Codable, Sendable {
  public struct Tier: Hashable, Codable, Sendable {
    public let name: TierName
    public let ready: Int
    public let leased: Int

    public init(name: TierName, ready: Int, leased: Int) {
      self.name = name
      self.ready = ready
      self.leased = leased
    }
  }

  /// Jobs of one tier, class, capability and size: they wait in one line for each tenant.
  public struct Lane: Hashable, Codable, Sendable {
    public let tier: TierName
    public let priorityClass: Int
    public let capability: String
    /// What a worker must have free.
    public let resources: ResourceRequest
    public let ready: Int
    public let leased: Int

    public init(
      tier: TierName, priorityClass: Int, capability: String, resources: ResourceRequest, ready: Int, leased: Int
    ) {
      self.tier = tier
      self.priorityClass = priorityClass
      self.capability = capability
      self.resources = resources
      self.ready = ready
      self.leased = leased
    }

    enum CodingKeys: String, CodingKey {
      case tier, capability, resources, ready, leased
      case priorityClass = "priority_class"
    }
  }

  public struct Worker: Hashable, Codable, Sendable {
    public let id: WorkerID
    public let leases: Int
    public let leaseUntil: String

    public init(id: WorkerID, leases: Int, leaseUntil: String) {
      self.id = id
      self.leases = leases
      self.leaseUntil = leaseUntil
    }

    enum CodingKeys: String, CodingKey {
      case id, leases
      case leaseUntil = "lease_until"
    }
  }

  public let tiers: [Tier]
  /// The same in more detail: by tier, higher classes first, then by capability.
  public let lanes: [Lane]
  /// Jobs that wait for their time.
  public let scheduled: Int
  public let workers: [Worker]
  /// Ended attempts whose settlement is not yet committed.
  public let outcomesPending: Int
  /// Entries of the queue that could not be read and lie aside (docs/queue.md).
  public let unreadableEntries: Int

  public init(
    tiers: [Tier], lanes: [Lane], scheduled: Int, workers: [Worker], outcomesPending: Int, unreadableEntries: Int = 0
  ) {
    self.tiers = tiers
    self.lanes = lanes
    self.scheduled = scheduled
    self.workers = workers
    self.outcomesPending = outcomesPending
    self.unreadableEntries = unreadableEntries
  }

  enum CodingKeys: String, CodingKey {
    case tiers, lanes, scheduled, workers
    case outcomesPending = "outcomes_pending"
    case unreadableEntries = "unreadable_entries"
  }
}

/// `GET /v1/ledger/verification`: whether the books balance, recomputed from the entries.
public struct LedgerView: Hashable, Codable, Sendable {
  /// Sums over all entries, in decimal: they may pass 64 bits.
  public let debitMicrocredits: String
  public let creditMicrocredits: String
  public let entries: Int
  public let jobs: Int
  public let openHolds: Int
  /// One sentence for each thing that is off; empty when all is well.
  public let violations: [String]

  public init(
    debitMicrocredits: String, creditMicrocredits: String, entries: Int, jobs: Int, openHolds: Int,
    violations: [String]
  ) {
    self.debitMicrocredits = debitMicrocredits
    self.creditMicrocredits = creditMicrocredits
    self.entries = entries
    self.jobs = jobs
    self.openHolds = openHolds
    self.violations = violations
  }

  enum CodingKeys: String, CodingKey {
    case entries, jobs, violations
    case debitMicrocredits = "debit_microcredits"
    case creditMicrocredits = "credit_microcredits"
    case openHolds = "open_holds"
  }
}
