import StrataCore
import StrataLedger
import StrataRuntime
import TestSupport

/// A ledger on a database of its own, with a price list and helpers to fill it.
struct LedgerBench: Sendable {
  static let flat = "test.flat"
  static let metered = "test.metered"

  let ledger: Ledger
  let database: String
  let fixture: PostgreSQLFixture
  let roundTrips = Counter()

  init(fixture: PostgreSQLFixture? = nil, limits: LedgerLimits = LedgerLimits()) async throws {
    self.fixture = try fixture ?? PostgreSQLFixture.shared.get()
    database = try self.fixture.makeDatabase()
    ledger = try Ledger(Self.configuration(database), limits: limits, roundTrips: roundTrips)
    try await ledger.migrate()
    _ = try await ledger.publish(prices: Self.prices)
    try await ledger.note([], rates: [Self.rate])
  }

  static let prices = [
    Capability.Listing(name: flat, price: Price(perJob: MicroCredits(micros: 1_000_000))),
    Capability.Listing(
      name: metered,
      price: Price(
        perJob: MicroCredits(micros: 100), perCPUSecond: MicroCredits(micros: 1_000),
        perMillionUnits: MicroCredits(micros: 7_000))),
  ]

  static let rate = TierRate(
    tier: .cpu, cpuHour: MicroEuro(micros: 36_000), memoryGibibyteHour: MicroEuro(micros: 3_600),
    wallHour: MicroEuro(micros: 0))

  static func configuration(_ database: String) -> PostgreSQLConfiguration {
    var configuration = PostgreSQLConfiguration(connectionString: database)
    configuration.connections = 2
    return configuration
  }

  /// Another controller on the same database.
  func another() throws -> Ledger { try Ledger(Self.configuration(database), limits: ledger.limits) }

  func tenant(_ name: String = "acme", credits: Int64 = 100) async throws -> TenantID {
    let tenant = try await ledger.createTenant(name: name, plan: "creator")
    if credits > 0 { _ = try await ledger.grant(MicroCredits(micros: credits * 1_000_000), to: tenant) }
    return tenant
  }

  func sql(_ text: String) throws -> String { try fixture.sql(text, database: database) }
}

/// Requests and outcomes with the usual values filled in.
enum Sample {
  static func submission(
    _ tenant: TenantID, job: JobID = JobID(), soldAs: String = LedgerBench.flat, key: String? = nil,
    fingerprint: [UInt8] = [1], creditsMax: MicroCredits? = nil, parameters: String = "{}", timeoutSeconds: Int64 = 60,
    after: [JobID] = [], _ policy: DependencyPolicy = .fail, batch: BatchID? = nil, unique: UniqueKey? = nil,
    retryOf: JobID? = nil, createdAt: Timestamp = .now
  ) -> JobSubmission {
    JobSubmission(
      order: WorkOrder(
        job: job, tenant: tenant, capability: "test", version: 1, parametersJSON: parameters, inputs: [],
        timeoutSeconds: timeoutSeconds, resources: ResourceRequest()),
      soldAs: soldAs, tier: .cpu, attemptsMax: 3, idempotencyKey: key, fingerprint: fingerprint,
      creditsMax: creditsMax, createdAt: createdAt,
      structure: JobStructure(
        after: after, dependencyPolicy: policy, batch: batch, unique: unique, retryOf: retryOf))
  }

  static func outcome(
    _ job: JobID, token: UInt64 = 1, _ ending: AttemptEnding = .succeeded, isFinal: Bool = true,
    cpuMicroseconds: Int64 = 2_000_000, units: Int64 = 0, summary: String? = nil, results: [ArtifactReference] = []
  ) -> SettlementItem {
    let end = Timestamp.now
    return SettlementItem(
      job: job, token: FencingToken(rawValue: token), worker: token > 0 ? WorkerID() : nil,
      tier: token > 0 ? .cpu : nil, ending: ending, isFinal: isFinal, startedAt: end + .seconds(-3), endedAt: end,
      report: token == 0 || ending == .expired
        ? nil
        : AttemptReport(
          usage: AttemptUsage(
            cpuMicroseconds: cpuMicroseconds, wallMicroseconds: 3_000_000, memoryPeakBytes: 1 << 30,
            units: units),
          results: results, summaryJSON: summary,
          error: ending == .failed ? AttemptError(code: "crashed", message: "it fell", isRetryable: true) : nil))
  }
}

extension AdmissionVerdict {
  var acceptedJob: AcceptedJob? {
    if case .accepted(let job) = self { job } else { nil }
  }
  var existingJob: AcceptedJob? {
    if case .existing(let job) = self { job } else { nil }
  }
  var refusal: AdmissionRefusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }
}

extension SettlementVerdict {
  var finishedJob: FinishedJob? {
    if case .settled(let job) = self { job } else { nil }
  }
}

extension Ledger {
  /// Settles where nobody waits for the jobs.
  func settled(_ outcomes: [SettlementItem]) async throws(LedgerError) -> [SettlementVerdict] {
    try await settle(outcomes).verdicts
  }
}
