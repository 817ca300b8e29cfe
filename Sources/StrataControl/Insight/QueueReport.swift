public import StrataCore
public import StrataLedger
public import StrataQueue

/// What waits and runs: tiers × classes × tenants.
public struct QueueReport: Sendable {
  /// How a tenant stands in a pool, and what it gets of it.
  public struct TenantLine: Hashable, Sendable {
    public let tenant: TenantID
    public let name: String
    public let waiting: Int
    public let running: Int
    public let weight: Int
    /// When the job was accepted that has waited the longest; nil where none waits.
    public let waitingSince: Timestamp?
    /// Its part in what all tenants received there in the last minute, 0…1; nil where nothing is known of that.
    public let received: Double?
    /// Its part by weight among the tenants that have jobs waiting there and may start them; nil where it is none of them.
    public let due: Double?
    public let limit: RunningLimit
    /// Whether its own limit, or its being paused, stops it now.
    public let isStopped: Bool
  }

  /// A tier and a class.
  public struct Pool: Sendable {
    public let pool: QueuePool
    public let waiting: Int
    public let running: Int
    /// Jobs that wait for their time; nil where only one tenant's are told.
    public let delayed: Int?
    /// The tenants with jobs there, of which `tenants` are those with the most waiting.
    public let tenantCount: Int
    public let tenants: [TenantLine]
  }

  /// By tier, higher classes first.
  public let pools: [Pool]
}

/// What is known of a pool and its tenants. `lines` is pure.
struct PoolFacts {
  let standing: PoolStanding
  let received: [TenantID: Double]
  let tenants: [TenantID: Tenant]
  /// How many jobs run of those tenants that have a limit, in all pools.
  let running: [TenantID: Int]
  let oldest: [TenantID: JobID]

  var lines: [QueueReport.TenantLine] {
    let competing = standing.tenants.filter { $0.waiting > 0 && !isStopped($0) }
    // Of those that are not shown nobody knows what stops them.
    let weights = standing.weightWaiting - standing.tenants.reduce(0) { $0 + ($1.waiting > 0 ? $1.weight : 0) }
    let total = weights + competing.reduce(0) { $0 + $1.weight }
    let due = Set(competing.map(\.tenant))
    return standing.tenants.map { one in
      QueueReport.TenantLine(
        tenant: one.tenant, name: tenants[one.tenant]?.name ?? "\(one.tenant)", waiting: one.waiting,
        running: one.running, weight: one.weight,
        waitingSince: oldest[one.tenant].map {
          Timestamp(milliseconds: $0.createdMilliseconds)
        },
        received: received.isEmpty ? nil : received[one.tenant] ?? 0,
        due: due.contains(one.tenant) && total > 0 ? Double(one.weight) / Double(total) : nil,
        limit: limit(of: one.tenant), isStopped: isStopped(one))
    }
  }

  private func limit(of tenant: TenantID) -> RunningLimit { tenants[tenant]?.sharing.limit ?? RunningLimit() }

  private func isStopped(_ standing: TenantStanding) -> Bool {
    guard let most = limit(of: standing.tenant).effective else { return false }
    return running[standing.tenant] ?? standing.running >= most
  }
}
