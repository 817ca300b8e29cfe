/// One way to run a job: on a worker of a tier, with so much of what it has.
public struct Placement: Hashable, Codable, Sendable {
  public let tier: TierName
  /// What a worker must have free.
  public let resources: ResourceRequest

  public init(tier: TierName, resources: ResourceRequest = ResourceRequest()) {
    self.tier = tier
    self.resources = resources
  }
}
