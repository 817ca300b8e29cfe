public import StrataCore
public import StrataScheduling

/// How many jobs may run at once, how many may start in a time, and whether any may start at all.
public struct RunningLimit: Hashable, Sendable {
  /// nil for any number.
  public var runningMax: Int?
  /// Nothing starts, whatever `runningMax` says; that is in force again when it is resumed.
  public var isPaused: Bool
  /// nil for any number of starts. Its period is whole seconds.
  public var rate: RateLimit?

  public init(runningMax: Int? = nil, isPaused: Bool = false, rate: RateLimit? = nil) {
    self.runningMax = runningMax
    self.isPaused = isPaused
    self.rate = rate
  }

  /// The most that may run now.
  public var effective: Int? { isPaused ? 0 : runningMax }

  /// What may be set.
  public static let range = 0...4_294_967_294
}

/// How a tenant's jobs stand beside those of others.
public struct TenantSharing: Hashable, Sendable {
  /// All jobs of a higher class go before those of a lower one.
  public let priorityClass: PriorityClass
  /// Its share beside the others of its class, within `weights`; 100 is ordinary.
  public let weight: Int
  public let limit: RunningLimit

  public static let weights = 1...10_000

  /// From the columns priority_class, weight, and those of RunningLimit.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    priorityClass = try row.required(PriorityClass(rawValue: Int(row.integer())))
    weight = Int(try row.integer())
    limit = try RunningLimit(&row)
  }
}

/// A limit of what all tenants share.
public struct SharedGate: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable { case capability, tier }

  public let kind: Kind
  public let name: String
  public let limit: RunningLimit

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    kind = try row.named()
    name = try row.text()
    limit = try RunningLimit(&row)
  }
}

/// What is to be changed of a limit; what is nil stays as it is.
public struct LimitChange: Hashable, Sendable {
  public enum RunningMax: Hashable, Sendable {
    case unlimited
    case atMost(Int)
  }

  public enum Rate: Hashable, Sendable {
    case unlimited
    case atMost(RateLimit)
  }

  public var runningMax: RunningMax?
  public var isPaused: Bool?
  public var rate: Rate?

  public init(runningMax: RunningMax? = nil, isPaused: Bool? = nil, rate: Rate? = nil) {
    self.runningMax = runningMax
    self.isPaused = isPaused
    self.rate = rate
  }
}

/// What is to be changed of a tenant; what is nil stays as it is.
public struct SharingChange: Hashable, Sendable {
  /// For jobs that are accepted, or put back into the queue, from now on.
  public var priorityClass: PriorityClass?
  public var weight: Int?
  public var limit: LimitChange

  public init(priorityClass: PriorityClass? = nil, weight: Int? = nil, limit: LimitChange = LimitChange()) {
    self.priorityClass = priorityClass
    self.weight = weight
    self.limit = limit
  }
}

extension RunningLimit {
  /// From the columns running_max, is_paused, rate_count, rate_seconds, rate_burst.
  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    self.init(runningMax: try row.optionalInteger().map { Int($0) }, isPaused: try row.boolean())
    let numbers = [try row.optionalInteger(), try row.optionalInteger(), try row.optionalInteger()].compactMap(\.self)
    if numbers.isEmpty { return }
    rate = try row.required(
      numbers.count == 3 ? try? RateLimit(numbers[0], per: .seconds(numbers[1]), burst: numbers[2]) : nil)
  }
}
