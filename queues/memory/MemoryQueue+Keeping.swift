internal import StrataCore

// Workers that keep room for a job that has waited for long and needs more than they have free.
extension MemoryQueue {
  /// Whether a worker is to keep what it has free for a job of the pool, and take nothing more of its class or lower ones.
  func keepsRoom(_ pool: FairOrder.Pool, _ request: LeaseRequest, _ room: ResourceRequest) -> Bool {
    guard keepers[pool].map({ $0.worker == request.worker }) ?? true,
      let lane = overdue(in: pool, request, room).first
    else { return false }
    if keepers[pool]?.lane == lane { return true }
    stopKeeping(in: pool, but: request.worker)
    settingTimers {
      let until = now + policy.keepRoomFor
      keepers[pool] = Keeper(worker: request.worker, lane: lane, until: until)
      return ((), [until])
    }
    return true
  }

  /// Lanes that the worker has no room for now, but could have, of which a job has waited for long whose tenant is due
  /// before all others that the worker could serve; that of the job accepted first comes first.
  private func overdue(in pool: FairOrder.Pool, _ request: LeaseRequest, _ room: ResourceRequest) -> [Lane] {
    guard let patience = policy.keepRoomAfter else { return [] }
    let others = lanes.filter { $0.pool == pool && fits($0, room) }.compactMap {
      order.inTheirOrder(in: $0).first?.tenant
    }
    let firstTag = others.map { order.tag(of: $0, in: pool) }.min()
    var found: [(accepted: Int64, lane: Lane)] = []
    for lane in lanes where lane.pool == pool && !lane.resources.fits(in: room) && fits(lane, request.wholeRoom) {
      guard let tenant = next(in: lane, ofFirst: 8)?.tenant, let job = ready(in: lane, of: tenant).first?.job,
        order.tag(of: tenant, in: pool) <= firstTag ?? .infinity
      else { continue }
      let accepted = job.id.createdMilliseconds
      if accepted * 1_000 + patience.wholeMicroseconds <= now.microseconds { found.append((accepted, lane)) }
    }
    // As sorting is stable, of equals the older lane comes first.
    return found.sorted { $0.accepted < $1.accepted }.map(\.lane)
  }

  /// Nobody keeps room for jobs of the lane any more.
  func stopKeeping(_ lane: Lane, but asking: WorkerID? = nil) {
    if keepers[lane.pool]?.lane == lane { stopKeeping(in: lane.pool, but: asking) }
  }

  /// The worker that kept room is told, unless it is the one that asks.
  func stopKeeping(in pool: FairOrder.Pool, but asking: WorkerID? = nil) {
    guard let keeper = keepers.removeValue(forKey: pool), keeper.worker != asking else { return }
    signalled[keeper.worker, default: []].append(.work)
  }
}
