package import StrataCore
package import StrataQueue
package import StrataRuntime
import Synchronization

/// Looks how full the queue is, and says who is turned away for that.
///
/// Where the queue cannot be asked, the last look counts, for `failedLooksMax` looks: a queue that is away keeps nobody from
/// submitting, for what is accepted is in the ledger.
package final class AdmissionRoom: Sendable {
  private let queue: any JobQueue
  private let log: Log
  private let bounds: AdmissionBounds
  private let state: Mutex<State>

  private struct State {
    var door: AdmissionDoor
    var backlogs: TenantBacklogs
    var lanes: TenantLanes
    /// Whether the log says that it is closed: it may close between two looks.
    var isToldClosed = false
    var failedLooks = 0
  }

  package init(queue: any JobQueue, bounds: AdmissionBounds, log: Log = .silent) {
    self.queue = queue
    self.bounds = bounds
    self.log = log
    state = Mutex(
      State(
        door: AdmissionDoor(bounds),
        backlogs: TenantBacklogs(waitingMax: bounds.tenantWaitingMax, interval: bounds.lookInterval),
        lanes: TenantLanes(lanesMax: bounds.tenantLanesMax, interval: bounds.lookInterval)))
  }

  /// So many looks in a row may fail until the last one does not count any more.
  static let failedLooksMax = 3

  /// As things are now.
  package var door: AdmissionDoor { state.withLock(\.door) }

  /// Looks until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: bounds.lookInterval)
    }
  }

  /// Looks once. A queue that cannot be asked is passed over: others tell of it.
  package func look() async {
    let load = try? await queue.load()
    let (closure, wasTold) = state.withLock { state in
      defer { state.isToldClosed = state.door.closure != nil }
      state.failedLooks = load == nil ? state.failedLooks + 1 : 0
      if let load { state.door.note(load) } else if state.failedLooks >= Self.failedLooksMax { state.door.forget() }
      return (state.door.closure, state.isToldClosed)
    }
    if let closure, !wasTold { log.warning("no jobs are accepted", ["because": closure.words]) }
    if closure == nil, wasTold { log.info("jobs are accepted again") }
  }

  /// Why so many more jobs of a tenant are not accepted now; nil where they are.
  ///
  /// - Parameter isCounted: whether they are accepted then, and wait.
  package func refusal(of tenant: TenantID, count: Int = 1, isCounted: Bool = true) async -> StrataError? {
    if let refusal = door.refusal { return refusal }
    var verdict = state.withLock { $0.backlogs.take(count, of: tenant, isCounted: isCounted, at: .now) }
    if verdict == .unknown, let pools = try? await queue.standing(of: [tenant]) {
      let waiting = pools.reduce(0) { $0 + $1.tenants.reduce(0) { $0 + $1.waiting } }
      verdict = state.withLock { state in
        state.backlogs.note(waiting, of: tenant, at: .now)
        return state.backlogs.take(count, of: tenant, isCounted: isCounted, at: .now)
      }
    }
    guard case .refused(let waiting) = verdict else { return nil }
    return StrataError(
      .tooManyWaiting,
      "\(waiting.counted("job")) of this tenant \(waiting == 1 ? "waits" : "wait") already, and at most"
        + " \(bounds.tenantWaitingMax) may",
      remedy: "try again when some of them have started", retryAfter: bounds.retryAfter)
  }

  /// Why jobs of a tenant are not accepted in all of these lanes, beside those in which it has some; nil where they are. A queue
  /// that cannot be asked keeps nobody from submitting.
  ///
  /// - Parameter isCounted: whether they are accepted then.
  package func refusal(of tenant: TenantID, in lanes: Set<Lane>, isCounted: Bool = true) async -> StrataError? {
    func take() -> (verdict: TenantLanes.Verdict, looks: Bool) {
      state.withLock { state in
        let verdict = state.lanes.take(lanes, of: tenant, isCounted: isCounted, at: .now)
        let wantsLook = verdict == .unknown || state.lanes.isCrowded(at: .now)
        return (verdict, wantsLook && state.lanes.beginLook(at: .now))
      }
    }
    var (verdict, looks) = take()
    if looks, let used = try? await queue.room().lanes.keys {
      state.withLock { $0.lanes.note(used, at: .now) }
      verdict = take().verdict
    }
    guard case .refused(let count) = verdict else { return nil }
    return StrataError(
      .tooManyWaiting,
      "jobs of this tenant are in \(count.counted("lane")) already, one for each capability and size of job, and at most"
        + " \(bounds.tenantLanesMax) are given to one tenant\(lanes.count > 1 ? ": these ask for \(lanes.count)" : "")",
      remedy: "ask for the same cores and memory for jobs that need about as much, or try again when some have ended",
      retryAfter: bounds.retryAfter)
  }

  package func noteAccepted(_ jobs: [QueuedJob]) {
    let bytes = jobs.reduce(0) { $0 + $1.payload.count }
    state.withLock { $0.door.noteAccepted(jobs.count, payloadBytes: bytes) }
  }

  package func noteFailure(_ error: QueueError) {
    if error == .outOfMemory { state.withLock { $0.door.noteOutOfMemory() } }
  }
}
