/// Which outcomes of an entry of the outcome log are acknowledged, until all of them are and the entry can go.
///
/// Outcomes of one call lie together, up to 64 in an entry (`OutcomePosition.startOfEntry`). What is noted here is only as
/// lasting as its holder: after a restart an entry that was acknowledged in part is told again, whole.
struct Acknowledgements: Sendable {
  /// The places that were told and are not acknowledged, by entry.
  private var missing: [OutcomePosition: Set<OutcomePosition>] = [:]

  /// Notes what an entry holds, when it is told.
  mutating func told(_ positions: [OutcomePosition], of entry: OutcomePosition) {
    if missing[entry] == nil, positions.count > 1 { missing[entry] = Set(positions) }
  }

  /// - Returns: the entries of which nothing is left.
  mutating func add(_ positions: [OutcomePosition]) -> [OutcomePosition] {
    var done: [OutcomePosition] = []
    for position in positions {
      let entry = position.startOfEntry
      guard var rest = missing[entry] else {
        done.append(entry)
        continue
      }
      rest.remove(position)
      missing[entry] = rest.isEmpty ? nil : rest
      if rest.isEmpty { done.append(entry) }
    }
    return done
  }
}

extension OutcomePosition {
  /// The position of the first item of the entry that this one lies in: `append` of `redis/scripts/shared/log.lua` puts 64
  /// items into an entry, and numbers those of a call from a multiple of 1000.
  var startOfEntry: OutcomePosition {
    OutcomePosition(milliseconds: milliseconds, sequence: sequence - sequence % 1_000 % 64)
  }
}
