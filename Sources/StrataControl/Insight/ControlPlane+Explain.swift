public import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling

extension ControlPlane {
  /// Tenants of a pool that are looked at to tell who goes first.
  static let tenantsMax = 1_000
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
      explanation.start = try await outlook(of: snapshot.record, facts, room)
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
    func limit(_ kind: SharedGate.Kind, _ name: String) -> RunningLimit {
      gates.first { $0.kind == kind && $0.name == name }?.limit ?? RunningLimit()
    }
    func running(_ isBehind: (Lane) -> Bool) -> Int {
      room.lanes.reduce(0) { $0 + (isBehind($1.key) ? $1.value.leased : 0) }
    }
    let tenantLimit = stored?.sharing.limit ?? RunningLimit()
    let starts = tenantLimit.effective == nil ? nil : try await self.starts(of: record.tenant)
    let own = reconciler.lanes.lane(record.order, record.tier, ownClass)
    let standing = try await queue.standing(of: own.pool, first: Self.tenantsMax)
    let (ownBeside, othersBeside) = try await jobsBeside(record.tenant, standing, room, own.pool)
    let hasOtherLanes = room.lanes.contains { $0.key != own && $0.key.pool == own.pool && $0.value.ready > 0 }
    let jobsAhead = snapshot.jobsAhead ?? 0
    let mayMoreBeAhead = hasOtherLanes && ownBeside > jobsAhead + 1
    // Where none waits before it, it starts before more are made.
    let tasksAhead =
      jobsAhead > 0 || mayMoreBeAhead
      ? try await tasksToMake(before: record, slots: room.slots(of: own, record.tenant)) : 0
    return WaitFacts(
      state: snapshot.state, isEnqueued: snapshot.isEnqueued, scheduledFor: snapshot.scheduledFor,
      hasRun: snapshot.attempts.contains { $0.ending != .preempted },
      preemptors: snapshot.attempts.compactMap(\.preemptor), preemptor: snapshot.lease?.preemptor,
      isCancelRequested: snapshot.lease?.isCancelRequested ?? false, jobsAhead: jobsAhead,
      mayMoreBeAhead: mayMoreBeAhead, tasksAhead: tasksAhead, lane: own, standing: standing,
      othersBeside: othersBeside,
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
      readyAbove: room.lanes.reduce(0) { sum, entry in
        let goesFirst = entry.key.tier == record.tier && entry.key.priorityClass > ownClass
        return sum + (goesFirst ? entry.value.ready : 0)
      },
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

  /// How many jobs of a tenant wait in a pool, and how many of others.
  private func jobsBeside(
    _ tenant: TenantID, _ standing: PoolStanding, _ room: QueueRoom, _ pool: QueuePool
  ) async throws(QueueError) -> (own: Int, others: Int) {
    if standing.tenants.count < Self.tenantsMax {
      let own = standing.tenants.first { $0.tenant == tenant }?.waiting ?? 0
      return (own, standing.tenants.reduce(-own) { $0 + $1.waiting })
    }
    // Of more tenants than are looked at, those with the fewest jobs are not among them.
    let own = try await queue.standing(of: [tenant]).first { $0.pool == pool }?.tenants.first?.waiting ?? 0
    return (own, max(0, room.lanes.reduce(-own) { $0 + ($1.key.pool == pool ? $1.value.ready : 0) }))
  }

  /// How many tasks that its tenant's arrays have still to make go before a job, as those do that are made. One that may not
  /// have all slots leaves room for others.
  private func tasksToMake(before record: StoredJob, slots: Int) async throws(LedgerError) -> Int {
    try await ledger.arrays(of: record.tenant, withTasksToMake: true, limit: configuration.arrays.pendingMax)
      .filter { array in goesOn(array, before: record) && array.runningMax.map { $0 >= slots } ?? true }
      .reduce(0) { $0 + $1.pending }
  }

  /// Whether an array's next tasks wait for nothing but room in the job's tier, and go first there.
  private func goesOn(_ array: StoredArray, before record: StoredJob) -> Bool {
    guard array.id != record.order.task?.array, array.standing == .ready || array.standing == .full,
      array.runAt.map({ $0 <= configuration.clock.now }) ?? true, let draft = try? JobDraft(array),
      let tier = draft.tier ?? (try? catalogue.resolve(draft.capability).capability.tier), tier == record.tier
    else { return false }
    return draft.priority > record.priority || draft.priority == record.priority && array.id.asJob < record.id
  }

  private static func words(_ needs: ResourceRequest) -> String { ResourceAmounts(needs).words }
}
