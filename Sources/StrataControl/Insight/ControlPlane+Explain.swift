public import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling

extension ControlPlane {
  /// Unfinished jobs of a tenant that are looked at to count those that run.
  static let runningScanMax = 5_000

  /// What holds a job. Costs some reads of the ledger and the queue, of the ledger alone for a blocked job; where its
  /// tenant has a limit, one more of each, of the identifiers of the tenant's unfinished jobs.
  ///
  /// - Throws: `notFound` unless it is the tenant's.
  public func explain(_ id: JobID, tenant: TenantID) async throws(StrataError) -> Explanation {
    let snapshot = try await job(id, tenant: tenant)
    do {
      if snapshot.state == .blocked {
        return Explanation(
          job: id, state: .blocked, reasons: try await facts(ofBlocked: snapshot.record).reasons, unknown: [])
      }
      return try await explanation(of: snapshot)
    } catch let error as LedgerError {
      throw error.strataError
    } catch {
      let away = Explanation.Reason(.queueAway, "the queue cannot be reached: nothing starts until it can")
      return Explanation(job: id, state: snapshot.state, reasons: [away], unknown: ["what else holds it"])
    }
  }

  private func explanation(of snapshot: JobSnapshot) async throws -> Explanation {
    let room = try await queue.room()
    let stored = try await ledger.tenant(snapshot.record.tenant)
    let facts = try await facts(of: snapshot, room, stored)
    var explanation = Explanation(
      job: snapshot.record.id, state: snapshot.state, reasons: facts.reasons, unknown: facts.unknown)
    if snapshot.state == .queued, snapshot.isEnqueued {
      explanation.start = try await outlook(
        of: snapshot.record, facts, room, stored?.sharing.priorityClass ?? .standard)
    }
    return explanation
  }

  /// Of the ledger alone: no queue holds a blocked job.
  private func facts(ofBlocked record: StoredJob) async throws(LedgerError) -> BlockedFacts {
    BlockedFacts(
      after: record.structure.after, states: try await ledger.states(of: record.structure.after), runAt: record.runAt,
      now: configuration.clock.now)
  }

  private func facts(of snapshot: JobSnapshot, _ room: QueueRoom, _ stored: Tenant?) async throws -> WaitFacts {
    let record = snapshot.record
    let tier = tierBook.tiers[record.tier]
    let gates = try await ledger.gates()
    let ownClass = stored?.sharing.priorityClass ?? .standard
    let waiting = room.lanes.filter { $0.key.tier == record.tier && $0.value.ready > 0 }
    func limit(_ kind: SharedGate.Kind, _ name: String) -> RunningLimit {
      gates.first { $0.kind == kind && $0.name == name }?.limit ?? RunningLimit()
    }
    func running(_ isBehind: (Lane) -> Bool) -> Int {
      room.lanes.reduce(0) { $0 + (isBehind($1.key) ? $1.value.leased : 0) }
    }
    let tenantLimit = stored?.sharing.limit ?? RunningLimit()
    let starts = tenantLimit.effective == nil ? nil : try await self.starts(of: record.tenant)
    let own = reconciler.lanes.lane(record.order, record.tier, ownClass)
    let ownBeside = try await jobsWaiting(of: record.tenant, in: own.pool)
    let hasOtherLanes = room.lanes.contains { $0.key != own && $0.key.pool == own.pool && $0.value.ready > 0 }
    return WaitFacts(
      state: snapshot.state, isEnqueued: snapshot.isEnqueued, scheduledFor: snapshot.scheduledFor,
      hasRun: snapshot.attempts.contains { $0.ending != .preempted },
      preemptors: snapshot.attempts.compactMap(\.preemptor), preemptor: snapshot.lease?.preemptor,
      jobsAhead: snapshot.jobsAhead,
      mayMoreBeAhead: hasOtherLanes && ownBeside > (snapshot.jobsAhead ?? 0) + 1, ownBeside: ownBeside,
      tenant: .init(
        name: stored?.name ?? "\(record.tenant)", limit: tenantLimit,
        running: starts?.count),
      tenantStarts: starts ?? [],
      capability: .init(
        name: record.order.capability, limit: limit(.capability, record.order.capability),
        running: running { $0.capability == record.order.capability }),
      tier: .init(
        name: record.tier.rawValue, limit: limit(.tier, record.tier.rawValue),
        running: running { $0.tier == record.tier }),
      workers: WorkerFacts(
        room, tenant: record.tenant, lane: own,
        declared: tier?.onlyDeclaredSizeFits(record.order.resources) == true ? tier?.declared.map(Self.words) : nil),
      readyAbove: waiting.reduce(0) { $0 + ($1.key.priorityClass > ownClass ? $1.value.ready : 0) },
      readyBeside: waiting.reduce(0) { $0 + ($1.key.priorityClass == ownClass ? $1.value.ready : 0) },
      needs: Self.words(own.resources),
      alternatives: own.guests.map { way in
        AlternativeFacts(
          tier: .init(
            name: way.tier.rawValue, limit: limit(.tier, way.tier.rawValue), running: running { $0.tier == way.tier }),
          workers: WorkerFacts(room, tenant: record.tenant, lane: way, declared: nil),
          needs: Self.words(way.resources))
      })
  }

  /// When the jobs of a tenant began that run.
  ///
  /// - Returns: nil where it has too many unfinished jobs to look at.
  private func starts(of tenant: TenantID) async throws -> [Timestamp]? {
    let jobs = try await ledger.unfinished(of: tenant, limit: Self.runningScanMax + 1)
    guard jobs.count <= Self.runningScanMax else { return nil }
    return try await queue.status(of: jobs).compactMap {
      if case .leased(let lease)? = $0 { lease.startedAt } else { nil }
    }
  }

  /// How many jobs of a tenant wait in a pool.
  private func jobsWaiting(of tenant: TenantID, in pool: QueuePool) async throws -> Int {
    try await queue.standing(of: [tenant]).first { $0.pool == pool }?.tenants.first?.waiting ?? 0
  }

  private static func words(_ needs: ResourceRequest) -> String { ResourceAmounts(needs).words }
}
