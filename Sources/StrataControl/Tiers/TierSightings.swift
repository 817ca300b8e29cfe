import StrataCore
package import StrataLedger
package import StrataQueue

extension QueueRoom {
  /// The sizes of the workers that live, for each tier that they serve.
  package var sightings: Set<TierSighting> {
    var all: Set<TierSighting> = []
    for worker in workers where worker.deadline > time {
      guard let capacity = worker.capacity else { continue }
      for tier in capacity.tiers { all.insert(TierSighting(tier: tier, size: capacity.wholeRoom)) }
    }
    return all
  }

  /// Those of them that the ledger does not have, or noted longer than `age` ago: so that it is written to now and then,
  /// not with every look. Pure.
  package func sightings(missingIn tiers: [StoredTier], olderThan age: Duration) -> [TierSighting] {
    let fresh = tiers.flatMap { tier in
      tier.seen.filter { $0.age < age }.map { TierSighting(tier: tier.name, size: $0.size) }
    }
    return Array(sightings.subtracting(fresh))
  }
}
