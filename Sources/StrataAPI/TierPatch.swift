public import StrataCore

/// What the workers of a tier cost while an attempt runs on them, in micro-euro.
public struct TierRatesView: Hashable, Codable, Sendable {
  /// Per hour of CPU time used.
  public var cpuHour: Int64?
  /// Per hour for which one gibibyte of peak memory was occupied.
  public var memoryGibibyteHour: Int64?
  /// Per hour of wall time for which a slot was occupied.
  public var wallHour: Int64?

  /// Of a change, what is nil stays as it is; of a tier nothing is.
  public init(cpuHour: Int64? = nil, memoryGibibyteHour: Int64? = nil, wallHour: Int64? = nil) {
    self.cpuHour = cpuHour
    self.memoryGibibyteHour = memoryGibibyteHour
    self.wallHour = wallHour
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case cpuHour = "cpu_hour_microeuro"
    case memoryGibibyteHour = "memory_gibibyte_hour_microeuro"
    case wallHour = "wall_hour_microeuro"
  }
}

/// What is to be changed of a tier: the body of `PATCH /v1/tiers/{tier}`.
public struct TierPatch: Hashable, Codable, Sendable {
  /// What a worker of it will have that has not started yet, and `.some(nil)`, which is `null`, for nothing said; nil
  /// leaves it as it is.
  public var declaredSize: ResourceRequest??
  /// Nil leaves them as they are.
  public var rates: TierRatesView?

  public init(declaredSize: ResourceRequest?? = nil, rates: TierRatesView? = nil) {
    self.declaredSize = declaredSize
    self.rates = rates
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case rates
    case declaredSize = "declared_size"
  }

  public static var members: [String: [String]] {
    [
      "": CodingKeys.allCases.map(\.rawValue), "declared_size": JobRequest.ResourceOverride.memberNames,
      "rates": TierRatesView.CodingKeys.allCases.map(\.rawValue),
    ]
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    declaredSize =
      values.contains(.declaredSize)
      ? .some(try values.decodeIfPresent(ResourceRequest.self, forKey: .declaredSize)) : nil
    rates = try values.decodeIfPresent(TierRatesView.self, forKey: .rates)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if let declaredSize { try values.encode(declaredSize, forKey: .declaredSize) }
    try values.encodeIfPresent(rates, forKey: .rates)
  }
}
