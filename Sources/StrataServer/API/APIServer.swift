public import StrataArtifacts
public import StrataControl
import StrataCore
import StrataLedger
public import StrataRuntime

/// The HTTP API: finds the route, tells the tenant, and answers.
public struct APIServer: Sendable {
  private let control: ControlPlane
  private let metrics: Metrics
  private let requests: RequestCounters
  private let log: Log
  private let arrays: ArrayRoutes
  private let artifacts: ArtifactRoutes
  private let jobs: JobRoutes
  private let batches: BatchRoutes
  private let events: EventRoutes
  private let keys: KeyRoutes
  private let overview: OverviewRoutes
  private let queue: QueueRoutes
  private let tiers: TierRoutes
  private let schedules: ScheduleRoutes
  private let sharing: SharingRoutes

  /// - Parameter heartbeat: how often a silent event stream says that it is alive.
  public init(
    control: ControlPlane, store: ArtifactStore, metrics: Metrics, log: Log, heartbeat: Duration = .seconds(15)
  ) {
    self.control = control
    self.metrics = metrics
    requests = RequestCounters(metrics)
    self.log = log
    arrays = ArrayRoutes(control: control, heartbeat: heartbeat)
    artifacts = ArtifactRoutes(control: control, store: store)
    jobs = JobRoutes(control: control, store: store)
    batches = BatchRoutes(control: control)
    events = EventRoutes(control: control, heartbeat: heartbeat)
    keys = KeyRoutes(control: control)
    overview = OverviewRoutes(control: control)
    queue = QueueRoutes(control: control)
    tiers = TierRoutes(control: control)
    schedules = ScheduleRoutes(control: control)
    sharing = SharingRoutes(control: control)
  }

  /// Never throws: whatever goes wrong is a problem document.
  public func handle(_ request: HTTPRequest) async -> HTTPResponse {
    let response = await respond(to: request)
    requests.count(response.status)
    return response
  }

  private func respond(to request: HTTPRequest) async -> HTTPResponse {
    do {
      try RepeatedHeader.check(request.headers)
      let route = try Route(request.method, request.path.segments)
      if route.isOpen {
        try route.check(request.query)
        return try await open(route)
      }
      let caller = try await caller(of: request)
      if route.isForOperators && !caller.isOperator {
        throw HTTPRefusal(
          .forbidden, "forbidden",
          "this is for operators: it shows or changes what all tenants have in common; use an operator's key")
      }
      try route.check(request.query)
      return try await answer(route, request, caller)
    } catch {
      var response = HTTPResponse.problem(for: error)
      // RFC 9110, section 11.6.1: a 401 says how to do better.
      if response.status == .unauthorized { response.headers.append("www-authenticate", "Bearer") }
      // That there is no room for the moment is told once by whoever noticed, not for each who comes in vain.
      if response.status.rawValue >= 500, response.headers["retry-after"] == nil {
        log.error("request failed", ["path": "\(request.path)", "error": String(reflecting: error)])
      }
      return response
    }
  }

  private func caller(of request: HTTPRequest) async throws -> Principal {
    guard let secret = request.bearerKey else {
      throw HTTPRefusal(.unauthorized, "unauthorized", "send an API key: Authorization: Bearer sk_…")
    }
    guard let caller = try await control.authenticate(secret) else {
      throw HTTPRefusal(.unauthorized, "unauthorized", "this API key is unknown or revoked")
    }
    return caller
  }

  private func open(_ route: Route) async throws -> HTTPResponse {
    switch route {
    case .ready: return try await overview.ready()
    case .metrics:
      await control.measure()
      return .text(metrics.render())
    default: return .text("alive\n")
    }
  }

  private func answer(_ route: Route, _ request: HTTPRequest, _ caller: Principal) async throws -> HTTPResponse {
    let scope = CallerScope(control: control, caller: caller)
    let tenant = try await scope.tenant(of: route, request.query)
    return switch route {
    case .submitJob: try await jobs.submit(request, tenant: tenant)
    case .checkJob: try await jobs.check(request, tenant: tenant)
    case .listJobs: try await jobs.list(request, caller)
    case .job(let id): try await jobs.get(id, tenant: tenant)
    case .cancelJob(let id): try await jobs.cancel(id, tenant: tenant)
    case .jobLog(let id): try await jobs.log(id, request, tenant: tenant)
    case .jobEvents(let id): try await events.follow(id, request, tenant: tenant)
    case .changeJob(let id): try await jobs.change(id, request, tenant: tenant)
    case .explainJob(let id): try await jobs.explain(id, tenant: tenant)
    case .retryJob(let id): try await batches.retry(id, request, tenant: tenant, key: scope.key(request, for: tenant))
    case .retryJobs: try await batches.retryAll(request, tenant: tenant)
    case .cancelJobs: try await batches.cancelAll(request, tenant: tenant)
    case .submitBatch: try await batches.submit(request, tenant: tenant)
    case .listBatches: try await batches.list(request, tenant: tenant)
    case .batch(let id): try await batches.get(id, tenant: tenant)
    case .batchEvents(let id): try await events.follow(id, request, tenant: tenant)
    case .arrays(let route):
      try await arrays.answer(route, request, tenant: tenant, key: scope.key(request, for: tenant))
    case .putArtifact: try await artifacts.put(request, tenant: tenant)
    case .artifact(let digest): try await artifacts.get(digest, request, tenant: caller.isOperator ? nil : tenant)
    case .listKeys: try await keys.list(request, caller)
    case .createKey: try await keys.create(request, caller)
    case .revokeKey(let id): try await keys.revoke(id, request, caller)
    case .createSchedule: try await schedules.create(request, tenant: tenant)
    case .checkSchedule: try await schedules.check(request, tenant: tenant)
    case .listSchedules: try await schedules.list(request, tenant: tenant)
    case .schedule(let name): try await schedules.get(name, tenant: tenant)
    case .changeSchedule(let name): try await schedules.change(name, request, tenant: tenant)
    case .deleteSchedule(let name): try await schedules.delete(name, tenant: tenant)
    case .runSchedule(let name): try await schedules.run(name, request, tenant: tenant)
    case .scheduleTimes(let name): try await schedules.times(name, request, tenant: tenant)
    case .capabilities: try overview.capabilities()
    case .account: try await overview.account(tenant)
    case .queue: try await queue.queue(request, caller)
    case .workers: try await queue.workers()
    case .tiers: try await tiers.list()
    case .changeTier(let name): try await tiers.change(name, request)
    case .removeTier(let name): try await tiers.remove(name)
    case .ledgerVerification: try await overview.verification()
    case .queuePolicy: try await sharing.queuePolicy()
    case .changeQueuePolicy: try await sharing.changeQueuePolicy(request)
    case .tenants: try await sharing.tenants()
    case .createTenant: try await sharing.createTenant(request)
    case .tenant(let name): try await sharing.tenant(name)
    case .tierLimit(let name): try await sharing.limit(of: .tier, name)
    case .capabilityLimit(let name): try await sharing.limit(of: .capability, name)
    case .changeTenant(let name): try await sharing.changeTenant(name, request)
    case .changeTierLimit(let name): try await sharing.changeLimit(of: .tier, name, request)
    case .changeCapability(let name): try await sharing.changeLimit(of: .capability, name, request)
    case .alive, .ready, .metrics: try await open(route)
    }
  }
}

extension HTTPRequest {
  /// The secret of `Authorization: Bearer`.
  var bearerKey: String? {
    let words = (self.headers["authorization"] ?? "").split(separator: " ", maxSplits: 1)
    return words.count == 2 && words[0].lowercased() == "bearer" ? String(words[1]) : nil
  }
}

/// Counts answers by the first digit of their status.
private struct RequestCounters {
  private let byClass: [Counter]

  init(_ metrics: Metrics) {
    byClass = (1...5).map {
      metrics.counter(
        "strata_http_requests_total", help: "Requests answered by the API, by class of status.",
        labels: ["class": "\($0)xx"])
    }
  }

  func count(_ status: HTTPStatus) { byClass[min(max(status.rawValue / 100, 1), 5) - 1].increment() }
}
