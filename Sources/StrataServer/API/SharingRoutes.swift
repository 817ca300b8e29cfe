import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataScheduling

/// The routes by which operators say who gets how much of the workers, and what may run at once.
struct SharingRoutes {
  let control: ControlPlane
  /// Bytes of a change.
  static let bodyBytesMax = 4 << 10

  func tenants() async throws -> HTTPResponse {
    try .json(try await control.tenants().map { TenantView($0, running: nil) })
  }

  /// 201 with the tenant, who has no key yet.
  func createTenant(_ request: HTTPRequest) async throws -> HTTPResponse {
    let asked = try JSONCoding.decode(
      TenantRequest.self, from: try await request.body.collect(limit: Self.bodyBytesMax),
      members: TenantRequest.members)
    let tenant = try await control.createTenant(
      named: asked.name, plan: asked.plan ?? ControlPlane.planStandard,
      credits: MicroCredits(micros: asked.grantMicrocredits ?? 0))
    var response = try HTTPResponse.json(TenantView(tenant, running: nil), status: .created)
    response.headers.append("location", "/v1/tenants/\(tenant.name)")
    return response
  }

  func changeTenant(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
    let patch = try JSONCoding.decode(
      TenantPatch.self, from: try await request.body.collect(limit: Self.bodyBytesMax), members: TenantPatch.members)
    let priorityClass = try patch.priorityClass.map { number throws(HTTPRefusal) in
      guard let known = PriorityClass(rawValue: number) else {
        throw HTTPRefusal(
          .unprocessableContent, "invalid_body", "'priority_class' is \(number); keep it from 0 to 9")
      }
      return known
    }
    let change = SharingChange(priorityClass: priorityClass, weight: patch.weight, limit: try LimitChange(patch.limit))
    return try .json(TenantView(try await control.change(change, ofTenantNamed: name), running: nil))
  }

  func changeLimit(of kind: SharedGate.Kind, _ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
    let patch = try JSONCoding.decode(
      LimitPatch.self, from: try await request.body.collect(limit: Self.bodyBytesMax), members: LimitPatch.members)
    let (known, limit) = try await control.change(try LimitChange(patch), of: kind, named: name)
    return try .json(LimitView(kind, known, limit))
  }

  func tenant(_ name: String) async throws -> HTTPResponse {
    let (tenant, running) = try await control.tenant(named: name)
    return try .json(TenantView(tenant, running: running))
  }

  func limit(of kind: SharedGate.Kind, _ name: String) async throws -> HTTPResponse {
    let (known, limit, running) = try await control.limit(of: kind, named: name)
    return try .json(LimitView(kind, known, limit, running: running))
  }
}

extension SharingRoutes {
  func queuePolicy() async throws -> HTTPResponse { try .json(QueuePolicyView(try await control.queuePolicy())) }

  func changeQueuePolicy(_ request: HTTPRequest) async throws -> HTTPResponse {
    let patch = try JSONCoding.decode(
      QueuePolicyView.self, from: try await request.body.collect(limit: Self.bodyBytesMax),
      members: QueuePolicyView.members)
    return try .json(QueuePolicyView(try await control.change(QueueOrder(patch))))
  }
}

extension QueueOrder {
  init(_ patch: QueuePolicyView) {
    self.init()
    // More than anything waits; what is refused is told of.
    func duration(_ milliseconds: Int64?) -> Duration? { milliseconds.map { .milliseconds(min($0, 1 << 50)) } }
    keepRoomAfter = duration(patch.keepRoomAfter)
    keepRoomFor = duration(patch.keepRoomFor)
    classPatience = duration(patch.classPatience)
    priorityAgeing = duration(patch.priorityAgeing)
    preemptAfter = duration(patch.preemptAfter)
  }
}

extension QueuePolicyView {
  init(_ policy: QueuePolicy) {
    self.init(
      keepRoomAfter: policy.keepRoomAfter?.milliseconds ?? 0, keepRoomFor: policy.keepRoomFor.milliseconds,
      classPatience: policy.classPatience?.milliseconds ?? 0, priorityAgeing: policy.priorityAgeing?.milliseconds ?? 0,
      preemptAfter: policy.preemptAfter?.milliseconds ?? 0)
  }
}

extension LimitChange {
  /// - Throws: 422 for a rate that is none.
  init(_ patch: LimitPatch) throws(HTTPRefusal) {
    self.init(runningMax: patch.runningMax.map { $0.map { .atMost($0) } ?? .unlimited }, isPaused: patch.isPaused)
    switch patch.rate {
    case nil: break
    case .some(nil): rate = .unlimited
    case .some(let asked?): rate = .atMost(try RateLimit(asked))
    }
  }
}

extension RateLimit {
  fileprivate init(_ asked: RateView) throws(HTTPRefusal) {
    let seconds = min(max(asked.seconds, 0), 1 << 40)
    do { try self.init(asked.count, per: .seconds(seconds), burst: asked.burst) } catch {
      throw .invalidBody("'rate': \(error)")
    }
  }
}

extension RateView {
  init(_ rate: RateLimit) {
    self.init(count: rate.count, seconds: rate.period.milliseconds / 1_000, burst: rate.burst)
  }
}

extension LimitView {
  init(_ kind: SharedGate.Kind, _ name: String, _ limit: RunningLimit, running: Int? = nil) {
    self.init(
      kind: kind.rawValue, name: name, runningMax: limit.runningMax, isPaused: limit.isPaused,
      rate: limit.rate.map(RateView.init), running: running)
  }
}

extension LimitView {
  init(_ tenant: Tenant) {
    let limit = tenant.sharing.limit
    self.init(
      kind: "tenant", name: tenant.name, runningMax: limit.runningMax, isPaused: limit.isPaused,
      rate: limit.rate.map(RateView.init))
  }
}

extension TenantView {
  init(_ tenant: Tenant, running: Int?) {
    self.init(
      id: tenant.id, name: tenant.name, plan: tenant.plan, isOperator: tenant.isOperator,
      priorityClass: tenant.sharing.priorityClass.rawValue, weight: tenant.sharing.weight,
      runningMax: tenant.sharing.limit.runningMax, isPaused: tenant.sharing.limit.isPaused,
      rate: tenant.sharing.limit.rate.map(RateView.init), running: running)
  }
}
