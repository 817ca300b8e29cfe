public import StrataCore

/// A tier as the ledger knows it.
public struct StoredTier: Hashable, Sendable {
  /// What workers of a tier have, and how long ago one that has it was there.
  public struct Seen: Hashable, Sendable {
    public let size: ResourceRequest
    public let age: Duration

    public init(size: ResourceRequest, age: Duration) {
      self.size = size
      self.age = age
    }
  }

  public var name: TierName { rate.tier }
  /// What a worker of it will have that has not started yet, as an operator said; nil where nobody has.
  public let declared: ResourceRequest?
  /// Sizes that were seen lately, in no order.
  public let seen: [Seen]
  /// In force.
  public let rate: TierRate

  public init(declared: ResourceRequest?, seen: [Seen], rate: TierRate) {
    self.declared = declared
    self.seen = seen
    self.rate = rate
  }
}

/// That workers of a size serve a tier.
public struct TierSighting: Hashable, Sendable {
  public let tier: TierName
  /// What such a worker has free once everything that it runs is over.
  public let size: ResourceRequest

  public init(tier: TierName, size: ResourceRequest) {
    self.tier = tier
    self.size = size
  }
}

/// What is to be changed of a tier; what is nil stays as it is.
public struct TierChange: Hashable, Sendable {
  public enum DeclaredSize: Hashable, Sendable {
    case unsaid
    case size(ResourceRequest)
  }

  public var declared: DeclaredSize?
  /// The rates, as `TierRate` has them.
  public var cpuHour: MicroEuro?
  public var memoryGibibyteHour: MicroEuro?
  public var wallHour: MicroEuro?

  public init(
    declared: DeclaredSize? = nil, cpuHour: MicroEuro? = nil, memoryGibibyteHour: MicroEuro? = nil,
    wallHour: MicroEuro? = nil
  ) {
    self.declared = declared
    self.cpuHour = cpuHour
    self.memoryGibibyteHour = memoryGibibyteHour
    self.wallHour = wallHour
  }
}
