public import StrataCore

/// How much the queue holds, and where.
public struct QueueCensus: Hashable, Sendable {
  public struct Count: Hashable, Sendable {
    public var ready: Int
    public var leased: Int

    public init(ready: Int = 0, leased: Int = 0) {
      self.ready = ready
      self.leased = leased
    }
  }

  public struct Worker: Hashable, Sendable {
    public let id: WorkerID
    public let deadline: Timestamp
    public let leases: Int

    public init(id: WorkerID, deadline: Timestamp, leases: Int) {
      self.id = id
      self.deadline = deadline
      self.leases = leases
    }
  }

  /// The lanes that hold any job.
  public var lanes: [Lane: Count]
  /// Jobs that wait for their time.
  public var delayed: Int
  public var workers: [Worker]
  /// Calls whose outcomes are not all acknowledged; outcomes of one call count once for each 64.
  public var outcomesPending: Int
  /// Entries that lie aside because they could not be read, at most `QueueLimits.unreadableMax`.
  public var unreadable: Int

  public init(
    lanes: [Lane: Count], delayed: Int = 0, workers: [Worker], outcomesPending: Int, unreadable: Int = 0
  ) {
    self.lanes = lanes
    self.delayed = delayed
    self.workers = workers
    self.outcomesPending = outcomesPending
    self.unreadable = unreadable
  }

  /// The same by tier alone.
  public var tiers: [TierName: Count] {
    lanes.reduce(into: [:]) { tiers, lane in
      tiers[lane.key.tier, default: Count()].ready += lane.value.ready
      tiers[lane.key.tier, default: Count()].leased += lane.value.leased
    }
  }
}
