public import StrataCore
public import StrataRuntime

/// The queue's protocol in plain Swift, in memory: the model that the Redis queue is compared with, and a queue for
/// tests that need no server. It keeps nothing beyond its own life and is built to be read, not to be fast.
///
/// Its answers equal those of `RedisQueue` given the same calls at the same instants, down to tokens and positions in
/// the logs, as long as no call exceeds `QueueLimits.batchMax`.
public actor MemoryQueue: JobQueue {
  let limits: QueueLimits
  private let clock: WallClock
  let time: Timekeeper

  // What the queue holds; `MemoryQueue+…` files change it.
  var installed: UInt64?
  /// The last tick given out: tokens and positions are ticks, so both only grow.
  var lastTick: UInt64 = 0
  var jobs: [JobID: HeldJob] = [:]
  var workers: [WorkerID: Timestamp] = [:]
  /// Every lane that there was a job of, the oldest first, each with its guests behind it; nil where one had to go for one
  /// with fewer guests.
  var lanesByNumber: [Lane?] = []
  var order = FairOrder()
  var policy = QueuePolicy.standard
  var gates: [Gate: HeldGate] = [:]
  /// The worker that keeps room in a pool, for a job of which lane, and when it is asked again.
  var keepers: [QueuePool: Keeper] = [:]
  /// Idle workers that keep what they have free for a job of this class.
  var sparing: [WorkerID: PriorityClass] = [:]
  /// When classes were last served.
  var served: [QueuePool: Timestamp] = [:]
  /// Whether a timer has been set that is due before all others, and nobody has been told.
  var isDueSignalled = false
  /// Workers that got fewer leases than they asked for, with what they missed.
  var idle: [TierName: [WorkerID: Int]] = [:]
  /// What those have free.
  var rooms: [WorkerID: ResourceRequest] = [:]
  /// Whose jobs idle workers take.
  var dedications: [WorkerID: Dedication] = [:]
  /// What workers could run, as they last said.
  var capacities: [WorkerID: WorkerLoad.Capacity] = [:]
  /// Where workers are, as they have said.
  var places: [WorkerID: String] = [:]
  var signalled: [WorkerID: [WorkerSignal]] = [:]
  var liveLogs: [JobID: KeptLog] = [:]
  var outcomeLog: [QueuedOutcome] = []
  var acknowledged = Acknowledgements()
  var eventLog: [QueueEvent] = []
  var unreadableLog: [UnreadableEntry] = []
  var bell = Bell()
  /// Nobody waits for anything any more.
  var isStopped = false

  struct HeldJob {
    var job: QueuedJob
    var attemptsMade: Int
    var workersLost: Int
    /// Nil unless the job waits for its time.
    var due: Timestamp?
    /// Nil once that time has passed.
    var startBy: Timestamp?
    var lease: HeldLease?

    init(_ job: QueuedJob) {
      self.job = job
      (attemptsMade, workersLost) = (job.attemptsMade, job.workersLost)
      (due, startBy) = (job.notBefore, job.startBy)
    }

    var isReady: Bool { lease == nil && due == nil }

    /// Where it counts: while it runs in another way than is preferred, in the lane of that.
    var lane: Lane { lease?.lane ?? job.lane }
  }

  struct HeldLease {
    let worker: WorkerID
    let lane: Lane
    let token: FencingToken
    let startedAt: Timestamp
    /// What the tenant was charged for it in the fair order.
    let charge: Double
    var fraction: Double?
    var stage: String?
    var hasReported = false
    var isCancelRequested = false
    /// The class of the job that is to have its room; nil for one that may go on.
    var preemptor: PriorityClass?
    /// Whether the time by which its job has to have started is over.
    var isLate = false
  }

  struct Keeper {
    let worker: WorkerID
    let lane: Lane
    var until: Timestamp
    /// From then on nothing more runs in the gap.
    let gapEnd: Timestamp
    /// When it was last seen to keep its room, and when it was expected then to have enough.
    var seen: Timestamp
    var due: Timestamp
    /// Whether it was told to: then it is over with the time.
    var isReserved = false
  }

  /// What a worker that keeps its room may give to others.
  struct KeptRoom {
    /// The class of the job for which it does.
    let priorityClass: PriorityClass
    /// When there is expected to be enough for it.
    let due: Timestamp
    /// What is expected to be left beside it then.
    var beside: ResourceRequest
  }

  struct KeptLog {
    /// Of the attempt that printed it.
    let token: FencingToken
    var bytes: [UInt8] = []
    /// Nil while an attempt writes to it.
    var expiresAt: Timestamp?
  }

  /// - Parameters:
  ///   - clock: the server's, which says what is due.
  ///   - time: by which calls wait.
  public init(limits: QueueLimits = QueueLimits(), clock: WallClock = .system, time: Timekeeper = .system) {
    self.limits = limits
    self.clock = clock
    self.time = time
  }

  /// Microseconds are the finest that the queue keeps.
  var now: Timestamp { Timestamp(microseconds: clock.now.microseconds) }

  func requireGeneration() throws(QueueError) {
    guard installed != nil else { throw .lost }
  }

  /// The next of the queue's ticks: microseconds since 1970, or one more than the last where that is greater.
  func tick() -> UInt64 {
    lastTick = max(lastTick + 1, UInt64(max(0, now.microseconds)))
    return lastTick
  }

  /// Where the entry at `place` among those of the call with this tick stands in a log.
  func position(_ tick: UInt64, _ place: Int) -> OutcomePosition {
    OutcomePosition(milliseconds: tick / 1_000, sequence: tick % 1_000 * 1_000 + UInt64(place))
  }

  var lanes: [Lane] { lanesByNumber.compactMap(\.self) }

  /// Jobs that are ready to run in a lane.
  func ready(in lane: Lane) -> [HeldJob] { jobs.values.filter { $0.isReady && $0.job.lane == lane.home } }

  /// Jobs of a tenant that are ready in a lane, in their order.
  func ready(in lane: Lane, of tenant: TenantID) -> [HeldJob] {
    ready(in: lane).filter { $0.job.tenant == tenant }
      .sorted { (score(of: $0.job), $0.job.id) < (score(of: $1.job), $1.job.id) }
  }

  /// Where a job stands among those of its tenant: by its priority, and by its age where that counts.
  func score(of job: QueuedJob) -> Int64 {
    guard let ageing = policy.priorityAgeing?.milliseconds else { return -Int64(job.priority.rawValue) }
    return job.id.createdMilliseconds - Int64(job.priority.rawValue) * ageing
  }

  /// The job of `lease` while the lease is its caller's.
  func owned(_ lease: LeaseReference) -> HeldJob? {
    jobs[lease.job].flatMap { $0.lease?.token == lease.token && $0.lease?.worker == lease.worker ? $0 : nil }
  }

  func announce(_ events: [(JobID, QueueEvent.Kind)], at tick: UInt64) {
    for (place, event) in events.enumerated() {
      eventLog.append(QueueEvent(position: position(tick, place), job: event.0, kind: event.1))
    }
    eventLog.removeFirst(max(0, eventLog.count - limits.eventsMax))
  }

  /// Wakes workers for jobs that wait in a lane: of those that cannot run as is preferred, others that can run the rest.
  func wakeAll(_ lane: Lane, count: Int) {
    guard !lane.guests.isEmpty else {
      wake(lane, count: count)
      return
    }
    var left = count
    for lane in [lane] + lane.guests {
      // No more than the gates before it let through.
      let open = gatesBefore(lane).reduce(left) { min($0, room(behind: $1)) }
      left += max(0, wake(lane, count: open)) - open
    }
  }

  /// Wakes idle workers that have room for a job as it runs in the lane, the emptiest first, until they can take `count`
  /// jobs. One past its deadline may be dead: it is told, but not counted on. Returns how many are left.
  @discardableResult
  func wake(_ lane: Lane, count: Int) -> Int {
    var (count, own) = (count, [TenantID: Int]())
    let emptiest = (idle[lane.tier] ?? [:]).sorted { ($0.value, $0.key) > ($1.value, $1.key) }
    for (worker, missed) in emptiest {
      let takes = lane.resources.count(in: rooms[worker] ?? .unlimited, atMost: missed)
      if takes <= 0 { continue }
      if let spared = sparing[worker], lane.priorityClass <= spared { continue }
      if count <= 0 { return count }
      let tenant = dedications[worker].flatMap { $0.lends ? nil : $0.tenant }
      let left = tenant.map { own[$0] ?? ready(in: lane, of: $0).count }
      if let left, left <= 0 { continue }
      idle[lane.tier]?[worker] = nil
      signalled[worker, default: []].append(.work)
      guard let deadline = workers[worker], deadline > now else { continue }
      if let tenant, let left { own[tenant] = left - takes } else { count -= takes }
    }
    return count
  }
}
