import StrataAPI
import StrataControl
import StrataCore
import StrataLedger

/// The routes by which operators say who gets how much of the workers, and what may run at once.
struct SharingRoutes {
  let control: ControlPlane
  /// Bytes of a change.
  static let bodyBytesMax = 4 << 10

  func tenants() async throws -> HTTPResponse {
    try .json(try await control.tenants().map(TenantView.init))
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
    let change = SharingChange(priorityClass: priorityClass, weight: patch.weight, limit: LimitChange(patch.limit))
    return try .json(TenantView(try await control.change(change, ofTenantNamed: name)))
  }

  func changeLimit(of kind: SharedGate.Kind, _ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
    let patch = try JSONCoding.decode(
      LimitPatch.self, from: try await request.body.collect(limit: Self.bodyBytesMax), members: LimitPatch.members)
    let (known, limit) = try await control.change(LimitChange(patch), of: kind, named: name)
    return try .json(LimitView(kind, known, limit))
  }
}

extension LimitChange {
  init(_ patch: LimitPatch) {
    self.init(runningMax: patch.runningMax.map { $0.map { .atMost($0) } ?? .unlimited }, isPaused: patch.isPaused)
  }
}

extension LimitView {
  init(_ kind: SharedGate.Kind, _ name: String, _ limit: RunningLimit) {
    self.init(kind: kind.rawValue, name: name, runningMax: limit.runningMax, isPaused: limit.isPaused)
  }
}

extension LimitView {
  init(_ tenant: Tenant) {
    let limit = tenant.sharing.limit
    self.init(kind: "tenant", name: tenant.name, runningMax: limit.runningMax, isPaused: limit.isPaused)
  }
}

extension TenantView {
  init(_ tenant: Tenant) {
    self.init(
      id: tenant.id, name: tenant.name, plan: tenant.plan, isOperator: tenant.isOperator,
      priorityClass: tenant.sharing.priorityClass.rawValue, weight: tenant.sharing.weight,
      runningMax: tenant.sharing.limit.runningMax, isPaused: tenant.sharing.limit.isPaused)
  }
}
