import StrataCore
package import StrataQueue

/// What looks at the log of outcomes tell of a settler that is somebody else's. Pure.
package struct SettlementProgress: Sendable {
  package typealias Instant = ContinuousClock.Instant

  /// How long an outcome may wait, and the lead be nobody's.
  private let patience: Duration
  private var leaderlessSince: Instant?
  /// The oldest outcome that could be settled, and since when it has been that.
  private var oldest: (position: OutcomePosition, since: Instant)?
  /// Outcomes that the ledger refuses: they stay in the log.
  private var refused: Set<OutcomePosition> = []
  /// When outcomes were last settled for the leader, and for how long the oldest had waited.
  private var rescue: (at: Instant, after: Duration)?

  package init(patience: Duration) { self.patience = patience }

  /// Forgets everything: this controller leads.
  package mutating func reset() { self = Self(patience: patience) }

  /// - Parameter outcomes: the oldest that wait, in order.
  /// - Returns: whether one has waited for too long.
  package mutating func note(isLed: Bool, _ outcomes: [OutcomePosition], at now: Instant) -> Bool {
    leaderlessSince = isLed ? nil : leaderlessSince ?? now
    refused.formIntersection(outcomes)
    guard let first = outcomes.first(where: { !refused.contains($0) }) else {
      oldest = nil
      return false
    }
    guard let known = oldest, known.position == first else {
      oldest = (first, now)
      return false
    }
    return now - known.since > patience
  }

  /// Everything that waited has been settled here, but what the ledger refuses.
  package mutating func noteDrained(refused kept: [OutcomePosition], at now: Instant) {
    // One that is refused has held up nobody.
    if let oldest, !kept.contains(oldest.position) { rescue = (now, now - oldest.since) }
    refused.formUnion(kept)
    oldest = nil
  }

  /// What keeps jobs from being settled, one sentence each.
  package func obstacles(at now: Instant) -> [String] {
    var obstacles: [String] = []
    if let since = leaderlessSince, now - since > patience {
      obstacles.append("no controller has led for \(Int((now - since).seconds)) s")
    }
    if let oldest, now - oldest.since > patience {
      obstacles.append("no outcome could be settled for \(Int((now - oldest.since).seconds)) s")
    } else if let rescue, now - rescue.at < patience * 3 {
      obstacles.append(
        "the controller that leads had not settled an outcome for \(Int(rescue.after.seconds)) s; this one has")
    }
    return obstacles
  }
}
