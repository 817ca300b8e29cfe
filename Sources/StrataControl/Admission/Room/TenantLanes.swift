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
  private var lookedAt: Instant?

  package init(lanesMax: Int, interval: Duration) {
    self.lanesMax = lanesMax
    self.interval = interval
  }

  package enum Verdict: Hashable, Sendable {
    /// It may.
    case taken
    /// The tenant has jobs in so many, too many for this one beside them.
    case refused(lanes: Int)
    /// Some may be empty by now: nobody has looked lately.
    case unknown
  }

  /// Whether a tenant may have jobs in a lane, beside those in which it has some. It counts once for each way in which its jobs
  /// may run.
  ///
  /// - Parameter isCounted: whether it has some there then.
  package mutating func take(_ lane: Lane, of tenant: TenantID, isCounted: Bool = true, at now: Instant) -> Verdict {
    let (kind, own) = (Kind(lane), kinds[tenant, default: [:]])
    let count = own.keys.reduce(0) { $0 + $1.placements.count }
    if own[kind] == nil, count + kind.placements.count > lanesMax {
      return isLookDue(at: now) ? .unknown : .refused(lanes: count)
    }
    if isCounted { kinds[tenant, default: [:]][kind] = now }
    return .taken
  }

  /// Whether whoever asks is to look. Who asks meanwhile goes by the look before.
  package mutating func beginLook(at now: Instant) -> Bool {
    guard isLookDue(at: now) else { return false }
    lookedAt = now
    return true
  }

  private func isLookDue(at now: Instant) -> Bool { lookedAt.map { now - $0 > interval } ?? true }

  /// Notes which lanes have jobs, as a look told. The others are forgotten.
  package mutating func note(_ used: some Sequence<Lane>, at now: Instant) {
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
    kinds.count >= TenantBacklogs.tenantsMax && lookedAt.map { now - $0 > .seconds(60) } ?? true
  }
}
