import StrataControl
import StrataCore
import StrataLedger

/// Whose things a request is about: the caller's own, unless an operator says otherwise.
struct CallerScope {
  let control: ControlPlane
  let caller: Principal

  /// The one that an operator names by `?tenant=`, or the caller's.
  ///
  /// - Throws: 403 where somebody else names one; `notFound` where there is none of the name.
  func tenant(_ query: HTTPQuery) async throws -> TenantID {
    guard let name = query["tenant"] else { return caller.tenant }
    guard caller.isOperator else {
      throw HTTPRefusal(.forbidden, "forbidden", "'tenant' is for operators: without it what is your own is meant")
    }
    return try await control.tenant(named: name)
  }

  /// The same, but nil for `?tenant=*`: all of them.
  func tenants(_ query: HTTPQuery) async throws -> TenantID? {
    guard query["tenant"] == "*", caller.isOperator else { return try await tenant(query) }
    return nil
  }

  /// The Idempotency-Key of a request about another tenant's things is none of that tenant's: no client can send the
  /// control character that is in it.
  func key(_ request: HTTPRequest, for tenant: TenantID) throws(HTTPRefusal) -> String? {
    let key = try request.idempotencyKey()
    return tenant == caller.tenant ? key : key.map { "\(caller.tenant)\u{1F}\($0)" }
  }

  /// Whose things a route is about: those of the tenant that an operator names, where the route takes a name; of a job or
  /// an array that an operator asks for, its owner's, whoever that is. What is nobody's is looked for among the caller's
  /// own.
  ///
  /// - Complexity: for operators a query.
  func tenant(of route: Route, _ query: HTTPQuery) async throws -> TenantID {
    switch route {
    case .listSchedules, .arrays(.list), .account, .retryJobs, .cancelJobs: return try await tenant(query)
    default: break
    }
    guard caller.isOperator else { return caller.tenant }
    let owner: TenantID?
    switch route {
    case .job(let id), .changeJob(let id), .cancelJob(let id), .jobEvents(let id), .jobLog(let id), .explainJob(let id),
      .retryJob(let id):
      owner = try await control.owner(of: id)
    case .arrays(let route):
      guard let id = route.array else { return caller.tenant }
      owner = try await control.owner(of: id)
    default: owner = nil
    }
    return owner ?? caller.tenant
  }
}
