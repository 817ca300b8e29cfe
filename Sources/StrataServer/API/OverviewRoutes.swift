import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue

/// The routes that only read: capabilities, account, queue, books, health.
struct OverviewRoutes {
  let control: ControlPlane

  func capabilities() throws -> HTTPResponse {
    let views = control.catalogue.capabilities.flatMap { capability in
      [CapabilityView(capability, soldAs: capability.name, at: capability.price)]
        + capability.soldAs.map { CapabilityView(capability, soldAs: $0.name, at: $0.price) }
    }
    return try .json(views.sorted { $0.name < $1.name })
  }

  func account(_ tenant: TenantID) async throws -> HTTPResponse {
    let (stored, balance) = try await control.account(tenant)
    return try .json(
      AccountView(
        tenant: tenant, name: stored.name, plan: stored.plan, limitMicrocredits: balance.limit.micros,
        postedMicrocredits: balance.posted.micros, heldMicrocredits: balance.held.micros))
  }

  func queue() async throws -> HTTPResponse {
    let census = try await control.census()
    let gates = try await control.gates().map { LimitView($0.kind, $0.name, $0.limit) }
    let limits = try await (gates + control.tenants().map(LimitView.init)).filter {
      $0.runningMax != nil || $0.isPaused
    }
    let tiers = census.tiers.sorted { $0.key.rawValue < $1.key.rawValue }
    return try .json(
      QueueView(
        admission: control.admissionState.map(QueueView.Admission.init),
        tiers: tiers.map { .init(name: $0.key, ready: $0.value.ready, leased: $0.value.leased) },
        lanes: census.lanes.sorted { $0.key.place < $1.key.place }.map { QueueView.Lane($0.key, $0.value) },
        scheduled: census.delayed, limits: limits,
        workers: census.workers.sorted { $0.id < $1.id }.map {
          .init(id: $0.id, leases: $0.leases, leaseUntil: $0.deadline.text)
        }, outcomesPending: census.outcomesPending, unreadableEntries: census.unreadable))
  }

  func verification() async throws -> HTTPResponse {
    let report = try await control.verifyLedger()
    return try .json(
      LedgerView(
        debitMicrocredits: report.debits, creditMicrocredits: report.credits, entries: report.entries,
        jobs: report.jobs, openHolds: report.openHolds,
        violations: report.violations.map {
          "\($0.rule) of \($0.subject): expected \($0.expected), found \($0.found)"
        }))
  }

  /// 200 while jobs are being consumed, with what should be looked at all the same; 503 with the reasons when they are not.
  func ready() async throws -> HTTPResponse {
    let obstacles = await control.obstacles()
    guard !obstacles.isEmpty else {
      return .text("ready\n" + (await control.warnings()).map { "warning: \($0)\n" }.joined())
    }
    throw HTTPRefusal(.serviceUnavailable, "not_ready", obstacles.joined(separator: "; "))
  }
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
