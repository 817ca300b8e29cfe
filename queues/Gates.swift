public import StrataCore
public import StrataScheduling

/// What jobs stand behind: so many of them run, and only so many may.
public enum Gate: Hashable, Sendable {
  case tenant(TenantID)
  case capability(String)
  case tier(TierName)
}

/// What an operator says of a gate.
public struct GatePolicy: Hashable, Sendable {
  /// The most jobs behind it that may run at once: nil for any number, 0 for none (paused).
  public var runningMax: Int?
  /// A tenant's share beside the others of its class, 1…10,000; 100 is ordinary. Of no meaning elsewhere.
  public var weight: Int
  /// How many jobs behind it may start in a time; nil for any number. Every attempt is a start, one that is handed back
  /// too. A rate that changes keeps the starts that are left; a queue that was lost begins with a full burst.
  public var rate: RateLimit?

  public init(runningMax: Int? = nil, weight: Int = 100, rate: RateLimit? = nil) {
    self.runningMax = runningMax
    self.weight = weight
    self.rate = rate
  }

  public static let unlimited = GatePolicy()
  public static let paused = GatePolicy(runningMax: 0)
}

/// What `promote` did.
public struct Promotion: Hashable, Sendable {
  /// Jobs that are ready now.
  public let count: Int
  /// Jobs that were to have started by now, and are finished as `expired`.
  public let expired: Int
  /// Timers that were due: of these jobs, and of gates and workers that wait for their time.
  public let timers: Int
  /// When the next timer is due; nil where none is set.
  public let nextDue: Timestamp?

  public init(count: Int, expired: Int = 0, timers: Int? = nil, nextDue: Timestamp?) {
    self.count = count
    self.expired = expired
    self.timers = timers ?? count + expired
    self.nextDue = nextDue
  }
}
