public import StrataCore

extension MemoryQueue {
  public func install(generation: UInt64, tokenFloor: FencingToken) async throws(QueueError) {
    try limits.check(floor: tokenFloor)
    installed = generation
    lastTick = max(lastTick, tokenFloor.rawValue)
  }

  public func generation() async throws(QueueError) -> UInt64? { installed }

  public func forget(_ ids: [JobID]) async throws(QueueError) {
    var ended: [Ended] = []
    for id in ids {
      guard let held = jobs[id] else { continue }
      takeOut(held)
      if held.lease != nil {
        ended.append(Ended(lane: held.lane, tenant: held.job.tenant, lease: nil, isTelling: false))
      }
      liveLogs[id] = nil
    }
    account(ended)
  }

  public func page(after cursor: UInt64?, limit: Int) async throws(QueueError) -> (jobs: [JobID], next: UInt64?) {
    // The cursor is the high half of the last identifier: stable while jobs come and go. A page ends between halves.
    let rest = jobs.keys.filter { id in cursor.map { id.high > $0 } ?? true }.sorted()
    guard rest.count > limit, let last = rest.prefix(max(1, limit)).last else { return (rest, nil) }
    return (rest.filter { $0.high <= last.high }, last.high)
  }

  /// Forgets everything, as a server does that lost its data.
  public func lose() {
    take(Contents())
    bell.ring()
  }
}

// Servers that end and start again, for a simulation.
extension MemoryQueue {
  /// All that a server keeps on its disk; nothing at first.
  package struct Contents: Sendable {
    fileprivate var installed: UInt64?
    fileprivate var lastTick: UInt64 = 0
    fileprivate var (jobs, workers): ([JobID: HeldJob], [WorkerID: Timestamp]) = ([:], [:])
    fileprivate var idle: [TierName: [WorkerID: Int]] = [:]
    fileprivate var signalled: [WorkerID: [WorkerSignal]] = [:]
    fileprivate var liveLogs: [JobID: KeptLog] = [:]
    fileprivate var (lanesByNumber, order): ([Lane?], FairOrder) = ([], FairOrder())
    fileprivate var gates: [Gate: HeldGate] = [:]
    fileprivate var rooms: [WorkerID: ResourceRequest] = [:]
    fileprivate var isDueSignalled = false
    fileprivate var keepers: [QueuePool: Keeper] = [:]
    fileprivate var sparing: [WorkerID: PriorityClass] = [:]
    fileprivate var served: [QueuePool: Timestamp] = [:]
    fileprivate var policy = QueuePolicy.standard
    fileprivate var dedications: [WorkerID: Dedication] = [:]
    fileprivate var capacities: [WorkerID: WorkerLoad.Capacity] = [:]
    fileprivate var places: [WorkerID: String] = [:]
    fileprivate var outcomeLog: [QueuedOutcome] = []
    fileprivate var eventLog: [QueueEvent] = []
    fileprivate var unreadableLog: [UnreadableEntry] = []

    package init() {}
  }

  package var contents: Contents {
    var all = Contents()
    (all.installed, all.lastTick, all.jobs, all.workers) = (installed, lastTick, jobs, workers)
    (all.idle, all.signalled, all.liveLogs) = (idle, signalled, liveLogs)
    (all.lanesByNumber, all.order, all.gates, all.rooms) = (lanesByNumber, order, gates, rooms)
    (all.isDueSignalled, all.keepers, all.sparing, all.served) = (isDueSignalled, keepers, sparing, served)
    (all.policy, all.dedications, all.capacities, all.places) = (policy, dedications, capacities, places)
    (all.outcomeLog, all.eventLog, all.unreadableLog) = (outcomeLog, eventLog, unreadableLog)
    return all
  }

  private func take(_ all: Contents) {
    (installed, lastTick, jobs, workers) = (all.installed, all.lastTick, all.jobs, all.workers)
    (idle, signalled, liveLogs) = (all.idle, all.signalled, all.liveLogs)
    (lanesByNumber, order, gates, rooms) = (all.lanesByNumber, all.order, all.gates, all.rooms)
    (isDueSignalled, keepers, sparing, served) = (all.isDueSignalled, all.keepers, all.sparing, all.served)
    (policy, dedications, capacities, places) = (all.policy, all.dedications, all.capacities, all.places)
    (outcomeLog, eventLog, unreadableLog) = (all.outcomeLog, all.eventLog, all.unreadableLog)
    acknowledged = Acknowledgements()
  }

  /// Starts as a server does with what it found on its disk: the first token is a second further on, for the last ones may be
  /// lost.
  package func start(with found: Contents) {
    take(found)
    if lastTick > 0 { lastTick += 1_000_000 }
  }

  /// Does something in one turn with what is asked here, as far as that does not wait.
  package func perform<Value: Sendable, Failure: Error>(
    _ act: @Sendable (isolated MemoryQueue) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    try await act(self)
  }

  /// Ends as a server does: whoever waits is let go, and so is whoever comes later.
  package func stop() {
    isStopped = true
    bell.ring()
  }
}
