public import StrataCore

/// What waits, where it may start, and what room workers have: what one look at the queue tells.
public struct QueueRoom: Hashable, Sendable {
  /// The jobs of a lane.
  public struct Waiting: Hashable, Sendable {
    public var ready: Int
    public var leased: Int
    public var delayed: Int
    /// Who is next there; nil where nobody is: none is ready, or all stand behind gates that are full.
    public var next: Head?
    /// The job that it would start.
    public var nextJob: JobID?

    public init(ready: Int = 0, leased: Int = 0, delayed: Int = 0, next: Head? = nil, nextJob: JobID? = nil) {
      self.ready = ready
      self.leased = leased
      self.delayed = delayed
      self.next = next
      self.nextJob = nextJob
    }
  }

  /// The tenant whose turn is next in a lane, and at which tag it is found there: each lease that it gets changes that.
  public struct Head: Hashable, Sendable {
    public let tenant: TenantID
    public let tag: Int64

    public init(tenant: TenantID, tag: Int64) {
      self.tenant = tenant
      self.tag = tag
    }
  }

  public struct Worker: Hashable, Sendable {
    public let id: WorkerID
    public let deadline: Timestamp
    /// How many jobs it runs.
    public let leases: Int
    /// The tiers whose jobs it waits for, in order, with how many of them it would take: none of a worker that is busy,
    /// or was woken and has not asked yet.
    public let idle: [TierName: Int]
    /// What it had free when it last asked and got fewer than it asked for; nil where it never did.
    public let free: ResourceRequest?
    /// The tier of one of the jobs that it runs; nil where it runs none.
    public let runs: TierName?
    /// Whose jobs it takes, as far as it said when it last asked and got fewer than it asked for; nil: anybody's.
    public let dedication: Dedication?
    /// What it could run; nil where it has never asked for jobs.
    public let capacity: WorkerLoad.Capacity?

    public init(
      id: WorkerID, deadline: Timestamp, leases: Int, idle: [TierName: Int], free: ResourceRequest?, runs: TierName?,
      dedication: Dedication? = nil, capacity: WorkerLoad.Capacity? = nil
    ) {
      self.id = id
      self.deadline = deadline
      self.leases = leases
      self.idle = idle
      self.free = free
      self.runs = runs
      self.dedication = dedication
      self.capacity = capacity
    }

    /// Whether it may come to run jobs of a tenant.
    public func admits(_ tenant: TenantID) -> Bool { dedication?.admits(tenant) ?? true }

    /// The tiers that it serves, where it has asked for their jobs; else those that it is known by to serve.
    public var tiers: Set<TierName> {
      capacity.map { Set($0.tiers) } ?? Set(idle.keys).union(runs.map { [$0] } ?? [])
    }
  }

  /// By the queue's clock.
  public var time: Timestamp
  /// The lanes that hold any job.
  public var lanes: [Lane: Waiting]
  /// When the first of the delayed jobs is due; nil where none is delayed.
  public var nextDue: Timestamp?
  /// At most `QueueLimits.censusWorkersMax`, those with the nearest deadlines first.
  public var workers: [Worker]

  public init(time: Timestamp, lanes: [Lane: Waiting], nextDue: Timestamp?, workers: [Worker]) {
    self.time = time
    self.lanes = lanes
    self.nextDue = nextDue
    self.workers = workers
  }
}
