import StrataCore
import StrataQueue

/// A queue that has another one do everything, by way of `pass`: what lies between a program and its server.
protocol QueueRelay: JobQueue {
  /// The next one on the way.
  var next: any JobQueue { get }

  /// Carries a call there and its answer back, or not.
  func pass<Value: Sendable>(
    _ call: @escaping @Sendable (any JobQueue) async throws(QueueError) -> Value
  ) async throws(QueueError) -> Value
}

extension QueueRelay {
  func pass<Value: Sendable>(
    _ call: @escaping @Sendable (any JobQueue) async throws(QueueError) -> Value
  ) async throws(QueueError) -> Value {
    try await call(next)
  }
}

// Clients' and operators' side.
extension QueueRelay {
  func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try await pass { queue throws(QueueError) in try await queue.enqueue(jobs) }
  }
  func cancel(_ jobs: [JobID]) async throws(QueueError) -> [CancelVerdict] {
    try await pass { queue throws(QueueError) in try await queue.cancel(jobs) }
  }
  func preempt(_ preemptions: [Preemption]) async throws(QueueError) -> [PreemptVerdict] {
    try await pass { queue throws(QueueError) in try await queue.preempt(preemptions) }
  }
  func reserve(_ lane: Lane, on worker: WorkerID, for duration: Duration) async throws(QueueError) -> Bool {
    try await pass { queue throws(QueueError) in try await queue.reserve(lane, on: worker, for: duration) }
  }
  func reprioritise(_ priorities: [JobID: JobPriority]) async throws(QueueError) -> [JobID: PriorityVerdict] {
    try await pass { queue throws(QueueError) in try await queue.reprioritise(priorities) }
  }
  func status(of jobs: [JobID]) async throws(QueueError) -> [QueueStatus?] {
    try await pass { queue throws(QueueError) in try await queue.status(of: jobs) }
  }
  func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog? {
    try await pass { queue throws(QueueError) in try await queue.liveLog(of: job, from: offset) }
  }
  func census() async throws(QueueError) -> QueueCensus {
    try await pass { queue throws(QueueError) in try await queue.census() }
  }
  func load() async throws(QueueError) -> QueueLoad {
    try await pass { queue throws(QueueError) in try await queue.load() }
  }
  func room() async throws(QueueError) -> QueueRoom {
    try await pass { queue throws(QueueError) in try await queue.room() }
  }
  func running() async throws(QueueError) -> [WorkerLoad] {
    try await pass { queue throws(QueueError) in try await queue.running() }
  }
  func standing(of pool: QueuePool, first limit: Int) async throws(QueueError) -> PoolStanding {
    try await pass { queue throws(QueueError) in try await queue.standing(of: pool, first: limit) }
  }
  func standing(of tenants: [TenantID]) async throws(QueueError) -> [PoolStanding] {
    try await pass { queue throws(QueueError) in try await queue.standing(of: tenants) }
  }
  func oldest(of tenants: [TenantID], in pool: QueuePool) async throws(QueueError) -> [JobID?] {
    try await pass { queue throws(QueueError) in try await queue.oldest(of: tenants, in: pool) }
  }
}

// Workers' side.
extension QueueRelay {
  func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    try await pass { queue throws(QueueError) in try await queue.lease(request, for: duration) }
  }
  func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError) -> HeartbeatReply {
    try await pass { queue throws(QueueError) in
      try await queue.heartbeat(worker: worker, held: held, for: duration, place: place)
    }
  }
  func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    try await pass { queue throws(QueueError) in try await queue.progress(reports) }
  }
  func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try await pass { queue throws(QueueError) in try await queue.complete(completions) }
  }
  func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    try await pass { queue throws(QueueError) in try await queue.fail(failures) }
  }
  func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try await pass { queue throws(QueueError) in try await queue.release(results) }
  }
  func noteDead(_ workers: [WorkerID]) async throws(QueueError) -> Int {
    try await pass { queue throws(QueueError) in try await queue.noteDead(workers) }
  }
  func leave(_ worker: WorkerID) async throws(QueueError) -> Bool {
    try await pass { queue throws(QueueError) in try await queue.leave(worker) }
  }
  func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError) -> [WorkerSignal] {
    try await pass { queue throws(QueueError) in try await queue.signals(for: worker, waitingUpTo: duration) }
  }
}

// The controller's side, and recovery.
extension QueueRelay {
  func expire(limit: Int) async throws(QueueError) -> Int {
    try await pass { queue throws(QueueError) in try await queue.expire(limit: limit) }
  }
  func promote(limit: Int) async throws(QueueError) -> Promotion {
    try await pass { queue throws(QueueError) in try await queue.promote(limit: limit) }
  }
  func time() async throws(QueueError) -> (now: Timestamp, latest: Timestamp) {
    try await pass { queue throws(QueueError) in try await queue.time() }
  }
  func rewind(by duration: Duration, within late: Duration) async throws(QueueError) -> Int {
    try await pass { queue throws(QueueError) in try await queue.rewind(by: duration, within: late) }
  }
  func dueSignal(waitingUpTo duration: Duration) async throws(QueueError) -> Bool {
    try await pass { queue throws(QueueError) in try await queue.dueSignal(waitingUpTo: duration) }
  }
  func govern(_ policies: [Gate: GatePolicy]) async throws(QueueError) {
    try await pass { queue throws(QueueError) in try await queue.govern(policies) }
  }
  func tune(_ policy: QueuePolicy) async throws(QueueError) {
    try await pass { queue throws(QueueError) in try await queue.tune(policy) }
  }
  func outcomes(
    after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration
  ) async throws(QueueError) -> [QueuedOutcome] {
    try await pass { queue throws(QueueError) in
      try await queue.outcomes(after: position, limit: limit, waitingUpTo: duration)
    }
  }
  func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) {
    try await pass { queue throws(QueueError) in try await queue.acknowledge(positions) }
  }
  func announce(_ finished: [FinishedNotice]) async throws(QueueError) {
    try await pass { queue throws(QueueError) in try await queue.announce(finished) }
  }
  func events(
    after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration
  ) async throws(QueueError) -> [QueueEvent] {
    try await pass { queue throws(QueueError) in
      try await queue.events(after: position, limit: limit, waitingUpTo: duration)
    }
  }
  func unreadable(
    after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration
  ) async throws(QueueError) -> [UnreadableEntry] {
    try await pass { queue throws(QueueError) in
      try await queue.unreadable(after: position, limit: limit, waitingUpTo: duration)
    }
  }
  func install(generation: UInt64, tokenFloor: FencingToken) async throws(QueueError) {
    try await pass { queue throws(QueueError) in
      try await queue.install(generation: generation, tokenFloor: tokenFloor)
    }
  }
  func generation() async throws(QueueError) -> UInt64? {
    try await pass { queue throws(QueueError) in try await queue.generation() }
  }
  func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try await pass { queue throws(QueueError) in try await queue.restore(jobs) }
  }
  func forget(_ jobs: [JobID]) async throws(QueueError) {
    try await pass { queue throws(QueueError) in try await queue.forget(jobs) }
  }
  func page(after cursor: UInt64?, limit: Int) async throws(QueueError) -> (jobs: [JobID], next: UInt64?) {
    try await pass { queue throws(QueueError) in try await queue.page(after: cursor, limit: limit) }
  }
}
