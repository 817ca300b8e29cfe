public import StrataCore

/// How many jobs may start in a time: a token bucket.
public struct RateView: Hashable, Codable, Sendable {
  /// Starts that come in per period.
  public let count: Int64
  /// Seconds of a period.
  public let seconds: Int64
  /// The most starts at once; `count` unless said.
  public let burst: Int64?

  public init(count: Int64, seconds: Int64, burst: Int64? = nil) {
    self.count = count
    self.seconds = seconds
    self.burst = burst
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case count, seconds, burst }

  static let memberNames = CodingKeys.allCases.map(\.rawValue)
}

/// What is to be changed of a limit: the body of `PATCH /v1/tiers/{tier}/policy` and `/v1/capabilities/{name}/policy`.
public struct LimitPatch: Hashable, Codable, Sendable {
  /// The most jobs that may run at once, and `.some(nil)`, which is `null`, for any number; nil leaves it as it is.
  public var runningMax: Int??
  /// Whether nothing of it may start; nil leaves it as it is.
  public var isPaused: Bool?
  /// How many may start in a time, and `.some(nil)`, which is `null`, for any number; nil leaves it as it is.
  public var rate: RateView??

  public init(runningMax: Int?? = nil, isPaused: Bool? = nil, rate: RateView?? = nil) {
    self.runningMax = runningMax
    self.isPaused = isPaused
    self.rate = rate
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case rate
    case runningMax = "running_max"
    case isPaused = "paused"
  }

  public static var members: [String: [String]] {
    ["": CodingKeys.allCases.map(\.rawValue), "rate": RateView.memberNames]
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    runningMax =
      values.contains(.runningMax) ? .some(try values.decodeIfPresent(Int.self, forKey: .runningMax)) : nil
    isPaused = try values.decodeIfPresent(Bool.self, forKey: .isPaused)
    rate = values.contains(.rate) ? .some(try values.decodeIfPresent(RateView.self, forKey: .rate)) : nil
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if let runningMax { try values.encode(runningMax, forKey: .runningMax) }
    if let rate { try values.encode(rate, forKey: .rate) }
    try values.encodeIfPresent(isPaused, forKey: .isPaused)
  }
}

/// What is to be changed of a tenant: the body of `PATCH /v1/tenants/{name}`.
public struct TenantPatch: Hashable, Codable, Sendable {
  /// 0…9; nil leaves it as it is, as for all others.
  public var priorityClass: Int?
  /// 1…10,000.
  public var weight: Int?
  public var limit: LimitPatch

  public init(priorityClass: Int? = nil, weight: Int? = nil, limit: LimitPatch = LimitPatch()) {
    self.priorityClass = priorityClass
    self.weight = weight
    self.limit = limit
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case priorityClass = "priority_class"
    case weight
  }

  public static var members: [String: [String]] {
    [
      "": CodingKeys.allCases.map(\.rawValue) + LimitPatch.CodingKeys.allCases.map(\.rawValue),
      "rate": RateView.memberNames,
    ]
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    priorityClass = try values.decodeIfPresent(Int.self, forKey: .priorityClass)
    weight = try values.decodeIfPresent(Int.self, forKey: .weight)
    limit = try LimitPatch(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(priorityClass, forKey: .priorityClass)
    try values.encodeIfPresent(weight, forKey: .weight)
    try limit.encode(to: encoder)
  }
}

/// A tenant as operators see it: `GET /v1/tenants`.
public struct TenantView: Hashable, Codable, Sendable {
  public let id: TenantID
  public let name: String
  public let plan: String
  public let isOperator: Bool
  public let priorityClass: Int
  public let weight: Int
  /// Absent for any number.
  public let runningMax: Int?
  public let isPaused: Bool
  /// Absent for any number of starts.
  public let rate: RateView?
  /// How many of its jobs run; told where it alone is asked for.
  public let running: Int?

  public init(
    id: TenantID, name: String, plan: String, isOperator: Bool, priorityClass: Int, weight: Int, runningMax: Int?,
    isPaused: Bool, rate: RateView? = nil, running: Int? = nil
  ) {
    self.id = id
    self.name = name
    self.plan = plan
    self.isOperator = isOperator
    self.priorityClass = priorityClass
    self.weight = weight
    self.runningMax = runningMax
    self.isPaused = isPaused
    self.rate = rate
    self.running = running
  }

  enum CodingKeys: String, CodingKey {
    case id, name, plan, weight, rate, running
    case isOperator = "operator"
    case priorityClass = "priority_class"
    case runningMax = "running_max"
    case isPaused = "paused"
  }
}

/// The limit of a tier or a capability, whatever has been said of it.
public struct LimitView: Hashable, Codable, Sendable {
  /// `tier` or `capability`.
  public let kind: String
  public let name: String
  /// Absent for any number.
  public let runningMax: Int?
  public let isPaused: Bool
  /// Absent for any number of starts.
  public let rate: RateView?
  /// How many of its jobs run; told where it alone is asked for.
  public let running: Int?

  public init(
    kind: String, name: String, runningMax: Int?, isPaused: Bool, rate: RateView? = nil, running: Int? = nil
  ) {
    self.kind = kind
    self.name = name
    self.runningMax = runningMax
    self.isPaused = isPaused
    self.rate = rate
    self.running = running
  }

  enum CodingKeys: String, CodingKey {
    case kind, name, rate, running
    case runningMax = "running_max"
    case isPaused = "paused"
  }
}
