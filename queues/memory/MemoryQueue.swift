public import StrataCore

/// The queue's protocol in plain Swift, in memory: the model that the Redis queue is compared with, and a queue for
/// tests that need no server. It keeps nothing beyond its own life and is built to be read, not to be fast.
///
/// Its answers equal those of `RedisQueue` given the same calls at the same instants, down to tokens and positions in
/// the logs, as long as no call exceeds `QueueLimits.batchMax`.
public actor MemoryQueue: JobQueue {
  let limits: QueueLimits
  private let clock: WallClock

  // What the queue holds; `MemoryQueue+…` files change it.
  var installed: UInt64?
  /// The last tick given out: tokens and positions are ticks, so both only grow.
  var lastTick: UInt64 = 0
  var jobs: [JobID: HeldJob] = [:]
  var workers: [WorkerID: Timestamp] = [:]
  /// Workers that got fewer leases than they asked for, with what they missed.
  var idle: [TierName: [WorkerID: Int]] = [:]
  var signalled: [WorkerID: [WorkerSignal]] = [:]
  var liveLogs: [JobID: KeptLog] = [:]
  var outcomeLog: [QueuedOutcome] = []
  var eventLog: [QueueEvent] = []
  var unreadableLog: [UnreadableEntry] = []
  var bell = Bell()

  struct HeldJob {
    let job: QueuedJob
    var attemptsMade: Int
    var lease: HeldLease?
  }

  struct HeldLease {
    let worker: WorkerID
    let token: FencingToken
    let startedAt: Timestamp
    var fraction: Double?
    var stage: String?
    var hasReported = false
    var isCancelRequested = false
  }

  struct KeptLog {
    /// Of the attempt that printed it.
    let token: FencingToken
    var bytes: [UInt8] = []
    /// Nil while an attempt writes to it.
    var expiresAt: Timestamp?
  }

  public init(limits: QueueLimits = QueueLimits(), clock: WallClock = .system) {
    self.limits = limits
    self.clock = clock
  }

  /// Microseconds are the finest that the queue keeps.
  var now: Timestamp { Timestamp(microseconds: clock.now.microseconds) }

  func requireGeneration() throws(QueueError) {
    guard installed != nil else { throw .lost }
  }

  /// The next of the queue's ticks: microseconds since 1970, or one more than the last where that is greater.
  func tick(_ count: Int = 1) -> UInt64 {
    let first = max(lastTick + 1, UInt64(max(0, now.microseconds)))
    lastTick = first + UInt64(count) - 1
    return first
  }

  /// Where the entry at `place` among those of the call with this tick stands in a log.
  func position(_ tick: UInt64, _ place: Int) -> OutcomePosition {
    OutcomePosition(milliseconds: tick / 1_000, sequence: tick % 1_000 * 1_000 + UInt64(place))
  }

  /// Jobs of `tier` that wait, in the queue's order.
  func ready(in tier: TierName) -> [HeldJob] {
    jobs.values.filter { $0.lease == nil && $0.job.tier == tier }
      .sorted { ($1.job.priority, $0.job.id) < ($0.job.priority, $1.job.id) }
  }

  /// The job of `lease` while the lease is its caller's.
  func owned(_ lease: LeaseReference) -> HeldJob? {
    jobs[lease.job].flatMap { $0.lease?.token == lease.token ? $0 : nil }
  }

  func announce(_ events: [(JobID, QueueEvent.Kind)], at tick: UInt64) {
    for (place, event) in events.enumerated() {
      eventLog.append(QueueEvent(position: position(tick, place), job: event.0, kind: event.1))
    }
    eventLog.removeFirst(max(0, eventLog.count - limits.eventsMax))
  }

  /// Wakes idle workers, the emptiest first, until they can take `count` jobs. One past its deadline may be dead: it is
  /// told, but not counted on.
  func wake(_ tier: TierName, count: Int) {
    var count = count
    while count > 0, let next = idle[tier]?.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
      idle[tier]?[next.key] = nil
      signalled[next.key, default: []].append(.work)
      if let deadline = workers[next.key], deadline > now { count -= next.value }
    }
  }
}
