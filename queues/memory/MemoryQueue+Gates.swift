internal import StrataCore
internal import StrataScheduling

// Gates: how many run behind each, how many may, and who waits for that.
extension MemoryQueue {
  struct HeldGate {
    var running = 0
    var policy = GatePolicy()
    /// Whether a tenant has been found at its limit; the lanes in which it waits since.
    var isParked = false
    var parked: Set<Lane> = []
    /// Nil where any number may start.
    var bucket: TokenBucket?
    /// When the gate is looked at again.
    var timer: Timestamp?
    /// Whether that is because it has run out of starts.
    var isArmed = false

    func room(at now: Timestamp) -> Int {
      let room = policy.runningMax.map { max(0, $0 - running) } ?? .max
      guard var bucket else { return room }
      return min(room, Int(bucket.available(at: now)))
    }
  }

  public func govern(_ policies: [Gate: GatePolicy]) async throws(QueueError) {
    for (gate, policy) in policies { try limits.check(policy, of: gate) }
    for (gate, policy) in policies {
      let wasFull = room(behind: gate) == 0
      setRate(of: gate, policy.rate)
      gates[gate, default: HeldGate()].policy = policy
      letThrough(gate, wasFull: wasFull)
      armGates([gate])
    }
    for keeper in keepers.values where !keeper.isReserved { signalled[keeper.worker, default: []].append(.work) }
    bell.ring()
  }

  public func tune(_ policy: QueuePolicy) async throws(QueueError) { self.policy = policy }

  /// A rate that changes keeps the starts that are left.
  private func setRate(of gate: Gate, _ rate: RateLimit?) {
    let old = gates[gate]?.bucket
    if let rate, let kept = old?.limit, rate.allowsAsMuch(as: kept) { return }
    gates[gate, default: HeldGate()].isArmed = false
    gates[gate]?.bucket = rate.map { TokenBucket($0, at: now) }
    guard var kept = old, let rate else { return }
    _ = gates[gate]?.bucket?.take(max(0, rate.burst - kept.available(at: now)), at: now)
  }

  func gatesBefore(_ lane: Lane) -> [Gate] { [.capability(lane.capability), .tier(lane.tier)] }

  func room(behind gate: Gate) -> Int { gates[gate]?.room(at: now) ?? .max }

  func count(_ change: Int, runningOf tenant: TenantID, in lane: Lane) {
    for gate in [.tenant(tenant)] + gatesBefore(lane) {
      let running = gates[gate, default: HeldGate()].running + change
      gates[gate, default: HeldGate()].running = max(0, running)
    }
  }

  /// A job starts.
  func start(_ tenant: TenantID, in lane: Lane) {
    count(1, runningOf: tenant, in: lane)
    for gate in [.tenant(tenant)] + gatesBefore(lane) { _ = gates[gate]?.bucket?.take(1, at: now) }
  }

  /// Lets what waited behind a gate be found, or workers be woken for it, where the gate is open now.
  func letThrough(_ gate: Gate, wasFull: Bool) {
    guard let held = gates[gate], held.room(at: now) > 0 else { return }
    let room = held.room(at: now)
    switch gate {
    case .tenant(let tenant):
      if !held.isParked { return }
      gates[gate]?.isParked = false
      gates[gate]?.parked = []
      for lane in lanes where held.parked.contains(lane) && !ready(in: lane, of: tenant).isEmpty {
        order.place(tenant, in: lane)
        wakeAll(lane, count: min(ready(in: lane, of: tenant).count, room))
      }
    case .capability, .tier:
      if !wasFull { return }
      for lane in lanes where gatesBefore(lane).contains(gate) {
        wake(lane, count: min(ready(in: lane).count, room))
      }
    }
  }

  /// An attempt that ended.
  struct Ended {
    /// Where it ran.
    let lane: Lane
    let tenant: TenantID
    /// Nil where nothing is known of its time.
    let lease: HeldLease?
    /// Whether it took as long as such jobs take.
    let isTelling: Bool
  }

  /// Tells gates, tags and averages of attempts that ended.
  func account(_ ended: [Ended]) {
    var passed: [Gate] = []
    for attempt in ended {
      for gate in [.tenant(attempt.tenant)] + gatesBefore(attempt.lane) where !passed.contains(gate) {
        passed.append(gate)
      }
    }
    let wereFull = Set(passed.filter { room(behind: $0) == 0 })
    for attempt in ended { count(-1, runningOf: attempt.tenant, in: attempt.lane) }
    correctTags(ended)
    for gate in passed { letThrough(gate, wasFull: wereFull.contains(gate)) }
  }

  /// What a call amounts to for a tenant is added at once.
  private func correctTags(_ ended: [Ended]) {
    var sums: [FairOrder.Account: Double] = [:]
    for attempt in ended {
      guard let lease = attempt.lease else { continue }
      let (lane, tenant) = (attempt.lane, attempt.tenant)
      let microseconds = Double(now.microseconds - lease.startedAt.microseconds)
      if attempt.isTelling { order.learn(microseconds, in: lane) }
      let used = FairOrder.charge(lane.resources.weightMillicores, microseconds, weight(of: tenant))
      sums[FairOrder.Account(pool: lane.pool, tenant: tenant), default: 0] += used - lease.charge
    }
    for (account, sum) in sums { order.correct(account, by: sum) }
    for attempt in ended where attempt.lease != nil {
      let (lane, tenant) = (attempt.lane, attempt.tenant)
      let sum = sums[FairOrder.Account(pool: lane.pool, tenant: tenant)] ?? 0
      // Charged far too much: found at once, not only when it is next due.
      if sum < -Double(limits.turnQuantum.milliseconds) { order.moveForward(tenant, in: lane) }
    }
  }

  func weight(of tenant: TenantID) -> Int { gates[.tenant(tenant)]?.policy.weight ?? GatePolicy.unlimited.weight }
}
