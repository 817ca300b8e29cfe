public import StrataCore

// Jobs that are ended so that others of higher classes have their room.
extension MemoryQueue {
  public func preempt(_ preemptions: [Preemption]) async throws(QueueError) -> [PreemptVerdict] {
    try requireGeneration()
    let verdicts = preemptions.runs { $0.lease.worker }.flatMap { preempt(of: $0.key, $0.items) }
    bell.ring()
    return verdicts
  }

  private func preempt(of worker: WorkerID, _ preemptions: [Preemption]) -> [PreemptVerdict] {
    var seen: Set<JobID> = []
    return preemptions.map { preemption in
      let id = preemption.lease.job
      guard let held = owned(preemption.lease), let lease = held.lease, seen.insert(id).inserted else { return .stale }
      guard held.job.isPreemptible, held.job.lane.priorityClass < preemption.preemptor else { return .refused }
      if !lease.isEnding {
        jobs[id]?.lease?.preemptor = preemption.preemptor
        signalled[worker, default: []].append(.preempt(id))
      }
      return .signalled
    }
  }

  public func reserve(_ lane: Lane, on worker: WorkerID, for duration: Duration) async throws(QueueError) -> Bool {
    try requireGeneration()
    guard workers[worker] != nil, !ready(in: lane).isEmpty else { return false }
    if let known = keepers[lane.pool], known.isReserved, known.worker != worker || known.lane != lane { return false }
    stopKeeping(in: lane.pool, but: worker)
    settingTimers {
      let end = now + .microseconds(duration.wholeMicroseconds)
      keepers[lane.pool] = Keeper(
        worker: worker, lane: lane, until: end, gapEnd: now, seen: now, due: end, isReserved: true)
      return ((), [end])
    }
    bell.ring()
    return true
  }

  public func running() async throws(QueueError) -> [WorkerLoad] {
    try requireGeneration()
    let known = workers.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(limits.censusWorkersMax)
    return known.map { id, deadline in
      WorkerLoad(
        id: id, deadline: deadline, place: places[id], capacity: capacities[id],
        running: leases(of: id).compactMap { reference in
          guard let held = jobs[reference.job], let lease = held.lease else { return nil }
          return WorkerLoad.Running(
            lease: reference, lane: held.lane, startedAt: lease.startedAt, isPreemptible: held.job.isPreemptible,
            isEnding: lease.isEnding)
        })
    }
  }
}

extension MemoryQueue.HeldLease {
  /// Its owner's wish goes first.
  var isToBePreempted: Bool { preemptor != nil && !isCancelRequested }
  fileprivate var isEnding: Bool { preemptor != nil || isCancelRequested }
}
