public import StrataCore
package import StrataLedger

/// A class of workers: what jobs may ask for there, and what it costs.
public struct TierDefinition: Hashable, Sendable {
  public let rate: TierRate
  /// What a worker of it will have that has not started yet, as an operator said; nil where nobody has.
  public let declared: ResourceRequest?
  /// What workers have that were seen lately.
  public let workers: [ResourceRequest]
  /// The different sizes of both, the smallest first: a job must fit one of them. None where the tier takes no jobs.
  public let offers: [ResourceRequest]

  public init(rate: TierRate, declared: ResourceRequest? = nil, workers: [ResourceRequest] = []) {
    self.rate = rate
    self.declared = declared
    self.workers = workers
    offers = Set(workers + [declared].compactMap(\.self)).sorted { $0.place < $1.place }
  }

  public var name: TierName { rate.tier }
  /// The greatest of its offers.
  public var largestRequest: ResourceRequest? { offers.last }

  /// The smallest of its offers that has room for a request.
  func offer(for request: ResourceRequest) -> ResourceRequest? { offers.first { request.fits(in: $0) } }

  /// Whether no worker that was seen lately has room for a request, and one of the declared size would.
  func onlyDeclaredSizeFits(_ request: ResourceRequest) -> Bool {
    guard let declared, request.fits(in: declared) else { return false }
    return !workers.contains { request.fits(in: $0) }
  }
}

extension TierDefinition {
  package init(_ tier: StoredTier) {
    self.init(rate: tier.rate, declared: tier.declared, workers: tier.seen.map(\.size))
  }
}

extension ResourceRequest {
  /// Of different sizes no two have the same.
  fileprivate var place: (Int64, Int64, Int64, Int64) {
    (weightMillicores, cpuMillicores, memoryBytes, gpuThousandths)
  }
}
