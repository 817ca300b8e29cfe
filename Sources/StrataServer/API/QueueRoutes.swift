import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue

/// What waits and runs, and for whom: `GET /v1/queue`.
struct QueueRoutes {
  let control: ControlPlane
  /// Tenants of a pool that are shown: unless something else is said, and at most.
  static let (tenantsDefault, tenantsMax) = (20, 1_000)

  /// All of it for an operator; of another tenant what is its own.
  func queue(_ request: HTTPRequest, _ caller: Principal) async throws -> HTTPResponse {
    let limit = request.query["tenants"].map { Int($0) ?? -1 } ?? Self.tenantsDefault
    guard (0...Self.tenantsMax).contains(limit) else {
      throw HTTPRefusal(.badRequest, "invalid_limit", "'tenants' goes from 0 to \(Self.tenantsMax)")
    }
    return try await .json(caller.isOperator ? whole(limit) : own(caller.tenant, limit))
  }

  /// By where they are.
  func workers() async throws -> HTTPResponse {
    let workers = try await control.workers().map(WorkerView.init)
    return try .json(Page(items: workers.sorted { ($0.place ?? "", $0.id) < ($1.place ?? "", $1.id) }, nextCursor: nil))
  }

  private func whole(_ limit: Int) async throws -> QueueView {
    let census = try await control.census()
    let gates = try await control.gates().map { LimitView($0.kind, $0.name, $0.limit) }
    let limits = try await (gates + control.tenants().map(LimitView.init)).filter(\.isSet)
    let tiers = census.tiers.sorted { $0.key.rawValue < $1.key.rawValue }
    return QueueView(
      admission: control.admissionState.map(QueueView.Admission.init),
      tiers: tiers.map { .init(name: $0.key, ready: $0.value.ready, leased: $0.value.leased) },
      lanes: census.lanes.sorted { $0.key.place < $1.key.place }.map { QueueView.Lane($0.key, $0.value) },
      pools: try await pools(of: nil, limit), scheduled: census.delayed, limits: limits,
      workers: try await control.workers().sorted { $0.id < $1.id }.map {
        .init(
          id: $0.id, leases: $0.running.count, leaseUntil: $0.deadline.text,
          place: $0.place.map(WorkerPlace.init)?.address, tiers: $0.capacity?.tiers)
      }, outcomesPending: census.outcomesPending, unreadableEntries: census.unreadable)
  }

  private func own(_ tenant: TenantID, _ limit: Int) async throws -> QueueView {
    let pools = try await pools(of: tenant, limit)
    let tiers = Dictionary(grouping: pools, by: \.tier).sorted { $0.key.rawValue < $1.key.rawValue }
    let known = try await control.account(tenant).tenant
    return QueueView(
      tiers: tiers.map { tier, pools in
        .init(
          name: tier, ready: pools.reduce(0) { $0 + $1.waiting }, leased: pools.reduce(0) { $0 + $1.running })
      }, lanes: [], pools: pools, scheduled: nil, limits: [LimitView(known)].filter(\.isSet), workers: [],
      outcomesPending: nil, unreadableEntries: nil)
  }

  private func pools(of tenant: TenantID?, _ limit: Int) async throws -> [PoolView] {
    try await control.queueReport(of: tenant, tenants: limit).pools.map(PoolView.init)
  }
}

extension WorkerView {
  init(_ worker: WorkerLoad) {
    let (place, capacity) = (worker.place.map(WorkerPlace.init), worker.capacity)
    let taken = worker.running.map(\.lane.resources)
    self.init(
      id: worker.id, name: place?.name, place: place?.address, tiers: capacity?.tiers, slots: place?.slots,
      slotsLeft: capacity?.slotsLeft, room: capacity?.wholeRoom,
      free: capacity.map { taken.reduce($0.wholeRoom) { $0.leaving($1) } },
      keepsRoomForClass: capacity?.keepsFor?.rawValue, isDedicated: capacity?.isDedicated ?? false,
      isDraining: capacity?.isDraining ?? false, leaseUntil: worker.deadline.text,
      running: worker.running.map {
        Running(
          job: $0.lease.job, tier: $0.lane.tier, capability: $0.lane.capability, resources: $0.lane.resources,
          startedAt: $0.startedAt.text, isEnding: $0.isEnding)
      })
  }
}

extension ResourceRequest {
  /// What is left of it beside another one, and never less than nothing.
  fileprivate func leaving(_ other: ResourceRequest) -> ResourceRequest {
    ResourceRequest(
      cpuMillicores: max(0, cpuMillicores - other.cpuMillicores), memoryBytes: max(0, memoryBytes - other.memoryBytes),
      gpuThousandths: max(0, gpuThousandths - other.gpuThousandths))
  }
}

extension PoolView {
  init(_ pool: QueueReport.Pool) {
    self.init(
      tier: pool.pool.tier, priorityClass: pool.pool.priorityClass.rawValue, waiting: pool.waiting,
      running: pool.running, scheduled: pool.delayed, tenantCount: pool.tenantCount,
      tenants: pool.tenants.map(Tenant.init))
  }
}

extension PoolView.Tenant {
  init(_ line: QueueReport.TenantLine) {
    self.init(
      id: line.tenant, name: line.name, waiting: line.waiting, running: line.running, weight: line.weight,
      waitingSince: line.waitingSince?.text, shareReceived: line.received.map(Self.rounded),
      shareDue: line.due.map(Self.rounded), runningMax: line.limit.runningMax, isPaused: line.limit.isPaused,
      isAtLimit: line.isStopped && !line.limit.isPaused)
  }

  /// To four places: a hundredth of a per cent.
  private static func rounded(_ share: Double) -> Double { (share * 10_000).rounded() / 10_000 }
}

extension LimitView {
  fileprivate var isSet: Bool { runningMax != nil || isPaused || rate != nil }
}

extension QueueView.Admission {
  init(_ state: AdmissionState) {
    self.init(
      isOpen: state.reason == nil, reason: state.reason, jobs: state.load.jobs, jobsMax: state.bounds.jobsMax,
      memoryUsedBytes: state.load.memoryUsedBytes, memoryMaxBytes: state.memoryMaxBytes,
      fullAtPercent: Int((state.bounds.memoryFullAt * 100).rounded()),
      openAtPercent: Int((state.bounds.memoryOpenAt * 100).rounded()))
  }
}

extension QueueView.Lane {
  init(_ lane: Lane, _ count: QueueCensus.Count) {
    self.init(
      tier: lane.tier, priorityClass: lane.priorityClass.rawValue, capability: lane.capability,
      resources: lane.resources, ready: count.ready, leased: count.leased)
  }
}

extension Lane {
  /// By tier, higher classes first, then by capability and size.
  fileprivate var place: (String, Int, String, Int64, Int64) {
    (tier.rawValue, -priorityClass.rawValue, capability, resources.weightMillicores, resources.memoryBytes)
  }
}
