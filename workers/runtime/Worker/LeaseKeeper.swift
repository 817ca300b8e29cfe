import StrataCore
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Runs what a worker has leased: in a worker its runners, in a simulation nothing at all.
package protocol AttemptHost: Sendable {
  /// Why nothing is to be leased now; nil while something is.
  var shortage: String? { get }

  /// Takes note of a lease, so that its attempt can be stopped from now on, or is done with it.
  func begin(_ lease: Lease) -> BegunAttempt

  func stop(_ lease: LeaseReference, _ reason: StopReason)

  /// Ends what is being ended without waiting for its grace.
  func hasten(_ lease: LeaseReference)
}

package enum BegunAttempt: Sendable {
  /// What runs it and, at its end, calls `LeaseKeeper.finish`.
  case runs(@Sendable () async -> Void)
  /// It is over, and this is to be said of it: it took no time, or it cannot be run.
  case isOver(AttemptNotice)
}

/// Keeps a worker's leases: asks for them, renews them, ends what must end, and reports. `WorkerState` decides; this talks to
/// the queue, and has an `AttemptHost` run what was granted.
package final class LeaseKeeper: Sendable {
  /// What is decided by, and what heartbeats and the watch of the deadline look at.
  struct Holdings: Sendable {
    var state: WorkerState
    /// Granted, but not yet known to the state.
    var arriving: [LeaseReference] = []
  }

  let configuration: WorkerConfiguration
  let queue: any JobQueue
  let pump: ProgressPump
  let reporter: Reporter
  let log: WorkerLog
  let time: Timekeeper
  /// Called once: at the queue's first answer.
  private let onReady: Mutex<(@Sendable () -> Void)?>
  let holdings: Mutex<Holdings>
  let leaseBackoff: Mutex<Backoff>
  /// Whether the operator knows that there is no room for results.
  let hasToldOfShortage = Mutex(false)
  /// What running attempts have to end once it is told to stop.
  private let drainGrace: Mutex<Duration>
  /// Tells the queue that it asks for no more. Not waited for as what runs is.
  private let leaving = Mutex<Task<Void, Never>?>(nil)
  /// Leasing and heartbeats take turns, so that a heartbeat's list of leases is complete and the queue may take back
  /// what is not on it (the grants of an answer that was lost).
  let turn = AsyncTurn()
  let feed: AsyncStream<WorkerState.Event>.Continuation
  private let events: AsyncStream<WorkerState.Event>

  package init(
    _ configuration: WorkerConfiguration, queue: any JobQueue, log: @escaping @Sendable (String) -> Void = { _ in },
    onReady: @escaping @Sendable () -> Void = {}
  ) {
    self.configuration = configuration
    self.queue = queue
    self.log = log
    self.onReady = Mutex(onReady)
    time = configuration.time
    pump = ProgressPump(queue: queue, interval: configuration.progressInterval, time: time)
    holdings = Mutex(Holdings(state: WorkerState(slots: configuration.slots, room: configuration.room)))
    reporter = Reporter(queue: queue, log: log, time: time)
    leaseBackoff = Mutex(configuration.newBackoff())
    drainGrace = Mutex(configuration.drainGrace)
    (events, feed) = AsyncStream.makeStream(of: WorkerState.Event.self)
  }

  /// Until when all leases are the worker's own, as far as it knows; nil before the queue's first answer.
  package var ownedUntil: Timekeeper.Instant? { holdings.withLock(\.state.ownedUntil) }

  /// The same of one lease; nil for one that is not its own any more, though its attempt may not have ended yet.
  package func ownedUntil(of lease: LeaseReference) -> Timekeeper.Instant? {
    holdings.withLock { $0.state.held.contains(lease) ? $0.state.ownedUntil : nil }
  }

  /// Asks it to stop: see `Worker.stop`.
  package func stop(within grace: Duration? = nil) {
    if let grace { drainGrace.withLock { $0 = grace } }
    feed.yield(.stopRequested)
  }

  /// An attempt has ended, its last process with it.
  ///
  /// - Parameter notice: what is to be said of it; nil for nothing.
  package func finish(_ lease: LeaseReference, _ notice: AttemptNotice?) {
    pump.forget(lease)
    // Before a request for more, with which it rides.
    if let notice { reporter.add([notice]) }
    feed.yield(.attemptsEnded([lease], areReported: notice != nil))
  }

  /// Works until it has been told to stop and holds no lease any more, or the task is cancelled.
  package func run(_ host: some AttemptHost) async {
    let heartbeats = time.start { await self.beat() }
    let background = startBackground()
    feed.yield(.mayHaveWork)
    await withDiscardingTaskGroup { group in
      for await event in events {
        let (actions, isLeasing) = handle(event)
        if actions.contains(.finish) { break }
        if event.mayEndWaiting, !isLeasing { reporter.flush() }
        let over = actions.compactMap { perform($0, host, in: &group) }
        guard !over.isEmpty else { continue }
        reporter.add(over)
        feed.yield(.attemptsEnded(over.map(\.lease), areReported: true))
      }
      group.cancelAll()
    }
    let callers = [heartbeats] + leaving.withLock { $0.map { [$0] } ?? [] }
    for task in background + callers { task.cancel() }
    await takeLeave(after: callers)
  }

  /// Says that the queue has answered.
  func becomeReady() {
    let first = onReady.withLock { onReady in
      defer { onReady = nil }
      return onReady
    }
    first?()
  }

  private func handle(_ event: WorkerState.Event) -> (actions: [WorkerState.Action], isLeasing: Bool) {
    holdings.withLock { holdings in
      let actions = holdings.state.handle(event)
      if case .granted = event { holdings.arriving = [] }
      return (actions, holdings.state.isLeasing)
    }
  }

  /// - Returns: what is to be said of an attempt that was over at once.
  private func perform(
    _ action: WorkerState.Action, _ host: some AttemptHost, in group: inout DiscardingTaskGroup
  ) -> AttemptNotice? {
    switch action {
    case .lease(let count, let room): group.addTask { await self.lease(count, room, host) }
    case .start(let lease):
      switch host.begin(lease) {
      case .runs(let attempt): group.addTask { await attempt() }
      case .isOver(let notice): return notice
      }
    case .release(let lease):
      reporter.add([AttemptNotice(of: lease.reference, .released, AttemptReport(usage: AttemptUsage()))])
    case .end(let lease, let reason): host.stop(lease, reason)
    case .hasten(let lease): host.hasten(lease)
    case .beginDrainGrace: group.addTask { await self.drain() }
    case .leave: startLeaving()
    case .finish: break
    }
    return nil
  }

  /// Said again, where a server that another has taken the place of may have been the only one to hear it.
  private func startLeaving() {
    leaving.withLock { leaving in
      leaving = time.start { [before = leaving] in
        before?.cancel()
        await before?.value
        await self.leave()
      }
    }
  }

  /// The grace, and then a bound on everything that may still hold the worker up.
  private func drain() async {
    let grace = drainGrace.withLock { $0 }
    guard (try? await time.sleep(for: grace)) != nil else { return }
    feed.yield(.drainGraceOver)
    let rest = configuration.limits.stopGrace + configuration.reportGrace
    guard (try? await time.sleep(for: rest)) != nil else { return }
    let unanswered = reporter.unanswered
    for lease in unanswered {
      log("job \(lease.job): its outcome could not be reported before the worker had to end; its lease will expire")
    }
    feed.yield(.reportsAnswered(unanswered))
    feed.yield(.leaseFailed)
  }
}

extension WorkerState.Event {
  /// Whether a success that waits to ride with a request for leases may find after it that there is none.
  fileprivate var mayEndWaiting: Bool {
    switch self {
    case .attemptsEnded, .granted, .leaseFailed: true
    default: false
    }
  }
}
