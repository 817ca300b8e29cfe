public import StrataCore
public import StrataLedger
public import StrataQueue

/// How tenants share the workers, and what may run at once: for operators.
extension ControlPlane {
  /// All tenants, oldest first.
  public func tenants() async throws(StrataError) -> [Tenant] {
    do { return try await ledger.tenants() } catch { throw error.strataError }
  }

  /// The limits of capabilities and tiers that were ever set.
  public func gates() async throws(StrataError) -> [SharedGate] {
    do { return try await ledger.gates() } catch { throw error.strataError }
  }

  /// Changes a tenant's class, weight or limit. A new class is that of the jobs that are accepted from now on; those
  /// that wait keep theirs. A limit that is lowered below what runs ends nothing.
  ///
  /// - Throws: `notFound`, `invalidBody`; `unavailable` where the queue could not be told: the change is kept, and the
  ///   queue is told with the next comparison of queue and ledger.
  public func change(_ change: SharingChange, ofTenantNamed name: String) async throws(StrataError) -> Tenant {
    if let weight = change.weight, !TenantSharing.weights.contains(weight) {
      throw StrataError(.invalidBody, "a weight of \(weight) cannot be had", remedy: "give 1 to 10000")
    }
    try require(change.limit)
    return try await changing {
      let tenant = try await ledger.change(change, ofTenantNamed: name)
      try await governor.tell(.tenant(tenant.id)) {
        let sharing = try await ledger.tenant(tenant.id)?.sharing ?? tenant.sharing
        return GatePolicy(sharing)
      }
      return tenant
    }
  }

  /// Changes how many jobs of a capability or a tier may run at once.
  ///
  /// - Parameter name: its own; of a capability also one under which it is sold: the limit is that of all its jobs.
  /// - Returns: the limit with the name that it goes by.
  /// - Throws: `notFound` where there is none of that name; else as for tenants.
  public func change(_ change: LimitChange, of kind: SharedGate.Kind, named asked: String) async throws(StrataError)
    -> (name: String, limit: RunningLimit)
  {
    let (name, gate) = try await gate(of: kind, named: asked)
    try require(change)
    return try await changing {
      let limit = try await ledger.change(change, of: kind, named: name)
      try await governor.tell(gate) {
        let gates = try await ledger.gates()
        return GatePolicy(gates.first { $0.kind == kind && $0.name == name }?.limit ?? limit)
      }
      return (name, limit)
    }
  }

  /// A tenant, and how many of its jobs run.
  ///
  /// - Throws: `notFound` where there is none of that name; `unavailable` without the queue.
  public func tenant(named name: String) async throws(StrataError) -> (tenant: Tenant, running: Int) {
    guard let tenant = try await tenants().first(where: { $0.name == name }) else {
      throw StrataError(.notFound, "there is no tenant '\(name)'", remedy: "'strata tenants' lists them")
    }
    let pools = try await looking { () throws(QueueError) in try await queue.standing(of: [tenant.id]) }
    return (tenant, pools.reduce(0) { sum, pool in sum + pool.tenants.reduce(0) { $0 + $1.running } })
  }

  /// The limit of a capability or a tier, and how many of its jobs run.
  ///
  /// - Throws: `notFound` where there is none of that name; `unavailable` without the queue.
  public func limit(of kind: SharedGate.Kind, named asked: String) async throws(StrataError)
    -> (name: String, limit: RunningLimit, running: Int)
  {
    let (name, _) = try await gate(of: kind, named: asked)
    let limit = try await gates().first { $0.kind == kind && $0.name == name }?.limit
    let lanes = try await looking { () throws(QueueError) in try await queue.census().lanes }
    let running = lanes.reduce(0) { sum, lane in
      (kind == .tier ? lane.key.tier.rawValue : lane.key.capability) == name ? sum + lane.value.leased : sum
    }
    return (name, limit ?? RunningLimit(), running)
  }

  private func looking<Value>(_ body: () async throws(QueueError) -> Value) async throws(StrataError) -> Value {
    do { return try await body() } catch {
      throw StrataError(.unavailable, "the queue cannot be reached", remedy: "try again in a moment", cause: error)
    }
  }

  private func gate(
    of kind: SharedGate.Kind, named asked: String
  ) async throws(StrataError) -> (name: String, gate: Gate) {
    if kind == .tier { try await lookForTier(named: asked) }
    if let name = known(kind)[asked], let gate = Gate(kind, name) { return (name, gate) }
    throw Self.missing(kind.rawValue, asked, among: known(kind).keys.sorted())
  }

  static func missing(_ kind: String, _ asked: String, among names: [String]) -> StrataError {
    let near = Spelling.nearest(to: asked, among: names)
    return StrataError(
      .notFound, "there is no \(kind) '\(asked)'",
      remedy: near.map { "did you mean '\($0)'?" } ?? "there are: \(names.joined(separator: ", "))")
  }

  /// What is in force of the queue's order.
  public func queuePolicy() async throws(StrataError) -> QueuePolicy {
    do { return QueuePolicy(try await ledger.queueOrder()) } catch { throw error.strataError }
  }

  /// Changes what an operator wants of the queue's order.
  ///
  /// - Parameter change: in whole milliseconds, zero for never; what is nil stays as it is.
  /// - Throws: `invalidBody`; else as for tenants.
  public func change(_ change: QueueOrder) async throws(StrataError) -> QueuePolicy {
    let times = [
      change.keepRoomAfter, change.keepRoomFor, change.classPatience, change.priorityAgeing, change.preemptAfter,
    ]
    for said in times {
      guard let said, said < .zero || said > Self.policyMax else { continue }
      throw StrataError(
        .invalidBody, "a time of \(said) cannot be had",
        remedy: "give 0 (never) to \(Self.policyMax.components.seconds) s")
    }
    if change.keepRoomFor == .zero {
      throw StrataError(
        .invalidBody, "room cannot be kept for no time",
        remedy: "to keep none, let 'keep_room_after_ms' be 0 (--keep-room-after never)")
    }
    return try await changing {
      try await ledger.change(change)
      return try await Governor.tell(reading: { QueuePolicy(try await ledger.queueOrder()) }) {
        try await queue.tune($0)
      }
    }
  }

  /// A year: longer than anything waits.
  private static let policyMax = Duration.seconds(366 * 86_400)

  /// What may be named, and what is meant by it.
  private func known(_ kind: SharedGate.Kind) -> [String: String] {
    let pairs: [(String, String)] =
      switch kind {
      case .capability:
        catalogue.capabilities.flatMap { one in
          [(one.name, one.name)] + one.soldAs.map { ($0.name, one.name) }
        }
      case .tier: tiers.map { ($0.name.rawValue, $0.name.rawValue) }
      }
    return Dictionary(pairs) { first, _ in first }
  }

  private func require(_ change: LimitChange) throws(StrataError) {
    guard case .atMost(let count) = change.runningMax, !RunningLimit.range.contains(count) else { return }
    throw StrataError(
      .invalidBody, "at most \(count) jobs at once cannot be had", remedy: "give 0 to \(RunningLimit.range.upperBound)"
    )
  }

  private var governor: Governor { Governor(ledger: ledger, queue: queue) }

  private func changing<Value>(_ body: () async throws -> Value) async throws(StrataError) -> Value {
    do {
      return try await body()
    } catch let error as LedgerError {
      throw error.strataError
    } catch {
      reconciler.request(.policyUntold)
      throw StrataError(
        .unavailable, "the change is kept, but the queue could not be told",
        remedy: "it will be as soon as it can be; or make the change again", cause: error)
    }
  }
}
