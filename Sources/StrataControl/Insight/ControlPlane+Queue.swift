public import StrataCore
import StrataLedger
import StrataQueue

extension ControlPlane {
  /// What waits and runs, by tier, class and tenant: of all tenants, or of one alone.
  ///
  /// - Parameter limit: tenants of a pool, those with the most jobs waiting.
  public func queueReport(of tenant: TenantID? = nil, tenants limit: Int) async throws(StrataError) -> QueueReport {
    do {
      let known = Dictionary(
        uniqueKeysWithValues: try await ledger.tenants().filter { tenant == nil || $0.id == tenant }
          .map { ($0.id, $0) })
      let counts = try await poolCounts()
      let standings =
        if let tenant {
          try await ownStandings(of: tenant)
        } else {
          try await standings(in: counts.keys.sorted(), limit)
        }
      let limited = Set(standings.flatMap(\.tenants).map(\.tenant)).filter { known[$0]?.sharing.limit.effective != nil }
      let running = try await running(of: Array(limited))
      var pools: [QueueReport.Pool] = []
      for standing in standings {
        let facts = PoolFacts(
          standing: standing, received: shares.received(in: standing.pool), tenants: known, running: running,
          oldest: try await oldest(standing))
        pools.append(QueueReport.Pool(facts, tenant == nil ? counts[standing.pool] : nil, isWhole: tenant == nil))
      }
      return QueueReport(pools: pools)
    } catch let error as LedgerError {
      throw error.strataError
    } catch {
      throw StrataError(.unavailable, "the queue cannot be reached", remedy: "try again in a moment", cause: error)
    }
  }

  private func standings(in pools: [QueuePool], _ limit: Int) async throws -> [PoolStanding] {
    var standings: [PoolStanding] = []
    for pool in pools {
      standings.append(try await queue.standing(of: pool, first: limit))
    }
    return standings
  }

  /// With the weights of all who wait there: a tenant's part is due beside others, whom it is not told of.
  private func ownStandings(of tenant: TenantID) async throws -> [PoolStanding] {
    var standings = try await queue.standing(of: [tenant])
    for place in standings.indices {
      standings[place].weightWaiting = try await queue.standing(of: standings[place].pool, first: 0).weightWaiting
    }
    return standings
  }

  /// The pools that hold any job, with how many.
  private func poolCounts() async throws -> [QueuePool: QueueRoom.Waiting] {
    try await queue.room().lanes.reduce(into: [:]) { counts, entry in
      counts[entry.key.pool, default: .init()].ready += entry.value.ready
      counts[entry.key.pool, default: .init()].leased += entry.value.leased
      counts[entry.key.pool, default: .init()].delayed += entry.value.delayed
    }
  }

  private func running(of tenants: [TenantID]) async throws -> [TenantID: Int] {
    guard !tenants.isEmpty else { return [:] }
    return try await queue.standing(of: tenants).flatMap(\.tenants).reduce(into: [:]) {
      $0[$1.tenant, default: 0] += $1.running
    }
  }

  private func oldest(_ standing: PoolStanding) async throws -> [TenantID: JobID] {
    let waiting = standing.tenants.filter { $0.waiting > 0 }.map(\.tenant)
    guard !waiting.isEmpty else { return [:] }
    let jobs = try await queue.oldest(of: waiting, in: standing.pool)
    return zip(waiting, jobs).reduce(into: [:]) { $0[$1.0] = $1.1 }
  }
}

extension QueueReport.Pool {
  /// - Parameter counts: of all its lanes; nil where only what is shown counts.
  fileprivate init(_ facts: PoolFacts, _ counts: QueueRoom.Waiting?, isWhole: Bool) {
    let lines = facts.lines
    self.init(
      pool: facts.standing.pool, waiting: counts?.ready ?? lines.reduce(0) { $0 + $1.waiting },
      running: counts?.leased ?? lines.reduce(0) { $0 + $1.running }, delayed: isWhole ? counts?.delayed ?? 0 : nil,
      tenantCount: facts.standing.count, tenants: lines)
  }
}
