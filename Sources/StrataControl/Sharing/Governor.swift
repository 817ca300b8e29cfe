import StrataCore
import StrataLedger
import StrataQueue

/// Tells the queue what the ledger says of limits and shares.
struct Governor: Sendable {
  let ledger: any JobLedger
  let queue: any JobQueue

  /// Everything that was ever set. What a queue that was lost has forgotten is told before it is declared complete.
  func tellAll() async throws {
    var policies = try await ledger.gates().reduce(into: [Gate: GatePolicy]()) { policies, gate in
      if let named = Gate(gate.kind, gate.name) { policies[named] = GatePolicy(gate.limit) }
    }
    for (tenant, sharing) in try await ledger.sharings() { policies[.tenant(tenant)] = GatePolicy(sharing) }
    if !policies.isEmpty { try await queue.govern(policies) }
    try await queue.tune(QueuePolicy(try await ledger.queueOrder()))
  }

  /// Tells the queue what the ledger says, and looks again: of several who change something at once the last one tells
  /// what is committed, whatever the order in which the queue heard them.
  ///
  /// - Returns: what was told last.
  @discardableResult
  static func tell<Value: Equatable>(
    reading current: () async throws -> Value, _ tell: (Value) async throws -> Void
  ) async throws -> Value {
    var value = try await current()
    while true {
      try await tell(value)
      let now = try await current()
      if now == value { return value }
      value = now
    }
  }

  func tell(_ gate: Gate, reading current: () async throws -> GatePolicy) async throws {
    try await Self.tell(reading: current) { try await queue.govern([gate: $0]) }
  }
}

extension Gate {
  /// - Returns: nil for a name that no tier can have.
  init?(_ kind: SharedGate.Kind, _ name: String) {
    switch kind {
    case .capability: self = .capability(name)
    case .tier:
      guard let tier = TierName(rawValue: name) else { return nil }
      self = .tier(tier)
    }
  }
}

extension GatePolicy {
  init(_ limit: RunningLimit) { self.init(runningMax: limit.effective, rate: limit.rate) }
  init(_ sharing: TenantSharing) {
    self.init(runningMax: sharing.limit.effective, weight: sharing.weight, rate: sharing.limit.rate)
  }
}

extension QueuePolicy {
  /// What was never said is as the program has it.
  init(_ order: QueueOrder) {
    self.init()
    func unlessNever(_ duration: Duration) -> Duration? { duration > .zero ? duration : nil }
    if let said = order.keepRoomAfter { keepRoomAfter = unlessNever(said) }
    if let said = order.keepRoomFor { keepRoomFor = said }
    if let said = order.classPatience { classPatience = unlessNever(said) }
    if let said = order.priorityAgeing { priorityAgeing = unlessNever(said) }
    if let said = order.preemptAfter { preemptAfter = unlessNever(said) }
  }
}
