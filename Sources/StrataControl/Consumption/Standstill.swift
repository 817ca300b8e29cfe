package import StrataCore
package import StrataQueue

/// What looks at the queue tell of jobs that are not consumed though nothing explains it: started, made ready when their
/// time has come, taken from workers that are silent, settled. Pure.
///
/// What it tells it has seen itself, for as long as its patience: after an outage, or a start on old data, everything gets
/// that long to move.
package struct Standstill: Sendable {
  package typealias Instant = ContinuousClock.Instant

  package enum Cause: String, Hashable, Sendable, CaseIterable {
    case leasing, promotion, expiry, settlement
  }

  /// How long what could move may stand.
  private let patience: Duration
  /// The longest time between two looks that belong together: whoever was frozen in between has seen nothing.
  private let gapMax: Duration
  private var lastLook: Instant?
  /// The tiers for which workers have been seen waiting or running.
  private var served: [WorkerID: Set<TierName>] = [:]

  /// Something that stays as it is.
  private struct Unchanged<Value: Equatable & Sendable>: Sendable {
    let value: Value
    let since: Instant

    static func next(_ known: Self?, _ value: Value?, at now: Instant) -> Self? {
      guard let value else { return nil }
      return known?.value == value ? known : Self(value: value, since: now)
    }
  }

  /// Whoever is next in a lane, while a worker is known that has room for it.
  private var waiting: [Lane: (head: Unchanged<QueueRoom.Head>, worker: WorkerID)] = [:]
  private var overdueJob: Unchanged<Timestamp>?
  private var overdueWorker: Unchanged<WorkerID>?
  /// The least that settlement was behind since it began to be so for too long.
  private var leastLag: Unchanged<Duration>?
  private var lag = Duration.zero

  package init(patience: Duration, gapMax: Duration) {
    self.patience = patience
    self.gapMax = gapMax
  }

  /// Forgets everything: the queue could not be looked at.
  package mutating func reset() { self = Self(patience: patience, gapMax: gapMax) }

  /// - Parameter unsettled: when the oldest attempt ended that the settler still has to read; nil where it has read all,
  ///   or is another controller's.
  package mutating func note(_ room: QueueRoom, unsettled: Timestamp? = nil, at now: Instant) {
    if let lastLook, now - lastLook > gapMax { reset() }
    lastLook = now
    noteWorkers(room.workers)
    noteLanes(room, now)
    overdueJob = .next(overdueJob, room.nextDue.flatMap { $0 <= room.time ? $0 : nil }, at: now)
    overdueWorker = .next(overdueWorker, room.workers.first { $0.deadline <= room.time }?.id, at: now)
    noteLag(unsettled.map { room.time - $0 } ?? .zero, now)
  }

  private mutating func noteWorkers(_ workers: [QueueRoom.Worker]) {
    served = workers.reduce(into: [:]) { all, worker in
      all[worker.id] = worker.tiers.union(served[worker.id] ?? [])
    }
  }

  private mutating func noteLanes(_ room: QueueRoom, _ now: Instant) {
    waiting = room.lanes.reduce(into: [:]) { all, entry in
      let (lane, jobs) = entry
      guard let next = jobs.next,
        let worker = room.workers.first(where: { $0.admits(next.tenant) && hasRoom($0, lane, room.time) })
      else { return }
      let known = waiting[lane]?.head
      all[lane] =
        (known?.value == next ? known : nil).map { ($0, worker.id) }
        ?? (Unchanged(value: next, since: now), worker.id)
    }
  }

  /// Whether a worker that is alive waits for such jobs with room for one; or was woken, holds nothing, and does not ask.
  private func hasRoom(_ worker: QueueRoom.Worker, _ lane: Lane, _ time: Timestamp) -> Bool {
    guard worker.deadline > time, let free = worker.free, lane.resources.fits(in: free) else { return false }
    if worker.idle.isEmpty { return worker.leases == 0 && served[worker.id]?.contains(lane.tier) == true }
    return worker.idle[lane.tier] != nil
  }

  /// Being behind is no standstill while it becomes less.
  private mutating func noteLag(_ lag: Duration, _ now: Instant) {
    self.lag = lag
    guard lag > patience else {
      leastLag = nil
      return
    }
    if let least = leastLag, lag >= least.value { return }
    leastLag = Unchanged(value: lag, since: now)
  }

  /// What stands, one sentence each, with the part of the machinery that would move it.
  package func obstacles(at now: Instant) -> [(cause: Cause, message: String)] {
    func seconds(since instant: Instant?) -> Int? {
      instant.map { now - $0 }.flatMap { $0 > patience ? Int($0.seconds) : nil }
    }
    var found: [(Cause, String)] = []
    let stuck = waiting.min {
      ($0.value.head.since, $0.key.tier.rawValue) < ($1.value.head.since, $1.key.tier.rawValue)
    }
    if let (lane, jobs) = stuck, let time = seconds(since: jobs.head.since) {
      found.append(
        (
          .leasing,
          "jobs of tier '\(lane.tier)' wait, worker \(jobs.worker) has room for them, and none has started for \(time) s"
        ))
    }
    if let time = seconds(since: overdueJob?.since) {
      found.append((.promotion, "jobs whose time has come have not been made ready for \(time) s"))
    }
    if let time = seconds(since: overdueWorker?.since) {
      found.append((.expiry, "the leases of a silent worker have not been ended for \(time) s"))
    }
    if let time = seconds(since: leastLag?.since) {
      found.append(
        (.settlement, "settlement is \(Int(lag.seconds)) s behind and has not caught up for \(time) s"))
    }
    return found
  }
}
