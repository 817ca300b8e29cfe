public import StrataCore
public import StrataQueue
import Synchronization

/// A queue in memory that counts what it is asked, and can be told to fail or to wait.
public final class HookedQueue: JobQueue {
  public enum Operation: Hashable, Sendable {
    case enqueue, cancel, outcomes, outcomesFromStart, acknowledge, expire, generation, restore, announce, unreadable
    case promote, rewind, dueSignal, govern, census, reprioritise, load, room
  }

  private struct Waiter {
    let operation: Operation
    let count: Int
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var counts: [Operation: Int] = [:]
    var failures: [Operation: [QueueError]] = [:]
    /// Operations that wait, and those who called them.
    var held: [Operation: [CheckedContinuation<Void, Never>]] = [:]
    var waiters: [Waiter] = []
    var dueWaits: AsyncStream<Duration>.Continuation?
    var dueHeld: [CheckedContinuation<Void, Never>] = []
    var load: QueueLoad?
  }

  public let memory: MemoryQueue
  private let state = Mutex(State())

  public init(_ memory: MemoryQueue = MemoryQueue()) { self.memory = memory }

  // MARK: Hooks

  /// How often `operation` has been asked for.
  public func count(of operation: Operation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }

  /// Returns when `operation` has been asked for `count` times.
  public func wait(for operation: Operation, count: Int = 1) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        guard state.counts[operation] ?? 0 < count else { return true }
        state.waiters.append(Waiter(operation: operation, count: count, continuation: continuation))
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  /// The next call of `operation` throws `error`, and does nothing.
  public func fail(_ operation: Operation, with error: QueueError) {
    state.withLock { $0.failures[operation, default: []].append(error) }
  }

  /// How full the queue says that it is from now on; nil for the truth.
  public func show(_ load: QueueLoad?) { state.withLock { $0.load = load } }

  /// Enqueueing waits until `releaseEnqueues`.
  public func holdEnqueues() { hold(.enqueue) }
  public func releaseEnqueues() { release(.enqueue) }

  /// Restoring waits until `releaseRestores`.
  public func holdRestores() { hold(.restore) }
  public func releaseRestores() { release(.restore) }

  /// Reading outcomes from the start waits until `releaseOutcomes`.
  public func holdOutcomes() { hold(.outcomesFromStart) }
  public func releaseOutcomes() { release(.outcomesFromStart) }

  /// What was read of the room is held back until `releaseRooms`.
  public func holdRooms() { hold(.room) }
  public func releaseRooms() { release(.room) }

  private func hold(_ operation: Operation) { state.withLock { $0.held[operation] = [] } }

  private func release(_ operation: Operation) {
    let held = state.withLock { $0.held.removeValue(forKey: operation) }
    for continuation in held ?? [] { continuation.resume() }
  }

  private func waitWhileHeld(_ operation: Operation) async {
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { $0.held[operation]?.append(continuation) != nil }
      if !isHeld { continuation.resume() }
    }
  }

  /// From now on waiting for a due signal ends when `giveDueSignal` says so, and not otherwise.
  ///
  /// - Returns: how long each wait was to last.
  public func holdDueSignals() -> AsyncStream<Duration> {
    let (waits, continuation) = AsyncStream<Duration>.makeStream()
    state.withLock { $0.dueWaits = continuation }
    return waits
  }

  public func giveDueSignal() {
    let held = state.withLock { state in
      defer { state.dueHeld = [] }
      return state.dueHeld
    }
    for continuation in held { continuation.resume() }
  }

  private func note(_ operation: Operation) throws(QueueError) {
    let (met, failure) = state.withLock { state in
      state.counts[operation, default: 0] += 1
      let met = state.waiters.filter { state.counts[$0.operation] ?? 0 >= $0.count }
      state.waiters.removeAll { state.counts[$0.operation] ?? 0 >= $0.count }
      let failure = state.failures[operation]?.first
      if failure != nil { state.failures[operation]?.removeFirst() }
      return (met, failure)
    }
    for waiter in met { waiter.continuation.resume() }
    if let failure { throw failure }
  }

  // MARK: The queue

  public func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try note(.enqueue)
    await waitWhileHeld(.enqueue)
    return try await memory.enqueue(jobs)
  }

  public func cancel(_ jobs: [JobID]) async throws(QueueError) -> [CancelVerdict] {
    try note(.cancel)
    return try await memory.cancel(jobs)
  }

  public func tune(_ policy: QueuePolicy) async throws(QueueError) { try await memory.tune(policy) }

  public func reprioritise(_ priorities: [JobID: JobPriority]) async throws(QueueError) -> [JobID: PriorityVerdict] {
    try note(.reprioritise)
    return try await memory.reprioritise(priorities)
  }

  public func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueuedOutcome]
  {
    if position == nil {
      try note(.outcomesFromStart)
      await waitWhileHeld(.outcomesFromStart)
    }
    try note(.outcomes)
    return try await memory.outcomes(after: position, limit: limit, waitingUpTo: duration)
  }

  public func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) {
    try note(.acknowledge)
    try await memory.acknowledge(positions)
  }

  public func expire(limit: Int) async throws(QueueError) -> Int {
    try note(.expire)
    return try await memory.expire(limit: limit)
  }

  public func noteDead(_ workers: [WorkerID]) async throws(QueueError) -> Int { try await memory.noteDead(workers) }

  public func leave(_ worker: WorkerID) async throws(QueueError) -> Bool { try await memory.leave(worker) }

  public func time() async throws(QueueError) -> (now: Timestamp, latest: Timestamp) { try await memory.time() }

  public func rewind(by duration: Duration, within late: Duration) async throws(QueueError) -> Int {
    try note(.rewind)
    return try await memory.rewind(by: duration, within: late)
  }

  public func promote(limit: Int) async throws(QueueError) -> Promotion {
    try note(.promote)
    return try await memory.promote(limit: limit)
  }

  public func dueSignal(waitingUpTo duration: Duration) async throws(QueueError) -> Bool {
    try note(.dueSignal)
    if let waits = state.withLock({ $0.dueWaits }) {
      await withCheckedContinuation { continuation in
        state.withLock { $0.dueHeld.append(continuation) }
        waits.yield(duration)
      }
      return true
    }
    return try await memory.dueSignal(waitingUpTo: duration)
  }

  public func govern(_ policies: [Gate: GatePolicy]) async throws(QueueError) {
    try note(.govern)
    try await memory.govern(policies)
  }

  public func generation() async throws(QueueError) -> UInt64? {
    try note(.generation)
    return try await memory.generation()
  }

  public func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try note(.restore)
    await waitWhileHeld(.restore)
    return try await memory.restore(jobs)
  }

  public func announce(_ finished: [FinishedNotice]) async throws(QueueError) {
    try note(.announce)
    try await memory.announce(finished)
  }

  public func unreadable(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [UnreadableEntry]
  {
    try note(.unreadable)
    return try await memory.unreadable(after: position, limit: limit, waitingUpTo: duration)
  }
}

// What is passed on as it is.
extension HookedQueue {
  public func status(of jobs: [JobID]) async throws(QueueError) -> [QueueStatus?] { try await memory.status(of: jobs) }
  public func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog? {
    try await memory.liveLog(of: job, from: offset)
  }
  public func census() async throws(QueueError) -> QueueCensus {
    try note(.census)
    return try await memory.census()
  }
  public func load() async throws(QueueError) -> QueueLoad {
    try note(.load)
    if let shown = state.withLock({ $0.load }) { return shown }
    return try await memory.load()
  }
  public func room() async throws(QueueError) -> QueueRoom {
    let room = try await memory.room()
    try note(.room)
    await waitWhileHeld(.room)
    return room
  }
  public func running() async throws(QueueError) -> [WorkerLoad] { try await memory.running() }
  public func reserve(_ lane: Lane, on worker: WorkerID, for duration: Duration) async throws(QueueError) -> Bool {
    try await memory.reserve(lane, on: worker, for: duration)
  }

  public func preempt(_ preemptions: [Preemption]) async throws(QueueError) -> [PreemptVerdict] {
    try await memory.preempt(preemptions)
  }
  public func standing(of pool: QueuePool, first limit: Int) async throws(QueueError) -> PoolStanding {
    try await memory.standing(of: pool, first: limit)
  }
  public func standing(of tenants: [TenantID]) async throws(QueueError) -> [PoolStanding] {
    try await memory.standing(of: tenants)
  }
  public func oldest(of tenants: [TenantID], in pool: QueuePool) async throws(QueueError) -> [JobID?] {
    try await memory.oldest(of: tenants, in: pool)
  }
  public func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    try await memory.lease(request, for: duration)
  }
  public func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError)
    -> HeartbeatReply
  { try await memory.heartbeat(worker: worker, held: held, for: duration, place: place) }
  public func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    try await memory.progress(reports)
  }
  public func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try await memory.complete(completions)
  }
  public func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    try await memory.fail(failures)
  }
  public func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try await memory.release(results)
  }
  public func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError) -> [WorkerSignal] {
    try await memory.signals(for: worker, waitingUpTo: duration)
  }
  public func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueueEvent]
  { try await memory.events(after: position, limit: limit, waitingUpTo: duration) }
  public func install(generation: UInt64, tokenFloor: FencingToken) async throws(QueueError) {
    try await memory.install(generation: generation, tokenFloor: tokenFloor)
  }
  public func forget(_ jobs: [JobID]) async throws(QueueError) { try await memory.forget(jobs) }
  public func page(after cursor: UInt64?, limit: Int) async throws(QueueError) -> (jobs: [JobID], next: UInt64?) {
    try await memory.page(after: cursor, limit: limit)
  }
}
