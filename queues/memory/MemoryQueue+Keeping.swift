internal import StrataCore

// Workers that keep room for a job that has waited for long and needs more than they have free.
extension MemoryQueue {
  /// What a worker keeps for a job of the pool, if it is to; nothing else of what it has free goes to jobs of its class or
  /// lower ones.
  func keepsRoom(_ pool: QueuePool, _ request: LeaseRequest, _ room: ResourceRequest) -> KeptRoom? {
    if let keeper = keepers[pool], keeper.isReserved, keeper.worker == request.worker, request.dedication == nil,
      !order.tenants(in: keeper.lane).isEmpty, !keeper.lane.resources.fits(in: room),
      keeper.lane.resources.fits(in: request.wholeRoom)
    {
      return kept(for: keeper.lane, due: max(keeper.gapEnd, now), expectedEnds(of: request.worker), room)
    }
    let known = keepers[pool]
    let own = known.flatMap { $0.worker == request.worker && !order.tenants(in: $0.lane).isEmpty ? $0.lane : nil }
    let overdue = overdue(in: pool, request, room, kept: own)
    if let known, let own, !overdue.contains(own), known.isDoubtful(for: request, room, policy) {
      stopKeeping(in: pool, but: request.worker)
    }
    let ends = expectedEnds(of: request.worker)
    // The one that it keeps room for comes first.
    let candidates = (own.map { overdue.contains($0) ? [$0] : [] } ?? []) + overdue
    for lane in candidates {
      let start = expectedStart(of: lane, after: ends, room)
      guard let keeper = keep(for: lane, pool, request.worker, start) else { continue }
      return kept(for: lane, due: now < keeper.gapEnd ? start ?? now : now, ends, room)
    }
    return nil
  }

  /// Has a worker keep room that is expected to have enough at `start`.
  ///
  /// - Returns: nil where another does, or it does for something else that was reserved.
  private func keep(for lane: Lane, _ pool: QueuePool, _ worker: WorkerID, _ start: Timestamp?) -> Keeper? {
    let due = start ?? now
    if var keeper = keepers[pool] {
      if keeper.worker == worker, keeper.lane == lane {
        guard !keeper.isReserved else { return keeper }
        (keeper.seen, keeper.due) = (now, due)
        keepers[pool] = keeper
        return keeper
      }
      guard mayTakeOver(keeper, worker, start) else { return nil }
      stopKeeping(in: pool, but: worker)
    }
    let until = now + policy.keepRoomFor
    let keeper = Keeper(
      worker: worker, lane: lane, until: until, gapEnd: now + (due - now) * limits.gapPatience, seen: now, due: due)
    settingTimers {
      keepers[pool] = keeper
      return ((), [until])
    }
    return keeper
  }

  /// Whether a worker that is expected to have enough at `start` may keep room where another does, or it does for something
  /// else: where that one should have had enough by now, and was not seen for twice as long as it takes to be asked, or has
  /// taken so long that nothing more runs in its gap, and takes more than twice as long from now.
  private func mayTakeOver(_ keeper: Keeper, _ worker: WorkerID, _ start: Timestamp?) -> Bool {
    guard !keeper.isReserved else { return false }
    if keeper.worker == worker || now - max(keeper.seen, keeper.due) > policy.keepRoomFor * 2 { return true }
    return start.map { now >= keeper.gapEnd && ($0 - now) * 2 < keeper.due - now } ?? false
  }

  private func kept(for lane: Lane, due: Timestamp, _ ends: [ExpectedEnd], _ room: ResourceRequest) -> KeptRoom {
    let free = ends.filter { $0.at <= due }.reduce(room) { $0.adding($1.needs) }
    return KeptRoom(priorityClass: lane.priorityClass, due: due, beside: free.less(lane.resources).orNothing)
  }

  private typealias ExpectedEnd = (at: Timestamp, needs: ResourceRequest)

  /// What the worker runs, by when it is expected to end: what has outlived that, when it has run for twice as long as now.
  private func expectedEnds(of worker: WorkerID) -> [ExpectedEnd] {
    jobs.values.compactMap { held -> ExpectedEnd? in
      guard let lease = held.lease, lease.worker == worker || lease.worker == .choosing else { return nil }
      let end = lease.startedAt + expectedDuration(of: held.lane)
      return (end > now ? end : now + (now - lease.startedAt), held.lane.resources)
    }.sorted { $0.at < $1.at }
  }

  /// When the worker is expected to have enough for a job of the lane, if it takes nothing else; nil where what it runs does
  /// not tell.
  private func expectedStart(of lane: Lane, after ends: [ExpectedEnd], _ room: ResourceRequest) -> Timestamp? {
    var free = room
    return ends.first { ending in
      free = free.adding(ending.needs)
      return lane.resources.fits(in: free)
    }?.at
  }

  private func expectedDuration(of lane: Lane) -> Duration {
    .microseconds(Int64(order.duration(of: lane, unknown: limits.durationUnknown)))
  }

  /// Whether jobs of a lane are expected to be over in time.
  func areShort(_ lane: Lane, for kept: KeptRoom) -> Bool { now + expectedDuration(of: lane) <= kept.due }

  /// Lanes that the worker has no room for now, but could have, of which a job has waited for long whose tenant is due
  /// before all others that the worker could serve, or for which it keeps room already; that of the job accepted first comes
  /// first.
  private func overdue(in pool: QueuePool, _ request: LeaseRequest, _ room: ResourceRequest, kept own: Lane?) -> [Lane]
  {
    // A worker that is full has nothing to keep.
    guard let patience = policy.keepRoomAfter, request.dedication == nil, room.cpuMillicores > 0, room.memoryBytes > 0
    else {
      return []
    }
    let others = homes(in: pool).filter { fits($0, room) }.compactMap {
      order.inTheirOrder(in: $0).first?.tenant
    }
    let firstTag = others.map { order.tag(of: $0, in: pool) }.min()
    var found: [(accepted: Int64, lane: Lane)] = []
    for lane in homes(in: pool) where !lane.resources.fits(in: room) && fits(lane, request.wholeRoom) {
      guard let tenant = next(in: lane, ofFirst: 8)?.tenant, let job = ready(in: lane, of: tenant).first?.job,
        lane == own || order.tag(of: tenant, in: pool) <= firstTag ?? .infinity
      else { continue }
      let accepted = job.id.createdMilliseconds
      if accepted * 1_000 + patience.wholeMicroseconds <= now.microseconds { found.append((accepted, lane)) }
    }
    // As sorting is stable, of equals the older lane comes first.
    return found.sorted { $0.accepted < $1.accepted }.map(\.lane)
  }

  /// A job of the lane is gone: nobody keeps room for it any more, unless another is ready, and it was not the keeper, who
  /// asks, that took the job.
  func stopKeeping(_ lane: Lane, but asking: WorkerID? = nil) {
    guard let keeper = keepers[lane.pool], keeper.lane == lane else { return }
    if keeper.worker != asking, !ready(in: lane).isEmpty { return }
    stopKeeping(in: lane.pool, but: asking)
  }

  /// The worker that kept room is told, unless it is the one that asks.
  func stopKeeping(in pool: QueuePool, but asking: WorkerID? = nil) {
    guard let keeper = keepers.removeValue(forKey: pool), keeper.worker != asking else { return }
    signalled[keeper.worker, default: []].append(.work)
  }

  /// Workers that keep room in pools whose timers are over are to ask for jobs; one that runs nothing, and has not asked, does
  /// not any more.
  func askKeepersAgain(in pools: [QueuePool]) {
    let due = pools.compactMap { pool in keepers.removeValue(forKey: pool).map { (pool, $0) } }
    for (pool, var keeper) in due {
      signalled[keeper.worker, default: []].append(.work)
      if keeper.isReserved || !jobs.values.contains(where: { $0.lease?.worker == keeper.worker }) { continue }
      settingTimers {
        keeper.until = now + policy.keepRoomFor
        keepers[pool] = keeper
        return ((), [keeper.until])
      }
    }
  }
}

extension MemoryQueue.Keeper {
  /// Whether a worker that asks, and keeps room, could see a reason for it, had it one still.
  fileprivate func isDoubtful(for request: LeaseRequest, _ room: ResourceRequest, _ policy: QueuePolicy) -> Bool {
    !isReserved && policy.keepRoomAfter != nil && request.dedication == nil && room.cpuMillicores > 0
      && room.memoryBytes > 0 && !lane.resources.fits(in: room) && lane.resources.fits(in: request.wholeRoom)
  }
}

extension ResourceRequest {
  fileprivate var orNothing: ResourceRequest {
    ResourceRequest(
      cpuMillicores: max(0, cpuMillicores), memoryBytes: max(0, memoryBytes), gpuThousandths: max(0, gpuThousandths))
  }

  /// What is in both.
  func upTo(_ other: ResourceRequest) -> ResourceRequest {
    ResourceRequest(
      cpuMillicores: min(cpuMillicores, other.cpuMillicores), memoryBytes: min(memoryBytes, other.memoryBytes),
      gpuThousandths: min(gpuThousandths, other.gpuThousandths))
  }
}

extension WorkerID {
  /// Whose the jobs are that a lease has chosen and not granted yet.
  static let choosing = WorkerID(high: 0, low: 0)
}
