package import StrataCore

/// How many jobs of tenants wait, as far as it has been looked at lately, with what was accepted here since. Pure.
package struct TenantBacklogs: Sendable {
  package typealias Instant = ContinuousClock.Instant

  private struct Backlog {
    /// When it was looked at.
    var at: Instant
    var waiting: Int
  }

  /// How long a look is good for: other controllers accept jobs too.
  static let memory = Duration.seconds(10)
  /// Tenants remembered; more are forgotten once their looks are too old.
  static let tenantsMax = 10_000

  private let waitingMax: Int
  /// How long a look is good for where a tenant is refused by it.
  private let interval: Duration
  private var backlogs: [TenantID: Backlog] = [:]

  package init(waitingMax: Int, interval: Duration) {
    self.waitingMax = waitingMax
    self.interval = interval
  }

  package enum Verdict: Hashable, Sendable {
    /// They are accepted.
    case taken
    /// So many wait, too many for these beside them.
    case refused(waiting: Int)
    /// Nobody has looked lately.
    case unknown
  }

  /// Whether a tenant may have so many more jobs waiting.
  ///
  /// - Parameter isCounted: whether they are accepted then.
  package mutating func take(_ count: Int, of tenant: TenantID, isCounted: Bool = true, at now: Instant) -> Verdict {
    guard let known = backlogs[tenant], now - known.at <= Self.memory else { return .unknown }
    if known.waiting + count > waitingMax {
      return now - known.at <= interval ? .refused(waiting: known.waiting) : .unknown
    }
    if isCounted { backlogs[tenant]?.waiting += count }
    return .taken
  }

  /// Notes what a look told.
  package mutating func note(_ waiting: Int, of tenant: TenantID, at now: Instant) {
    if backlogs.count >= Self.tenantsMax { backlogs = backlogs.filter { now - $0.value.at <= Self.memory } }
    backlogs[tenant] = Backlog(at: now, waiting: waiting)
  }
}
