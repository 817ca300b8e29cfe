import StrataCore
import StrataQueue
import Synchronization

/// What a `FaultyQueue` refuses at the moment, and how often it has.
final class Faults: Sendable {
  enum Kind: Equatable { case nothing, everything, reports(refusals: Int), leaseAnswers(losses: Int) }

  /// What a worker says of an attempt, whatever the queue makes of it.
  /// `ride`: a success with a request for leases.
  enum Report: Hashable { case complete, ride, fail, release }

  private struct State {
    var kind = Kind.nothing
    var refusals = 0
    var reports: [Report] = []
    var calls = 0
    var waiting: [(count: Int, CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  var refusals: Int { state.withLock { $0.refusals } }
  /// One for each attempt that was reported.
  var reports: [Report] { state.withLock { $0.reports } }
  /// In how many calls they were.
  var reportCalls: Int { state.withLock { $0.calls } }
  func note(_ report: Report, count: Int) {
    state.withLock { state in
      state.reports += Array(repeating: report, count: count)
      state.calls += count > 0 ? 1 : 0
    }
  }
  func set(_ kind: Kind) { state.withLock { $0.kind = kind } }

  func waitForRefusals(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.refusals < count { state.waiting.append((count, continuation)) }
        return state.refusals >= count
      }
      if isOver { continuation.resume() }
    }
  }

  /// Called with the answer to a `lease` call in hand.
  func checkAnswer(to granted: LeaseGrant) throws(QueueError) {
    let isLost = state.withLock { state in
      guard case .leaseAnswers(let losses) = state.kind, losses > 0, !granted.leases.isEmpty else { return false }
      state.kind = .leaseAnswers(losses: losses - 1)
      return true
    }
    if isLost { throw .disconnected("the answer is lost, as the test wants it") }
  }

  func check(isReport: Bool = false) throws(QueueError) {
    let (mustFail, woken) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
      switch state.kind {
      case .nothing, .leaseAnswers: return (false, [])
      case .everything: break
      case .reports(let refusals):
        guard isReport, refusals > 0 else { return (false, []) }
        state.kind = .reports(refusals: refusals - 1)
      }
      state.refusals += 1
      let woken = state.waiting.filter { $0.count <= state.refusals }.map(\.1)
      state.waiting.removeAll { $0.count <= state.refusals }
      return (true, woken)
    }
    for continuation in woken { continuation.resume() }
    if mustFail { throw .disconnected("as the test wants it") }
  }
}

/// A queue behind a line that can be cut, on the worker's side of the protocol.
struct FaultyQueue: JobQueue {
  let inner: any JobQueue
  let faults: Faults

  func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    try faults.check(isReport: !request.completed.isEmpty)
    faults.note(.ride, count: request.completed.count)
    let granted = try await inner.lease(request, for: duration)
    try faults.checkAnswer(to: granted)
    return granted
  }

  func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError)
    -> HeartbeatReply
  {
    try faults.check()
    return try await inner.heartbeat(worker: worker, held: held, for: duration, place: place)
  }

  func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    try faults.check()
    return try await inner.progress(reports)
  }

  func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try faults.check(isReport: true)
    faults.note(.complete, count: completions.count)
    return try await inner.complete(completions)
  }

  func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    try faults.check(isReport: true)
    faults.note(.fail, count: failures.count)
    return try await inner.fail(failures)
  }

  func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try faults.check(isReport: true)
    faults.note(.release, count: results.count)
    return try await inner.release(results)
  }

  func unreadable(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [UnreadableEntry]
  { try await inner.unreadable(after: position, limit: limit, waitingUpTo: duration) }

  func leave(_ worker: WorkerID) async throws(QueueError) -> Bool {
    try faults.check()
    return try await inner.leave(worker)
  }

  func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError) -> [WorkerSignal] {
    try faults.check()
    return try await inner.signals(for: worker, waitingUpTo: duration)
  }
}

// The rest goes straight through.
extension FaultyQueue {
  func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] { try await inner.enqueue(jobs) }
  func cancel(_ jobs: [JobID]) async throws(QueueError) -> [CancelVerdict] { try await inner.cancel(jobs) }
  func tune(_ policy: QueuePolicy) async throws(QueueError) { try await inner.tune(policy) }
  func reprioritise(_ priorities: [JobID: JobPriority]) async throws(QueueError) -> [JobID: PriorityVerdict] {
    try await inner.reprioritise(priorities)
  }
  func status(of jobs: [JobID]) async throws(QueueError) -> [QueueStatus?] { try await inner.status(of: jobs) }
  func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog? {
    try await inner.liveLog(of: job, from: offset)
  }
  func census() async throws(QueueError) -> QueueCensus { try await inner.census() }
  func load() async throws(QueueError) -> QueueLoad { try await inner.load() }
  func room() async throws(QueueError) -> QueueRoom { try await inner.room() }
  func running() async throws(QueueError) -> [WorkerLoad] { try await inner.running() }
  func reserve(_ lane: Lane, on worker: WorkerID, for duration: Duration) async throws(QueueError) -> Bool {
    try await inner.reserve(lane, on: worker, for: duration)
  }

  func preempt(_ preemptions: [Preemption]) async throws(QueueError) -> [PreemptVerdict] {
    try await inner.preempt(preemptions)
  }
  func standing(of pool: QueuePool, first limit: Int) async throws(QueueError) -> PoolStanding {
    try await inner.standing(of: pool, first: limit)
  }
  func standing(of tenants: [TenantID]) async throws(QueueError) -> [PoolStanding] {
    try await inner.standing(of: tenants)
  }
  func oldest(of tenants: [TenantID], in pool: QueuePool) async throws(QueueError) -> [JobID?] {
    try await inner.oldest(of: tenants, in: pool)
  }
  func noteDead(_ workers: [WorkerID]) async throws(QueueError) -> Int { try await inner.noteDead(workers) }
  func time() async throws(QueueError) -> (now: Timestamp, latest: Timestamp) { try await inner.time() }
  func rewind(by duration: Duration, within late: Duration) async throws(QueueError) -> Int {
    try await inner.rewind(by: duration, within: late)
  }
  func promote(limit: Int) async throws(QueueError) -> Promotion { try await inner.promote(limit: limit) }
  func dueSignal(waitingUpTo duration: Duration) async throws(QueueError) -> Bool {
    try await inner.dueSignal(waitingUpTo: duration)
  }
  func govern(_ policies: [Gate: GatePolicy]) async throws(QueueError) { try await inner.govern(policies) }
  func expire(limit: Int) async throws(QueueError) -> Int { try await inner.expire(limit: limit) }
  func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueuedOutcome]
  {
    try await inner.outcomes(after: position, limit: limit, waitingUpTo: duration)
  }
  func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) { try await inner.acknowledge(positions) }
  func announce(_ finished: [FinishedNotice]) async throws(QueueError) { try await inner.announce(finished) }
  func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration) async throws(QueueError)
    -> [QueueEvent]
  {
    try await inner.events(after: position, limit: limit, waitingUpTo: duration)
  }
  func install(generation: UInt64, tokenFloor: FencingToken) async throws(QueueError) {
    try await inner.install(generation: generation, tokenFloor: tokenFloor)
  }
  func generation() async throws(QueueError) -> UInt64? { try await inner.generation() }
  func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] { try await inner.restore(jobs) }
  func forget(_ jobs: [JobID]) async throws(QueueError) { try await inner.forget(jobs) }
  func page(after cursor: UInt64?, limit: Int) async throws(QueueError) -> (jobs: [JobID], next: UInt64?) {
    try await inner.page(after: cursor, limit: limit)
  }
}
