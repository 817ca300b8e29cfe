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
    installed = nil
    lastTick = 0
    (jobs, workers, idle, signalled, liveLogs) = ([:], [:], [:], [:], [:])
    (lanesByNumber, order, gates, rooms, isDueSignalled) = ([], FairOrder(), [:], [:], false)
    (keepers, sparing, served, policy, dedications, capacities) = ([:], [:], [:], .standard, [:], [:])
    (outcomeLog, eventLog, unreadableLog) = ([], [], [])
    bell.ring()
  }
}
