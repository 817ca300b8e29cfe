package import StrataCore
import StrataScheduling

/// Whether a tier could ever run what a job asks for, and what to do where it could not. Pure.
package struct TierCheck: Sendable {
  private let tiers: [TierName: TierDefinition]

  package init(tiers: [TierName: TierDefinition]) { self.tiers = tiers }

  /// That at least one of the ways to run a job is one that a worker could run, and that all their tiers are known.
  ///
  /// - Parameter placements: the preferred way first.
  /// - Throws: as `require`; where none could be run, what is wrong with the preferred way.
  package func requireOne(of placements: [Placement]) throws(StrataError) {
    let refusals = try impossible(among: placements)
    guard refusals.count == placements.count, let first = refusals.first?.why else { return }
    throw placements.count == 1
      ? first
      : StrataError(
        .unsatisfiable, "\(first.message); nor could any run it in another way",
        remedy: first.remedy)
  }

  /// Of the ways to run a job those, by their place, that no worker which is known could ever run, and why.
  ///
  /// - Throws: as `require`, where a tier is not known or something else is wrong.
  package func impossible(
    among placements: [Placement]
  ) throws(StrataError) -> [(place: Int, why: StrataError)] {
    var refusals: [(place: Int, why: StrataError)] = []
    for (place, placement) in placements.enumerated() {
      do throws(StrataError) { try require(placement.resources, on: placement.tier) } catch {
        guard error.code == .unsatisfiable, tiers[placement.tier] != nil else { throw error }
        refusals.append((place, error))
      }
    }
    return refusals
  }

  /// - Throws: `unsatisfiable` where there is no such tier, or none of its workers is large enough; `invalidBody` for a
  ///   request of nothing.
  package func require(_ request: ResourceRequest, on name: TierName) throws(StrataError) {
    guard let tier = tiers[name] else { throw unknown(name) }
    guard request.cpuMillicores > 0, request.memoryBytes > 0, request.gpuThousandths >= 0 else {
      throw StrataError(.invalidBody, "a job needs some CPU and some memory", remedy: "ask for more than zero")
    }
    guard !tier.offers.isEmpty else {
      throw StrataError(
        .unsatisfiable, "tier '\(name)' takes no jobs: no worker of it was seen lately, and no size is declared",
        remedy:
          "start a worker with --tier \(name), or say what one will have: strata tiers set \(name) --cpu N --memory SIZE"
      )
    }
    guard let gap = ResourceAmounts(request).nearest(of: tier.offered) else { return }
    let which = tier.offers.count == 1 ? "largest" : "nearest"
    let lacking = gap.lacking.map {
      "\($0.text(of: gap.asked[$0])), and the \(which) worker has \($0.text(of: gap.offer.amounts[$0]))"
    }
    throw StrataError(
      .unsatisfiable,
      "no worker of tier '\(name)' could ever run this: it asks for \(lacking.joined(separator: ", and for "))",
      remedy: remedy(for: request))
  }

  private func unknown(_ name: TierName) -> StrataError {
    let names = tiers.keys.map(\.rawValue).sorted()
    // Where there is but one, its name says as much.
    let near = names.count > 1 ? Spelling.nearest(to: name.rawValue, among: names) : nil
    let known = names.isEmpty ? "there are no tiers yet" : "the tiers are: \(names.joined(separator: ", "))"
    return StrataError(
      .unsatisfiable, "there is no tier '\(name)'",
      remedy: (near.map { "did you mean '\($0)'? " } ?? "") + known
        + "; a worker started with --tier \(name) makes it one, and so does 'strata tiers set \(name)'")
  }

  /// Which other tier could run it; else the worker that comes nearest.
  private func remedy(for request: ResourceRequest) -> String {
    let offers = tiers.values.sorted { $0.name.rawValue < $1.name.rawValue }.flatMap(\.offered)
    let asked = ResourceAmounts(request)
    if let other = offers.first(where: { asked.fits(within: $0.amounts) }) { return "tier '\(other.tier)' could" }
    guard let nearest = asked.nearest(of: offers) else { return "ask for less" }
    let parts = nearest.lacking.map { dimension in
      let amount = nearest.offer.amounts[dimension]
      return amount == 0
        ? "no \(dimension == .gpu ? "GPU" : dimension.rawValue)" : "at most \(dimension.text(of: amount))"
    }
    return "ask for \(parts.joined(separator: " and "))"
      + (tiers.count > 1 ? ", and a worker of tier '\(nearest.offer.tier)' could run it" : "")
  }
}

extension TierDefinition {
  fileprivate var offered: [OfferedCapacity] {
    offers.map { OfferedCapacity(tier: name, amounts: ResourceAmounts($0)) }
  }
}
