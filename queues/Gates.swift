public import StrataCore

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

  public init(runningMax: Int? = nil, weight: Int = 100) {
    self.runningMax = runningMax
    self.weight = weight
  }

  public static let unlimited = GatePolicy()
  public static let paused = GatePolicy(runningMax: 0)
}

/// What `promote` did.
public struct Promotion: Hashable, Sendable {
  /// Jobs that are ready now.
  public let count: Int
  /// When the next one is due; nil where none waits.
  public let nextDue: Timestamp?

  public init(count: Int, nextDue: Timestamp?) {
    self.count = count
    self.nextDue = nextDue
  }
}
