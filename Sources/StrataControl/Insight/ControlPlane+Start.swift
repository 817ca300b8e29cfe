import StrataCore
import StrataLedger
import StrataQueue

extension ControlPlane {
  /// When a job will start that waits in the queue.
  ///
  /// - Parameter facts: what holds it.
  func outlook(
    of record: StoredJob, _ facts: WaitFacts, _ room: QueueRoom
  ) async throws(QueueError) -> StartOutlook {
    let lane = facts.lane
    let loads = try await queue.running().flatMap(\.running)
    func elapsed(_ isBehind: (Lane) -> Bool) -> [Duration] {
      loads.filter { isBehind($0.lane) }.map { max(.zero, room.time - $0.startedAt) }
    }
    // What ends in any of the tiers in which it may run makes room for it.
    let tiers = Set(lane.placements.map(\.tier))
    let onTier = elapsed { $0.tier == record.tier }
    func bound(_ gate: WaitFacts.Gate, _ elapsed: [Duration]) -> StartFacts.Bound {
      .init(limit: gate.limit, running: gate.running, elapsed: elapsed)
    }
    let shared = [bound(facts.capability, elapsed { $0.capability == lane.capability }), bound(facts.tier, onTier)]
    return StartFacts(
      standing: facts.standing, tenant: record.tenant, ownAhead: facts.ownAhead,
      mayMoreBeAhead: facts.mayMoreBeAhead, readyAbove: facts.readyAbove,
      running: room.lanes.reduce(0) { $0 + (tiers.contains($1.key.tier) ? $1.value.leased : 0) },
      slotsFree: room.slotsFree(for: lane, of: record.tenant), elapsed: elapsed { tiers.contains($0.tier) },
      tenantLimit: .init(
        limit: facts.tenant.limit, running: facts.tenant.running,
        elapsed: facts.tenantStarts.map { max(.zero, room.time - $0) }), sharedLimits: shared,
      history: settler.services.history(of: record.tier), isSettling: settler.silence != nil
    ).outlook
  }
}

extension QueueRoom {
  /// How many jobs of a lane's tier run, and how many more there would be room for.
  func slots(of lane: Lane, _ tenant: TenantID) -> Int {
    lanes.reduce(slotsFree(for: lane, of: tenant)) { $0 + ($1.key.tier == lane.tier ? $1.value.leased : 0) }
  }

  /// How many jobs of a tenant that wait in a lane those workers would take now that are alive and wait for its tier, or for
  /// one in which they may run otherwise.
  func slotsFree(for lane: Lane, of tenant: TenantID) -> Int {
    workers.reduce(0) { sum, worker in
      guard worker.deadline > time, worker.admits(tenant), let free = worker.free else { return sum }
      let counts = ([lane] + lane.guests).compactMap { way in
        worker.idle[way.tier].map { way.resources.count(in: free, atMost: $0) }
      }
      return sum + (counts.max() ?? 0)
    }
  }
}
