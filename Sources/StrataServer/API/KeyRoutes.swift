import StrataAPI
import StrataControl
import StrataCore
import StrataLedger

/// `/v1/keys`: a tenant's own API keys, or, for an operator that names one by `?tenant=`, those of another tenant.
struct KeyRoutes {
  /// Bytes of a key's name.
  static let nameBytesMax = 100
  /// Bytes of a request's body.
  static let bodyBytesMax = 4 << 10

  let control: ControlPlane

  /// Oldest first, revoked ones too; no secrets.
  func list(_ request: HTTPRequest, _ caller: Principal) async throws -> HTTPResponse {
    let keys = try await control.keys(of: try await tenant(request, caller))
    return try .json(Page(items: keys.map { KeyView($0, caller) }, nextCursor: nil))
  }

  /// 201 with the secret, which is shown here and never again.
  func create(_ request: HTTPRequest, _ caller: Principal) async throws -> HTTPResponse {
    let tenant = try await tenant(request, caller)
    let body = try await request.body.collect(limit: Self.bodyBytesMax)
    let asked = try JSONCoding.decode(KeyRequest.self, from: body, members: KeyRequest.members)
    let isPlain = asked.name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    guard (1...Self.nameBytesMax).contains(asked.name.utf8.count), isPlain else {
      throw HTTPRefusal(
        .unprocessableContent, "invalid_body",
        "'name' has 1 to \(Self.nameBytesMax) bytes and no control characters")
    }
    let new = try await control.createKey(named: asked.name, tenant: tenant)
    var view = KeyView(new.key, caller)
    view.secret = new.secret
    return try .json(view, status: .created)
  }

  /// The key as it is now: revoked. `?force=true` revokes the tenant's last one too.
  func revoke(_ key: KeyID, _ request: HTTPRequest, _ caller: Principal) async throws -> HTTPResponse {
    let force = request.query["force"] ?? "false"
    guard let evenLast = Bool(force) else {
      throw HTTPRefusal(.badRequest, "invalid_force", "'force' is true or false")
    }
    let tenant = try await tenant(request, caller)
    return try .json(KeyView(try await control.revokeKey(key, tenant: tenant, evenLast: evenLast), caller))
  }

  private func tenant(_ request: HTTPRequest, _ caller: Principal) async throws -> TenantID {
    try await CallerScope(control: control, caller: caller).tenant(request.query)
  }
}

extension KeyView {
  init(_ key: APIKey, _ caller: Principal) {
    self.init(
      id: key.id, name: key.name, prefix: key.prefix, createdAt: key.createdAt.text, revokedAt: key.revokedAt?.text,
      isCurrent: key.id == caller.key)
  }
}
