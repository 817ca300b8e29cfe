import StrataCore

extension SettlementTransaction {
  /// Finishes jobs, and with that closes their holds.
  static func endings(_ closings: [SettlementDecision.Closing]) -> [PostgreSQLCommand] {
    guard !closings.isEmpty else { return [] }
    let charged = closings.filter { $0.finished.charged > .zero }
    var commands = [finishing(closings)]
    if let ownership = ownership(closings) { commands.append(ownership) }
    if !charged.isEmpty { commands.append(charges(charged)) }
    return commands + movements(closings)
  }

  static func usage(_ rows: [SettlementDecision.UsageRow]) -> PostgreSQLCommand {
    let items = rows.map(\.item)
    return Query.insertUsage(
      .identifiers(items.map(\.job)), .integers(items.map { Int64(bitPattern: $0.token.rawValue) }),
      .identifiers(rows.map(\.tenant)), .identifiers(items.map(\.worker)), .texts(items.map(\.ending.rawValue)),
      .texts(rows.map(\.tier.rawValue)), .integers(rows.map(\.usage.cpuMicroseconds)),
      .integers(rows.map(\.usage.wallMicroseconds)), .integers(rows.map(\.usage.memoryPeakBytes)),
      .integers(rows.map(\.cost.micros)), .timestamps(items.map(\.startedAt)), .timestamps(items.map(\.endedAt)),
      .documents(rows.map { $0.error.map { JSONText.encode($0) } }),
      .integers(items.map { $0.preemptor.map { Int64($0.rawValue) } }), .integers(rows.map(\.usage.units)))
  }

  private static func finishing(_ closings: [SettlementDecision.Closing]) -> PostgreSQLCommand {
    let finished = closings.map(\.finished)
    return Query.finishJobs(
      .identifiers(finished.map(\.job)), .texts(finished.map(\.state.rawValue)),
      .timestamps(finished.map(\.finishedAt)), .documents(finished.map { $0.error.map { JSONText.encode($0) } }),
      .documents(closings.map { JSONText.encode($0.report?.results ?? []) }),
      .documents(closings.map(\.report?.summaryJSON)),
      .documents(closings.map { $0.report?.log.map { JSONText.encode($0) } }),
      .integers(finished.map(\.charged.micros)), .integers(finished.map(\.cost.micros)))
  }

  private static func charges(_ charged: [SettlementDecision.Closing]) -> PostgreSQLCommand {
    Query.postTransfers(
      .identifiers(charged.map(\.finished.job)), .identifiers(charged.map(\.finished.tenant)),
      .identifiers(charged.map { _ in HouseAccount.revenue }), .integers(charged.map(\.finished.charged.micros)),
      .text(EntryKind.charge.rawValue))
  }

  private static func movements(_ closings: [SettlementDecision.Closing]) -> [PostgreSQLCommand] {
    var posted: [TenantID: Int64] = [:]
    var released: [TenantID: Int64] = [:]
    for closing in closings {
      posted[closing.finished.tenant, default: 0] += closing.finished.charged.micros
      released[closing.finished.tenant, default: 0] -= closing.hold.micros
    }
    let tenants = Array(posted.keys)
    let total = posted.values.reduce(0, +)
    let toTenants = Query.moveAccounts(
      .identifiers(tenants), .integers(tenants.map { posted[$0] }), .integers(tenants.map { released[$0] }),
      .integers(tenants.map { _ in 0 }))
    guard total > 0 else { return [toTenants] }
    let toHouse = Query.moveAccounts(
      .identifiers([HouseAccount.revenue]), .integers([-total]), .integers([0]), .integers([0]))
    return [toTenants, toHouse]
  }
}
