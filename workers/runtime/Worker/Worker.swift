public import StrataCore
public import StrataQueue
import StrataRuntime
import Synchronization

/// Leases jobs, runs them in its slots, and reports how they ended. `WorkerState` decides; this acts.
public final class Worker: Sendable {
  /// The leases that heartbeats extend, and until when they are the worker's.
  struct Held: Sendable {
    var leases: [LeaseReference] = []
    /// Granted, but not yet known to the state.
    var arriving: [LeaseReference] = []
    var until: ContinuousClock.Instant?
  }

  public let configuration: WorkerConfiguration
  let queue: any JobQueue
  let artifacts: any AttemptArtifacts
  let pool: RunnerPool
  let folders: FolderPool
  let pump: ProgressPump
  let reporter: Reporter
  let log: WorkerLog
  /// Called once: at the queue's first answer.
  private let onReady: Mutex<(@Sendable () -> Void)?>
  let attempts = Mutex<[LeaseReference: AttemptExecution]>([:])
  let held = Mutex(Held())
  /// The leases whose attempts nobody has asked to end.
  let wanted = Mutex<Set<LeaseReference>>([])
  let leaseBackoff: Mutex<Backoff>
  let shortageReleases: Mutex<ShortageReleases>
  /// Whether the operator knows that there is no room for results.
  let hasToldOfShortage = Mutex(false)
  /// Draws how long jobs wait before they are tried again.
  let random: Mutex<any RandomNumberGenerator & Sendable>
  /// What running attempts have to end once it is told to stop.
  private let drainGrace: Mutex<Duration>
  /// Leasing and heartbeats take turns, so that a heartbeat's list of leases is complete and the queue may take back
  /// what is not on it (the grants of an answer that was lost).
  let turn = AsyncTurn()
  let feed: AsyncStream<WorkerState.Event>.Continuation
  private let events: AsyncStream<WorkerState.Event>

  /// - Parameters:
  ///   - log: gets lines for the operator; nothing secret is in them.
  ///   - onReady: called once, when the queue has answered for the first time and so knows this worker.
  public init(
    _ configuration: WorkerConfiguration, queue: any JobQueue, artifacts: any AttemptArtifacts,
    log: @escaping @Sendable (String) -> Void = { _ in }, onReady: @escaping @Sendable () -> Void = {}
  ) {
    self.configuration = configuration
    self.queue = queue
    self.artifacts = artifacts
    self.log = log
    self.onReady = Mutex(onReady)
    pool = RunnerPool(
      configuration.runner, slots: configuration.slots, limits: configuration.limits,
      adoptsOrphans: configuration.adoptsOrphans)
    folders = FolderPool(in: configuration.folder)
    pump = ProgressPump(queue: queue, interval: configuration.progressInterval)
    reporter = Reporter(queue: queue, log: log)
    leaseBackoff = Mutex(configuration.backoff)
    shortageReleases = Mutex(ShortageReleases(releasesMax: configuration.shortageReleasesMax))
    random = Mutex(configuration.random)
    drainGrace = Mutex(configuration.drainGrace)
    (events, feed) = AsyncStream.makeStream(of: WorkerState.Event.self)
  }

  /// Asks it to stop: it leases nothing more, lets running attempts end within the drain grace, and hands the rest
  /// back. The second call ends the grace at once. Safe from any thread, at any time.
  ///
  /// - Parameter grace: instead of the configuration's.
  public func stop(within grace: Duration? = nil) {
    if let grace { drainGrace.withLock { $0 = grace } }
    feed.yield(.stopRequested)
  }

  /// Works until it has been told to stop and holds no lease any more.
  ///
  /// - Throws: if its folder cannot be used. The queue being away is not an error: it is waited for.
  public func run() async throws(StrataError) {
    if configuration.adoptsOrphans { try Subreaper.enable() }
    try FileTree.remove(configuration.folder)
    try FileTree.make(configuration.folder)
    await pool.warmUp()
    let (heartbeats, background) = (Task { await self.beat() }, startBackground())
    feed.yield(.mayHaveWork)
    await withDiscardingTaskGroup { group in
      var state = WorkerState(slots: configuration.slots, room: configuration.room)
      for await event in events {
        let actions = state.handle(event)
        note(state, after: event)
        if actions.contains(.finish) { break }
        for action in actions { perform(action, in: &group) }
      }
      group.cancelAll()
    }
    for task in background + [heartbeats] { task.cancel() }
    await takeLeave(after: heartbeats)
    await pool.drain()
    try FileTree.remove(configuration.folder)
  }

  /// Says that the queue has answered.
  func becomeReady() {
    let first = onReady.withLock { onReady in
      defer { onReady = nil }
      return onReady
    }
    first?()
  }

  private func note(_ state: WorkerState, after event: WorkerState.Event) {
    held.withLock { held in
      (held.leases, held.until) = (state.held, state.ownedUntil)
      if case .granted = event { held.arriving = [] }
    }
  }

  private func perform(_ action: WorkerState.Action, in group: inout DiscardingTaskGroup) {
    switch action {
    case .lease(let count, let room): group.addTask { await self.lease(count, room) }
    case .start(let lease):
      if let attempt = prepare(lease) { group.addTask { await self.run(lease, attempt) } }
    case .release(let lease):
      reporter.add(notice(of: lease.reference, .released, AttemptReport(usage: AttemptUsage())))
    case .end(let lease, let reason):
      wanted.withLock { _ = $0.remove(lease) }
      attempts.withLock { $0[lease] }?.stop(reason)
    case .hasten(let lease): attempts.withLock { $0[lease] }?.hasten()
    case .beginDrainGrace: group.addTask { await self.drain() }
    case .finish: break
    }
  }

  /// The grace, and then a bound on everything that may still hold the worker up.
  private func drain() async {
    let grace = drainGrace.withLock { $0 }
    guard (try? await Task.sleep(for: grace, clock: .continuous)) != nil else { return }
    feed.yield(.drainGraceOver)
    let rest = configuration.limits.stopGrace + configuration.reportGrace
    guard (try? await Task.sleep(for: rest, clock: .continuous)) != nil else { return }
    for lease in reporter.unanswered {
      log("job \(lease.job): its outcome could not be reported before the worker had to end; its lease will expire")
      feed.yield(.reportAnswered(lease))
    }
    feed.yield(.leaseFailed)
  }
}
