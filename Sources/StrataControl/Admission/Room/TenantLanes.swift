package import StrataCore
package import StrataQueue

/// In how many lanes of the queue tenants have jobs, as far as this controller has accepted them. Pure.
///
/// The queue has room for so many lanes and no more (`QueueLimits.lanesMax`), and each is looked at by leases: one tenant
/// whose jobs are all of different sizes would keep others' from being enqueued.
package struct TenantLanes: Sendable {
  package typealias Instant = ContinuousClock.Instant

  /// How long jobs that were accepted may be on their way into the queue.
  static let arrival = Duration.seconds(10)
  /// After so long a kind counts no more that the tenant has not asked for again: the jobs that are in that lane still may be
  /// another's.
  static let memory = Duration.seconds(86_400)

  /// What lanes have in common that differ in class: a tenant has one.
  private struct Kind: Hashable {
    let capability: String
    let placements: [Placement]

    init(_ lane: Lane) { (capability, placements) = (lane.capability, lane.placements) }
  }

  private let lanesMax: Int
  /// How long a look is good for where a tenant is refused by it.
  private let interval: Duration
  /// When each was asked for last.
  private var kinds: [TenantID: [Kind: Instant]] = [:]
  /// When a look last began, and when one last told something.
  private var beganAt: Instant?
  private var lookedAt: Instant?

  package init(lanesMax: Int, interval: Duration) {
    self.lanesMax = lanesMax
    self.interval = interval
  }

  package enum Verdict: Hashable, Sendable {
    /// It may.
    case taken
    /// The tenant has jobs in so many, too many for these beside them.
    case refused(lanes: Int)
    /// Some may be empty by now: nobody has looked lately.
    case unknown
  }

  /// Whether a tenant may have jobs in all of these, beside those in which it has some. Each counts once for each way in which
  /// its jobs may run. Of what is refused nothing counts.
  ///
  /// - Parameter isCounted: whether it has some there then.
  package mutating func take(
    _ lanes: some Sequence<Lane>, of tenant: TenantID, isCounted: Bool = true, at now: Instant
  ) -> Verdict {
    let (asked, own) = (Set(lanes.map(Kind.init)), kinds[tenant, default: [:]])
    let count = own.keys.reduce(0) { $0 + $1.placements.count }
    let more = asked.reduce(0) { own[$1] == nil ? $0 + $1.placements.count : $0 }
    if more > 0, count + more > lanesMax { return isLookDue(lookedAt, at: now) ? .unknown : .refused(lanes: count) }
    if isCounted { for kind in asked { kinds[tenant, default: [:]][kind] = now } }
    return .taken
  }

  /// Whether whoever asks is to look. Who asks meanwhile, or when the look has failed, is not refused.
  package mutating func beginLook(at now: Instant) -> Bool {
    guard isLookDue(beganAt, at: now) else { return false }
    beganAt = now
    return true
  }

  private func isLookDue(_ last: Instant?, at now: Instant) -> Bool { last.map { now - $0 > interval } ?? true }

  /// Notes which lanes have jobs, as a look told. The others are forgotten.
  package mutating func note(_ used: some Sequence<Lane>, at now: Instant) {
    lookedAt = now
    let used = Set(used.map(Kind.init))
    kinds = kinds.compactMapValues { own in
      let left = own.filter { kind, asked in
        let age = now - asked
        return age < Self.arrival || age < Self.memory && used.contains(kind)
      }
      return left.isEmpty ? nil : left
    }
  }

  /// Whether so many tenants are remembered that it is time for a look, every minute.
  package func isCrowded(at now: Instant) -> Bool {
    kinds.count >= TenantBacklogs.tenantsMax && beganAt.map { now - $0 > .seconds(60) } ?? true
  }
}
