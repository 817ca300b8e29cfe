public import StrataCore

/// A tier and a priority class, within which tenants take turns: a part of `GET /v1/queue`.
public struct PoolView: Hashable, Codable, Sendable {
  /// How a tenant stands there.
  public struct Tenant: Hashable, Codable, Sendable {
    public let id: TenantID
    public let name: String
    public let waiting: Int
    public let running: Int
    public let weight: Int
    /// When the job was accepted that has waited the longest; absent where none waits.
    public let waitingSince: String?
    /// Its part in what all received there in the last minute, 0 to 1; absent where nothing was seen.
    public let shareReceived: Double?
    /// Its part by weight among those that wait there and may start; absent where it is none of them.
    public let shareDue: Double?
    /// Absent for any number.
    public let runningMax: Int?
    public let isPaused: Bool
    /// Whether as many of its jobs run as may.
    public let isAtLimit: Bool

    public init(
      id: TenantID, name: String, waiting: Int, running: Int, weight: Int, waitingSince: String?,
      shareReceived: Double?, shareDue: Double?, runningMax: Int?, isPaused: Bool, isAtLimit: Bool
    ) {
      self.id = id
      self.name = name
      self.waiting = waiting
      self.running = running
      self.weight = weight
      self.waitingSince = waitingSince
      self.shareReceived = shareReceived
      self.shareDue = shareDue
      self.runningMax = runningMax
      self.isPaused = isPaused
      self.isAtLimit = isAtLimit
    }

    enum CodingKeys: String, CodingKey {
      case id, name, waiting, running, weight
      case waitingSince = "waiting_since"
      case shareReceived = "share_received"
      case shareDue = "share_due"
      case runningMax = "running_max"
      case isPaused = "paused"
      case isAtLimit = "at_limit"
    }
  }

  public let tier: TierName
  public let priorityClass: Int
  public let waiting: Int
  public let running: Int
  /// Jobs that wait for their time; absent where only the caller's own jobs are shown.
  public let scheduled: Int?
  /// Tenants with jobs there; `tenants` shows those with the most waiting.
  public let tenantCount: Int
  public let tenants: [Tenant]

  public init(
    tier: TierName, priorityClass: Int, waiting: Int, running: Int, scheduled: Int?, tenantCount: Int,
    tenants: [Tenant]
  ) {
    self.tier = tier
    self.priorityClass = priorityClass
    self.waiting = waiting
    self.running = running
    self.scheduled = scheduled
    self.tenantCount = tenantCount
    self.tenants = tenants
  }

  enum CodingKeys: String, CodingKey {
    case tier, waiting, running, scheduled, tenants
    case priorityClass = "priority_class"
    case tenantCount = "tenant_count"
  }
}
