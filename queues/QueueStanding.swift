public import StrataCore

/// A tier and a priority class: within it tenants take turns.
public struct QueuePool: Hashable, Sendable {
  public let tier: TierName
  public let priorityClass: PriorityClass

  public init(tier: TierName, priorityClass: PriorityClass) {
    self.tier = tier
    self.priorityClass = priorityClass
  }
}

extension Lane {
  /// In which its tenants take turns: of all ways to run its jobs that of the preferred one.
  public var pool: QueuePool { QueuePool(tier: placements[0].tier, priorityClass: priorityClass) }
}

extension QueuePool: Comparable {
  /// By tier, higher classes first.
  public static func < (a: Self, b: Self) -> Bool {
    (a.tier.rawValue, b.priorityClass.rawValue) < (b.tier.rawValue, a.priorityClass.rawValue)
  }
}

/// How a tenant stands in a pool in which it has jobs ready or running.
public struct TenantStanding: Hashable, Sendable {
  public let tenant: TenantID
  /// Jobs of it that are ready.
  public let waiting: Int
  public let running: Int
  /// Of its share; 100 is ordinary.
  public let weight: Int
  /// What it was charged, in core-milliseconds for a weight of 100. Whose tag is the smallest has its turn.
  public let tag: Int64

  public init(tenant: TenantID, waiting: Int, running: Int, weight: Int, tag: Int64) {
    self.tenant = tenant
    self.waiting = waiting
    self.running = running
    self.weight = weight
    self.tag = tag
  }
}

/// How the tenants of a pool stand.
public struct PoolStanding: Hashable, Sendable {
  public let pool: QueuePool
  /// The greatest tag that a turn began with. A tenant that comes starts there, or at its own tag where that is greater.
  public var virtualTime: Int64
  /// Those with jobs ready or running, the most waiting first, as many as were asked for.
  public var tenants: [TenantStanding]
  /// How many there are of them in all, …
  public var count: Int
  /// … and the weights, together, of those that have jobs ready.
  public var weightWaiting: Int

  public init(pool: QueuePool, virtualTime: Int64, tenants: [TenantStanding], count: Int, weightWaiting: Int) {
    self.pool = pool
    self.virtualTime = virtualTime
    self.tenants = tenants
    self.count = count
    self.weightWaiting = weightWaiting
  }

  /// Of these tenants alone.
  init(pool: QueuePool, virtualTime: Int64, tenants: [TenantStanding]) {
    self.init(
      pool: pool, virtualTime: virtualTime, tenants: tenants.sorted(by: TenantStanding.comesBefore),
      count: tenants.count, weightWaiting: tenants.reduce(0) { $0 + ($1.waiting > 0 ? $1.weight : 0) })
  }
}

extension TenantStanding {
  /// The most waiting first, then the most running, then the older tenant.
  static func comesBefore(_ a: Self, _ b: Self) -> Bool {
    (b.waiting, b.running, a.tenant) < (a.waiting, a.running, b.tenant)
  }
}

/// Keeps the first of many standings, however many there are.
struct FirstStandings {
  private let limit: Int
  private var kept: [TenantID: TenantStanding] = [:]
  private var seen: Set<TenantID> = []
  /// The weights, together, of those that have jobs ready.
  private(set) var weightWaiting = 0

  init(limit: Int) { self.limit = max(0, limit) }

  var count: Int { seen.count }

  mutating func add(_ standings: [TenantStanding]) {
    for standing in standings {
      if seen.insert(standing.tenant).inserted, standing.waiting > 0 { weightWaiting += standing.weight }
      kept[standing.tenant] = standing
    }
    // Sorted seldom: only when twice as many are kept as are wanted.
    if kept.count > 2 * limit + 64 { kept = Dictionary(uniqueKeysWithValues: first.map { ($0.tenant, $0) }) }
  }

  var first: [TenantStanding] { Array(kept.values.sorted(by: TenantStanding.comesBefore).prefix(limit)) }
}
