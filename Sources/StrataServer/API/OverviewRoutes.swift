import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue

/// The routes that only read: capabilities, account, books, health.
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
