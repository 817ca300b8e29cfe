public import StrataCore

/// When the runs of a schedule happen: what its expression says, within its bounds, each so long after its instant.
public struct ScheduleTiming: Sendable {
  public let cron: CronSchedule
  /// No instant before it counts.
  public let startsAt: Timestamp?
  /// No instant after it counts.
  public let endsAt: Timestamp?
  /// How long after its instant each run begins: the same for all runs of a schedule.
  public let delay: Duration

  public init(cron: CronSchedule, startsAt: Timestamp? = nil, endsAt: Timestamp? = nil, delay: Duration = .zero) {
    self.cron = cron
    self.startsAt = startsAt
    self.endsAt = endsAt
    self.delay = delay
  }

  /// The delay of one schedule among many that have the same expression: between nothing and the jitter, spread evenly,
  /// and the same whenever it is asked for.
  public static func delay(of schedule: ScheduleID, jitterSeconds: Int64) -> Duration {
    .seconds(Int64(schedule.low % UInt64(max(0, jitterSeconds) + 1)))
  }

  /// What a schedule asks for at an instant of the clock.
  public struct Plan: Hashable, Sendable {
    /// The instants whose runs are to be made now, in order.
    public let runs: [Timestamp]
    /// Everything up to it is decided with these runs: what the next plan goes on from.
    public let decided: Timestamp
    /// The instant of the next run; nil where there is none within nine years.
    public let next: Timestamp?
    /// When that run is to be made.
    public let due: Timestamp?
  }

  /// What to run at `now`, and when to look again.
  ///
  /// Nothing happens twice: where the clock has gone back before `decided`, nothing is due until it has passed it again.
  ///
  /// - Parameters:
  ///   - decided: what the last plan returned; for a schedule that is new or resumed, `start(at:)`.
  ///   - runsMax: at most so many runs at once; where there are more, the rest is due at once again.
  /// - Complexity: O(runs that are due), however long ago `decided` is.
  public func plan(
    after decided: Timestamp, at now: Timestamp, missed: MissedRunsPolicy, runsMax: Int = .max
  ) -> Plan {
    let time = now + (.zero - delay)
    let after = afterStart(decided)
    let due = time > after ? cron.due(after: after, upTo: time, until: endsAt, missed: missed) : []
    guard due.count <= runsMax else {
      let runs = Array(due.prefix(runsMax))
      return Plan(runs: runs, decided: runs.last ?? decided, next: due[runsMax], due: now)
    }
    let next = self.next(after: max(decided, time))
    return Plan(runs: due, decided: max(decided, time), next: next, due: next.map { $0 + delay })
  }

  /// What a schedule that begins, or begins again, at `now` goes on from: what was due before is no concern of it.
  public func start(at now: Timestamp) -> Timestamp { now + (.zero - delay) }

  /// The next instants after `instant`, at most `count`; none where none comes within nine years.
  public func instants(after instant: Timestamp, count: Int) -> [Timestamp] {
    var found: [Timestamp] = []
    var cursor = instant
    while found.count < count, let next = next(after: cursor) {
      found.append(next)
      cursor = next
    }
    return found
  }

  private func next(after instant: Timestamp) -> Timestamp? {
    cron.next(after: afterStart(instant)).flatMap { next in endsAt.map { next <= $0 } ?? true ? next : nil }
  }

  /// `startsAt` itself may be an instant.
  private func afterStart(_ instant: Timestamp) -> Timestamp {
    startsAt.map { max(instant, $0 + .nanoseconds(-1)) } ?? instant
  }
}
