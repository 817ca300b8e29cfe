package import StrataCore
package import StrataQueue

/// What tenants were charged in their pools lately, from looks at their tags. Pure.
///
/// A tag is what a tenant was charged divided by its weight, so its growth times the weight is what the tenant received:
/// core-milliseconds of attempts that began, as they were expected, corrected by what those that ended really used. Only
/// tenants that were there at both of two looks count: one that comes begins at the pool's virtual time, which it was not
/// charged.
package struct ShareWindow: Sendable {
  package typealias Instant = ContinuousClock.Instant

  private struct Step: Sendable {
    let at: Instant
    let charged: [TenantID: Double]
  }

  /// How far back it reaches.
  private let length: Duration
  private var steps: [QueuePool: [Step]] = [:]
  private var last: [QueuePool: [TenantID: TenantStanding]] = [:]

  package init(length: Duration) { self.length = length }

  /// Notes how tenants stand. Pools that are not among them are forgotten: nothing happens there.
  package mutating func note(_ standings: [PoolStanding], at now: Instant) {
    var (newSteps, newLast): ([QueuePool: [Step]], [QueuePool: [TenantID: TenantStanding]]) = ([:], [:])
    for standing in standings {
      let tenants = Dictionary(standing.tenants.map { ($0.tenant, $0) }) { first, _ in first }
      newLast[standing.pool] = tenants
      guard let before = last[standing.pool] else { continue }
      let kept = (steps[standing.pool] ?? []).filter { now - $0.at < length }
      newSteps[standing.pool] = kept + [Step(at: now, charged: Self.charges(from: before, to: tenants))]
    }
    (steps, last) = (newSteps, newLast)
  }

  private static func charges(
    from before: [TenantID: TenantStanding], to after: [TenantID: TenantStanding]
  ) -> [TenantID: Double] {
    after.reduce(into: [:]) { charges, entry in
      guard let earlier = before[entry.key] else { return }
      charges[entry.key] = Double(entry.value.tag - earlier.tag) * Double(entry.value.weight) / 100
    }
  }

  /// The part of each tenant in what all of them received in a pool, together 1; empty where nobody received anything.
  package func received(in pool: QueuePool) -> [TenantID: Double] {
    var sums: [TenantID: Double] = [:]
    for step in steps[pool] ?? [] { sums.merge(step.charged) { $0 + $1 } }
    // What an attempt was charged too much is given back later, perhaps beyond the window.
    sums = sums.mapValues { max(0, $0) }
    let total = sums.values.reduce(0, +)
    return total > 0 ? sums.mapValues { $0 / total } : [:]
  }
}
