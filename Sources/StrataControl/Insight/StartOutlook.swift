import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling

/// When a waiting job will start, as far as what has been seen tells.
public enum StartOutlook: Hashable, Sendable {
  /// As soon as a worker asks: one has room for it.
  case now
  case after(StartSpan)
  /// A stable name, and why nothing can be said, in a part of a sentence.
  case unknown(code: String, reason: String)
}

/// How long a job still waits: `expected` is as likely too long as too short, and the wait is between `earliest` and
/// `latest` with the probability `confidence`.
public struct StartSpan: Hashable, Sendable {
  public let earliest: Duration
  public let expected: Duration
  public let latest: Duration
  public let confidence: Double
  /// How many attempts have ended on its tier lately, from which this follows.
  public let observed: Int

  /// Whether these are too few for more than a rough guess; the interval is wider then.
  public var isRough: Bool { observed < ServiceHistory.believedFrom }
}

/// What is known of a waiting job's place. `outlook` is pure.
struct StartFacts: Sendable {
  /// Something that only so many jobs may run behind.
  struct Bound: Sendable {
    let limit: RunningLimit
    /// Nil where it was not counted.
    let running: Int?
    /// For how long those that run behind it have done so, as far as it is known.
    var elapsed: [Duration] = []
  }

  /// The tenants of its pool.
  let standing: PoolStanding
  let tenant: TenantID
  /// Jobs of its own tenant that go first.
  let ownAhead: Int
  /// Whether more of them may, which are not counted.
  let mayMoreBeAhead: Bool
  /// Jobs of higher classes that wait for the same tier.
  let readyAbove: Int
  /// Jobs that run on its tier, and how many such as this one its workers would take beside them.
  let running: Int
  let slotsFree: Int
  /// For how long those that run on its tier have done so, as far as it is known.
  let elapsed: [Duration]
  /// Behind which its own tenant's jobs alone go first.
  let tenantLimit: Bound
  /// Of its capability and its tier.
  let sharedLimits: [Bound]
  let history: ServiceHistory
  /// Whether this controller sees the ends of attempts.
  let isSettling: Bool

  /// Jobs that go first, by the fair order: all of higher classes, its tenant's own, and while those and it have their
  /// turns, of each other tenant as many more or fewer as its weight is greater or smaller. Jobs count as equally large.
  var ahead: Int {
    let weight = standing.tenants.first { $0.tenant == tenant }?.weight ?? GatePolicy.unlimited.weight
    let others = standing.tenants.filter { $0.tenant != tenant }.reduce(0) { sum, other in
      let turns = (Double(ownAhead + 1) * Double(other.weight) / Double(weight)).rounded(.up)
      return sum + min(other.waiting, Int(min(turns, 1e9)))
    }
    return readyAbove + ownAhead + others
  }

  var outlook: StartOutlook {
    let bounds = [(tenantLimit, ownAhead)] + sharedLimits.map { ($0, ahead) }
    if bounds.contains(where: { $0.0.limit.effective == 0 }) {
      return StartOutlook(.unknown(.paused), isSettling, observed: 0)
    }
    if bounds.contains(where: { $0.0.limit.rate != nil }) {
      return .unknown(
        code: "rate_limit", reason: "only so many may start in a time, and the queue does not tell how many are left")
    }
    if mayMoreBeAhead, slotsFree == 0 {
      return .unknown(
        code: "own_jobs",
        reason: "jobs of its own tenant that need something else may go first, and the queue does not tell how many")
    }
    let history = history.including(elapsed)
    let onWorkers = StartEstimate.of(
      PlaceInLine(ahead: ahead, slots: running + slotsFree, running: running, elapsed: elapsed), history: history)
    // Whatever comes last holds it.
    let behind = bounds.compactMap { bound, ahead -> StartEstimate? in
      guard let most = bound.limit.effective, let running = bound.running else { return nil }
      return .of(
        PlaceInLine(ahead: ahead, slots: most, running: running, elapsed: bound.elapsed), history: history)
    }
    return StartOutlook(
      ([onWorkers] + behind).max { $0.comesBefore($1) } ?? onWorkers, isSettling, observed: history.completed)
  }
}

extension StartEstimate {
  fileprivate func comesBefore(_ other: StartEstimate) -> Bool { lateness < other.lateness }

  private var lateness: Duration {
    switch self {
    case .now: .zero
    case .after(let interval): interval.expected
    case .unknown: .seconds(Int64.max)
    }
  }
}

extension StartOutlook {
  fileprivate init(_ estimate: StartEstimate, _ isSettling: Bool, observed: Int) {
    switch estimate {
    case .now: self = .now
    case .after(let interval):
      self = .after(
        StartSpan(
          earliest: interval.earliest, expected: interval.expected, latest: interval.latest,
          confidence: interval.confidence, observed: observed))
    case .unknown(.nothingCompleted) where !isSettling:
      self = .unknown(
        code: "not_settling", reason: "another controller leads, and this one has not seen how long jobs take")
    case .unknown(let obstacle): self = .unknown(code: obstacle.rawValue, reason: obstacle.description)
    }
  }
}
