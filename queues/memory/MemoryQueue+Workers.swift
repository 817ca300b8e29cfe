public import StrataCore

extension MemoryQueue {
  public func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    for result in request.completed { try limits.check(report: result.report, of: result.lease.job) }
    try requireGeneration()
    let verdicts = finish(request.completed)
    var room = request.room
    let (chosen, kept) = choose(request, &room)
    let keptClass = kept?.priorityClass
    let leases = chosen.isEmpty ? [] : grant(chosen, to: request.worker)
    if let keptClass { passOn(request, upTo: keptClass) }
    let missed = request.count - leases.count
    for tier in request.tiers { idle[tier, default: [:]][request.worker] = missed > 0 ? missed : nil }
    if missed > 0 {
      (rooms[request.worker], sparing[request.worker]) = (room, keptClass)
      dedications[request.worker] = request.dedication
    }
    capacities[request.worker] = WorkerLoad.Capacity(
      wholeRoom: request.wholeRoom, slotsLeft: missed, keepsFor: keptClass,
      isDedicated: request.dedication != nil, tiers: request.tiers)
    armGates(gates(of: chosen))
    let deadline = extend(request.worker, duration)
    bell.ring()
    return LeaseGrant(leases: leases, deadline: deadline, verdicts: verdicts)
  }

  /// What a worker that keeps its room was woken for, and passes over, others are woken for.
  private func passOn(_ request: LeaseRequest, upTo keptClass: PriorityClass) {
    for tier in request.tiers { idle[tier]?[request.worker] = nil }
    for tier in request.tiers {
      for lane in lanes where lane.tier == tier && lane.priorityClass <= keptClass {
        if !order.tenants(in: lane).isEmpty { wake(lane, count: ready(in: lane).count) }
      }
    }
  }

  private func gates(of chosen: [Choice]) -> [Gate] {
    Array(Set(chosen.flatMap { [.tenant($0.held.job.tenant)] + gatesBefore($0.lane) }))
  }

  /// A job, and the lane in which it is to run.
  private typealias Choice = (held: HeldJob, lane: Lane, charge: Double)

  /// Takes jobs, one turn after the other: tiers in the order given, classes from the greatest, what is preferred to run in
  /// the tier before what may run there, too, then whose tag is the smallest, over all lanes that there is room for; of a
  /// dedicated worker first of its tenant's alone, and then of all if it lends. Returns also whether the worker is to keep
  /// what it has free then.
  private func choose(_ request: LeaseRequest, _ room: inout ResourceRequest) -> ([Choice], KeptRoom?) {
    var (chosen, kept): ([Choice], KeptRoom?) = ([], nil)
    if let dedication = request.dedication {
      chooseOwn(dedication.tenant, request, &chosen, &room)
      if !dedication.lends { return (chosen, nil) }
    }
    for tier in request.tiers where chosen.count < request.count {
      let open = lanes.filter { $0.tier == tier && !order.tenants(in: $0).isEmpty }
      let pools = Set(open.filter { $0.rank == 0 }.map(\.pool)).sorted { $0.priorityClass > $1.priorityClass }
      if kept == nil { chooseOfStarved(pools, request, &chosen, &room) }
      for priorityClass in Set(open.map(\.priorityClass)).sorted(by: >) where chosen.count < request.count {
        let pool = QueuePool(tier: tier, priorityClass: priorityClass)
        let isSpared = kept.map { pool.priorityClass <= $0.priorityClass } ?? false
        if !isSpared { chooseOfKept(pool, request, &chosen, &room) }
        if !isSpared, chosen.count < request.count { kept = keepsRoom(pool, request, room) ?? kept }
        if var spared = kept, pool.priorityClass <= spared.priorityClass {
          chooseBeside(&spared, pool, request, &chosen, &room)
          kept = spared
        } else {
          chooseOfAllRanks(pool, request, of: nil, &chosen, &room)
        }
      }
    }
    return (chosen, kept)
  }

  /// The lanes of a pool in which jobs wait.
  func homes(in pool: QueuePool) -> [Lane] { lanes.filter { $0.pool == pool && $0.rank == 0 } }

  /// Jobs of a class that run in a tier: those that prefer it, then those that may run there, too.
  private func chooseOfAllRanks(
    _ pool: QueuePool, _ request: LeaseRequest, of only: TenantID?, _ chosen: inout [Choice],
    _ room: inout ResourceRequest
  ) {
    let inClass = lanes.filter { $0.tier == pool.tier && $0.priorityClass == pool.priorityClass }
    for rank in 0...limits.alternativesMax {
      // Tags of different pools tell nothing of each other: the older lane's goes first.
      var lanes = inClass.filter { $0.rank == rank && !order.tenants(in: $0).isEmpty }
      while let oldest = lanes.first {
        chooseNoting(lanes.filter { $0.pool == oldest.pool }, request, upTo: request.count, of: only, &chosen, &room)
        lanes.removeAll { $0.pool == oldest.pool }
      }
    }
  }

  /// Jobs that do not keep the one waiting for which room is kept.
  private func chooseBeside(
    _ kept: inout KeptRoom, _ pool: QueuePool, _ request: LeaseRequest, _ chosen: inout [Choice],
    _ room: inout ResourceRequest
  ) {
    let lanes = homes(in: pool)
    let short = lanes.filter { areShort($0, for: kept) }
    chooseNoting(short, request, upTo: request.count, &chosen, &room)
    guard chosen.count < request.count else { return }
    let offered = room.upTo(kept.beside)
    var left = offered
    chooseNoting(lanes.filter { !short.contains($0) }, request, upTo: request.count, &chosen, &left)
    let taken = offered.less(left)
    (room, kept.beside) = (room.less(taken), kept.beside.less(taken))
  }

  /// Takes jobs of one tenant only.
  private func chooseOwn(
    _ tenant: TenantID, _ request: LeaseRequest, _ chosen: inout [Choice], _ room: inout ResourceRequest
  ) {
    for tier in request.tiers {
      let classes = Set(lanes.filter { $0.tier == tier && order.isPlaced(tenant, in: $0) }.map(\.priorityClass))
      for priorityClass in classes.sorted(by: >) {
        let pool = QueuePool(tier: tier, priorityClass: priorityClass)
        chooseOfAllRanks(pool, request, of: tenant, &chosen, &room)
      }
    }
  }

  /// A job of the lane for whose jobs the worker has kept room, where it has enough now.
  private func chooseOfKept(
    _ pool: QueuePool, _ request: LeaseRequest, _ chosen: inout [Choice], _ room: inout ResourceRequest
  ) {
    guard let keeper = keepers[pool], keeper.worker == request.worker, keeper.lane.resources.fits(in: room) else {
      return
    }
    chooseNoting([keeper.lane], request, upTo: min(request.count, chosen.count + 1), &chosen, &room)
  }

  /// Classes that others go before, and that have not been served for long, go first, for one job.
  private func chooseOfStarved(
    _ pools: [QueuePool], _ request: LeaseRequest, _ chosen: inout [Choice], _ room: inout ResourceRequest
  ) {
    guard let patience = policy.classPatience else { return }
    let starved = pools.dropFirst().filter { pool in served[pool].map { now - $0 >= patience } ?? false }
    for pool in pools where served[pool] == nil { served[pool] = now }
    for pool in starved {
      chooseNoting(homes(in: pool), request, upTo: min(request.count, chosen.count + 1), &chosen, &room)
    }
  }

  /// Takes jobs of lanes of one tier and class: of all tenants, or of one only.
  private func chooseNoting(
    _ lanes: [Lane], _ request: LeaseRequest, upTo count: Int, of only: TenantID? = nil, _ chosen: inout [Choice],
    _ room: inout ResourceRequest
  ) {
    let known = chosen.count
    var last: Given?
    while chosen.count < count, let next = turnGoingOn(last, request, room) ?? nextTurn(in: lanes, room, of: only) {
      guard let job = take(next.turn, from: next.lane, isOnOwn: only != nil) else {
        last = nil
        continue
      }
      stopKeeping(next.lane.home, but: request.worker)
      room = room.less(next.lane.resources)
      chosen.append(job)
      let goesOn = last.map { $0.lane == next.lane && $0.turn.tenant == next.turn.tenant } ?? false
      last = Given(turn: next.turn, lane: next.lane, count: goesOn ? (last?.count ?? 0) + 1 : 1)
    }
    guard chosen.count > known, let lane = lanes.first else { return }
    served[QueuePool(tier: lane.tier, priorityClass: lane.priorityClass)] = now
  }

  /// A turn, the lane from which its tenant gets a job, and how many it got there in one go.
  private struct Given {
    let turn: FairOrder.Turn
    let lane: Lane
    var count = 0
  }

  /// The turn that was given last, while it has got less than a quantum and there is more for it.
  private func turnGoingOn(_ last: Given?, _ request: LeaseRequest, _ room: ResourceRequest) -> Given? {
    guard let last, !ready(in: last.lane, of: last.turn.tenant).isEmpty, fits(last.lane, room),
      self.room(behind: .tenant(last.turn.tenant)) > 0
    else { return nil }
    let cost = order.cost(of: last.lane, unknown: limits.durationUnknown)
    let quantum = limits.turnQuantum * request.count
    guard Double(last.count) * cost < Double(quantum.milliseconds) else { return nil }
    return Given(turn: order.current(last.turn), lane: last.lane)
  }

  /// From which of the lanes a tenant that is due gets its next job: that of the job that goes first among its own.
  private func laneOfNext(_ turn: FairOrder.Turn, in lanes: [Lane], _ room: ResourceRequest) -> Lane {
    let heads = lanes.filter { fits($0, room) && order.isPlaced(turn.tenant, in: $0) }.compactMap { lane in
      ready(in: lane, of: turn.tenant).first.map { (lane: lane, job: $0.job) }
    }
    return heads.min { (score(of: $0.job), $0.job.id) < (score(of: $1.job), $1.job.id) }?.lane ?? turn.lane
  }

  func fits(_ lane: Lane, _ room: ResourceRequest) -> Bool {
    lane.resources.fits(in: room) && gatesBefore(lane).allSatisfy { self.room(behind: $0) > 0 }
  }

  private func nextTurn(in lanes: [Lane], _ room: ResourceRequest, of only: TenantID?) -> Given? {
    var best: FairOrder.Turn?
    // Of equal tags the older lane's comes first, then the smaller tenant's.
    for lane in lanes where fits(lane, room) {
      for (tenant, tag) in order.tenants(in: lane).sorted(by: { $0.key < $1.key }) where tag < best?.tag ?? .infinity {
        if let only, tenant != only { continue }
        best = FairOrder.Turn(lane: lane, tenant: tenant, tag: tag)
      }
    }
    return best.map { Given(turn: $0, lane: laneOfNext($0, in: lanes, room)) }
  }

  /// - Returns: nil where it was no turn after all: the tenant is now where it belongs.
  private func take(_ turn: FairOrder.Turn, from lane: Lane, isOnOwn: Bool) -> Choice? {
    guard order.confirm(turn, tolerance: limits.turnQuantum) else { return nil }
    let gate = Gate.tenant(turn.tenant)
    let waiting = ready(in: lane, of: turn.tenant)
    guard room(behind: gate) > 0, let held = waiting.first else {
      order.remove(turn.tenant, from: turn.lane)
      gates[gate]?.isParked = true
      gates[gate]?.parked.insert(turn.lane.home)
      return nil
    }
    let charge = order.charge(
      turn, for: lane, isOnOwn: isOnOwn, weight: weight(of: turn.tenant), unknown: limits.durationUnknown)
    start(turn.tenant, in: lane)
    // Not ready any more; the rest of the lease follows.
    jobs[held.job.id]?.lease = HeldLease(
      worker: .choosing, lane: lane, token: FencingToken(rawValue: 0), startedAt: now, charge: charge)
    if waiting.count == 1 { order.remove(turn.tenant, from: lane) }
    return (held, lane, charge)
  }

  private func grant(_ chosen: [Choice], to worker: WorkerID) -> [Lease] {
    let tick = tick()
    let token = FencingToken(rawValue: tick)
    let leases = chosen.map { choice in
      let held = choice.held
      jobs[held.job.id]?.lease = HeldLease(
        worker: worker, lane: choice.lane, token: token, startedAt: now, charge: choice.charge)
      return Lease(job: held.granted(in: choice.lane), worker: worker, token: token, attempt: held.attemptsMade + 1)
    }
    announce(leases.map { ($0.job.id, .started(attempt: $0.attempt, worker: worker)) }, at: tick)
    return leases
  }

  private func extend(_ worker: WorkerID, _ duration: Duration) -> Timestamp {
    let deadline = now + .microseconds(duration.wholeMicroseconds)
    workers[worker] = deadline
    return deadline
  }

  public func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError) -> HeartbeatReply {
    try limits.check(place: place)
    try requireGeneration()
    if !place.isEmpty { places[worker] = place }
    let wasKnown = workers[worker] != nil
    let mine = held.map { owned($0).flatMap { $0.lease?.worker == worker ? $0.lease : nil } }
    let deadline = extend(worker, duration)
    let unnamed = leases(of: worker).filter { !held.contains($0) }
    takeBack(unnamed)
    return HeartbeatReply(
      deadline: deadline, wasKnown: wasKnown && unnamed.isEmpty,
      lost: zip(held, mine).compactMap { $1 == nil ? $0.job : nil },
      cancelRequested: zip(held, mine).compactMap { $1?.isCancelRequested == true ? $0.job : nil },
      preempted: zip(held, mine).compactMap { $1?.isToBePreempted == true ? $0.job : nil })
  }

  public func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    for report in reports { try limits.check(stage: report.stage, of: report.lease.job) }
    try requireGeneration()
    return reports.runs { $0.lease.worker }.flatMap { note($0.items) }
  }

  private func note(_ reports: [ProgressReport]) -> [LeaseVerdict] {
    let verdicts: [LeaseVerdict] = reports.map { owned($0.lease) == nil ? .stale : .accepted }
    let accepted = zip(reports, verdicts).filter { $1 == .accepted }.map(\.0)
    if accepted.isEmpty { return verdicts }
    let tick = tick()
    announce(accepted.map { ($0.lease.job, note($0)) }, at: tick)
    bell.ring()
    return verdicts
  }

  private func note(_ report: ProgressReport) -> QueueEvent.Kind {
    let id = report.lease.job
    jobs[id]?.lease?.hasReported = true
    if let fraction = report.fraction, fraction.isFinite { jobs[id]?.lease?.fraction = min(max(fraction, 0), 1) }
    if let stage = report.stage, !stage.isEmpty { jobs[id]?.lease?.stage = stage }
    if !report.log.isEmpty { appendLog(report.log, of: report.lease) }
    return .progress(fraction: jobs[id]?.lease?.fraction, stage: jobs[id]?.lease?.stage)
  }

  private func appendLog(_ bytes: [UInt8], of lease: LeaseReference) {
    let id = lease.job
    var log = liveLogs[id] ?? KeptLog(token: lease.token)
    let isOver = log.expiresAt.map { $0 <= now } ?? false
    if isOver || log.token != lease.token { log = KeptLog(token: lease.token) }
    let room = max(0, limits.liveLogBytesMax - log.bytes.count)
    log.bytes += bytes.prefix(room)
    if room > 0 { log.expiresAt = nil }
    liveLogs[id] = log
  }
}

extension MemoryQueue.HeldJob {
  fileprivate func granted(in lane: Lane) -> QueuedJob {
    QueuedJob(
      id: job.id, tenant: job.tenant, lane: lane, priority: job.priority, attemptsMax: job.attemptsMax,
      attemptsMade: attemptsMade, workersLost: workersLost, isPreemptible: job.isPreemptible, payload: job.payload)
  }
}
