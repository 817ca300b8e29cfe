public import StrataCore

// What operators look at. All of it only reads.
extension MemoryQueue {
  public func load() async throws(QueueError) -> QueueLoad { QueueLoad(jobs: jobs.count) }

  public func standing(of pool: QueuePool, first limit: Int) async throws(QueueError) -> PoolStanding {
    try requireGeneration()
    var found = FirstStandings(limit: limit)
    found.add(standings(in: pool))
    return PoolStanding(
      pool: pool, virtualTime: virtualTime(of: pool), tenants: found.first, count: found.count,
      weightWaiting: found.weightWaiting)
  }

  public func standing(of tenants: [TenantID]) async throws(QueueError) -> [PoolStanding] {
    try requireGeneration()
    return Set(lanes.map(\.pool)).sorted().compactMap { pool in
      let known = standings(in: pool).filter { tenants.contains($0.tenant) }
      return known.isEmpty ? nil : PoolStanding(pool: pool, virtualTime: virtualTime(of: pool), tenants: known)
    }
  }

  private func virtualTime(of pool: QueuePool) -> Int64 { Int64(order.virtualTime(of: pool)) }

  private func standings(in pool: QueuePool) -> [TenantStanding] {
    let held = jobs.values.filter { $0.job.lane.pool == pool }
    return Dictionary(grouping: held, by: \.job.tenant).compactMap { tenant, jobs in
      let (waiting, running) = (jobs.count(where: \.isReady), jobs.count { $0.lease != nil })
      guard waiting + running > 0 else { return nil }
      return TenantStanding(
        tenant: tenant, waiting: waiting, running: running, weight: weight(of: tenant),
        tag: Int64(order.tag(of: tenant, in: pool)))
    }
  }

  public func oldest(of tenants: [TenantID], in pool: QueuePool) async throws(QueueError) -> [JobID?] {
    try requireGeneration()
    return tenants.map { tenant in
      lanes.filter { $0.pool == pool }.compactMap { oldestLookedAt(in: $0, of: tenant) }.min()
    }
  }

  /// Where waiting counts, the oldest of those that go first.
  private func oldestLookedAt(in lane: Lane, of tenant: TenantID) -> JobID? {
    ready(in: lane, of: tenant).prefix(policy.priorityAgeing == nil ? .max : 8).map(\.job.id).min()
  }

  public func room() async throws(QueueError) -> QueueRoom {
    try requireGeneration()
    var waiting: [Lane: QueueRoom.Waiting] = [:]
    for held in jobs.values {
      let lane = held.lane
      if held.isReady { waiting[lane, default: .init()].ready += 1 }
      if held.lease != nil { waiting[lane, default: .init()].leased += 1 }
      if held.due != nil { waiting[lane, default: .init()].delayed += 1 }
    }
    for lane in waiting.keys where waiting[lane]?.ready ?? 0 > 0 {
      guard let next = next(in: lane, ofFirst: 32) else { continue }
      waiting[lane]?.next = QueueRoom.Head(tenant: next.tenant, tag: Int64(next.place))
      waiting[lane]?.nextJob = ready(in: lane, of: next.tenant).first?.job.id
    }
    let known = workers.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(limits.censusWorkersMax)
    return QueueRoom(
      time: now, lanes: waiting, nextDue: nextTimer,
      workers: known.map { id, deadline in
        let leases = self.leases(of: id)
        return QueueRoom.Worker(
          id: id, deadline: deadline, leases: leases.count, idle: idle.compactMapValues { $0[id] },
          free: sparing[id] == nil ? rooms[id] : nil,
          runs: leases.first.flatMap { jobs[$0.job]?.lane.tier }, dedication: dedications[id],
          capacity: capacities[id])
      })
  }

  /// Who is next in a lane, and where it is found there; nil where the lane's gates are full, or those of all of its first
  /// so many tenants.
  func next(in lane: Lane, ofFirst most: Int) -> (tenant: TenantID, place: Double)? {
    guard gatesBefore(lane).allSatisfy({ room(behind: $0) > 0 }) else { return nil }
    return order.inTheirOrder(in: lane).prefix(most).first { tenant, _ in
      !ready(in: lane, of: tenant).isEmpty && room(behind: .tenant(tenant)) > 0
    }
  }
}
