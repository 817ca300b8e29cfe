public import StrataCore

/// The largest worker that a tier may ever have.
public struct OfferedCapacity: Hashable, Sendable {
  public let tier: TierName
  public let amounts: ResourceAmounts

  public init(tier: TierName, amounts: ResourceAmounts) {
    self.tier = tier
    self.amounts = amounts
  }
}

/// For a request that no tier could ever satisfy: the offer that comes nearest, and where it falls short.
public struct NearestCapacity: Hashable, Sendable {
  public let asked: ResourceAmounts
  public let offer: OfferedCapacity
  /// Never empty.
  public let lacking: [ResourceDimension]
}

extension NearestCapacity: CustomStringConvertible {
  /// A refusal in one sentence: what was asked for, what the nearest tier has, what to ask for instead.
  public var description: String {
    let parts = lacking.map { "\($0.text(of: asked[$0])) where it has \($0.text(of: offer.amounts[$0]))" }
    return "no tier has a worker large enough: the nearest is '\(offer.tier)', and the job asks for "
      + parts.joined(separator: " and ")
  }
}

extension ResourceAmounts {
  /// The offer that comes nearest to this request; nil where one satisfies it, or where there is none at all.
  ///
  /// Nearest is the one whose worst dimension lacks the least in proportion: 8 cores of 10 asked for are nearer than
  /// 40 GiB of 64. One that has nothing of what is asked for (no GPU) is farther than any that has some; then fewer
  /// lacking dimensions, then the earlier offer win.
  ///
  /// - Complexity: O(offers).
  public func nearest(of offered: [OfferedCapacity]) -> NearestCapacity? {
    let gaps = offered.map { CapacityGap(from: self, to: $0.amounts) }
    guard !gaps.contains(where: { $0.lacking.isEmpty }) else { return nil }
    guard let best = gaps.indices.min(by: { gaps[$0].isSmaller(than: gaps[$1]) }) else { return nil }
    return NearestCapacity(asked: self, offer: offered[best], lacking: gaps[best].lacking)
  }
}

/// How far an offer is from a request.
private struct CapacityGap {
  let lacking: [ResourceDimension]
  /// Dimensions of which there is nothing at all.
  private let absent: Int
  /// Asked over offered in the worst dimension of which there is something; 1 where none lacks.
  private let worst: Double

  init(from request: ResourceAmounts, to offer: ResourceAmounts) {
    lacking = request.lacking(in: offer)
    absent = lacking.count { offer[$0] <= 0 }
    worst = lacking.filter { offer[$0] > 0 }.map { Double(request[$0]) / Double(offer[$0]) }.max() ?? 1
  }

  func isSmaller(than other: Self) -> Bool {
    (absent, worst, lacking.count) < (other.absent, other.worst, other.lacking.count)
  }
}
