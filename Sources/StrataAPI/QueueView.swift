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
    /// Where it is, as it has said: its host and the number of its process.
    public let place: String?
    /// Absent until it has asked for jobs.
    public let tiers: [TierName]?

    public init(id: WorkerID, leases: Int, leaseUntil: String, place: String? = nil, tiers: [TierName]? = nil) {
      self.id = id
      self.place = place
      self.tiers = tiers
      self.leases = leases
      self.leaseUntil = leaseUntil
    }

    enum CodingKeys: String, CodingKey {
      case id, leases, place, tiers
      case leaseUntil = "lease_until"
    }
  }

  /// Whether jobs are accepted, and how full the queue is.
  public struct Admission: Hashable, Codable, Sendable {
    public let isOpen: Bool
    /// Why not; absent while they are.
    public let reason: String?
    /// Jobs that the queue holds: waiting, delayed and running.
    public let jobs: Int
    public let jobsMax: Int
    public let memoryUsedBytes: Int64
    /// Absent where nobody knows.
    public let memoryMaxBytes: Int64?
    /// The share of that, in percent, from which on nothing is accepted, …
    public let fullAtPercent: Int
    /// … and below which jobs are accepted again.
    public let openAtPercent: Int

    public init(
      isOpen: Bool, reason: String?, jobs: Int, jobsMax: Int, memoryUsedBytes: Int64, memoryMaxBytes: Int64?,
      fullAtPercent: Int, openAtPercent: Int
    ) {
      self.isOpen = isOpen
      self.reason = reason
      self.jobs = jobs
      self.jobsMax = jobsMax
      self.memoryUsedBytes = memoryUsedBytes
      self.memoryMaxBytes = memoryMaxBytes
      self.fullAtPercent = fullAtPercent
      self.openAtPercent = openAtPercent
    }

    enum CodingKeys: String, CodingKey {
      case reason, jobs
      case isOpen = "open"
      case jobsMax = "jobs_max"
      case memoryUsedBytes = "memory_used_bytes"
      case memoryMaxBytes = "memory_max_bytes"
      case fullAtPercent = "full_at_percent"
      case openAtPercent = "open_at_percent"
    }
  }

  /// Absent until it has been looked at.
  public let admission: Admission?
  public let tiers: [Tier]
  /// The same in more detail: by tier, higher classes first, then by capability.
  public let lanes: [Lane]
  /// By tier, higher classes first: how tenants share each. Of a caller who is no operator its own part alone.
  public let pools: [PoolView]
  /// Jobs that wait for their time; absent where only the caller's own jobs are shown.
  public let scheduled: Int?
  /// The tiers and capabilities of which only so many jobs may run at once, or none.
  public let limits: [LimitView]
  public let workers: [Worker]
  /// Ended attempts whose settlement is not yet committed; absent as `scheduled`.
  public let outcomesPending: Int?
  /// Entries of the queue that could not be read and lie aside (docs/queue.md); absent as `scheduled`.
  public let unreadableEntries: Int?

  public init(
    admission: Admission? = nil, tiers: [Tier], lanes: [Lane], pools: [PoolView], scheduled: Int?,
    limits: [LimitView], workers: [Worker], outcomesPending: Int?, unreadableEntries: Int?
  ) {
    self.admission = admission
    self.tiers = tiers
    self.lanes = lanes
    self.pools = pools
    self.scheduled = scheduled
    self.limits = limits
    self.workers = workers
    self.outcomesPending = outcomesPending
    self.unreadableEntries = unreadableEntries
  }

  enum CodingKeys: String, CodingKey {
    case admission, tiers, lanes, pools, scheduled, limits, workers
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
