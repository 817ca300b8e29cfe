import Foundation
public import StrataArtifacts
public import StrataControl
public import StrataCore
public import StrataLedger
public import StrataQueue
public import StrataRuntime
public import TestSupport

/// A controller on a database of its own and a queue in memory, with a tenant, and the means to play its workers.
public final class ControlFixture: Sendable {
  public static let price = MicroCredits(micros: 1_000)

  public let ledger: Ledger
  public let database: String
  public let postgreSQL: PostgreSQLFixture
  public let queue: HookedQueue
  public let store: ArtifactStore
  public let control: ControlPlane
  public let metrics = Metrics()
  public let tenant: TenantID
  public let worker = WorkerID()

  /// - Parameters:
  ///   - postgreSQL: a server of one's own, to hurt it.
  ///   - isComplete: whether the queue has a generation, as it has once a controller reconciled it.
  public init(
    postgreSQL: PostgreSQLFixture? = nil, queue: HookedQueue = HookedQueue(), isComplete: Bool = true,
    credits: Int64 = 100, storeLimits: ArtifactStore.Limits = ArtifactStore.Limits(),
    configure: (inout ControlPlane.Configuration) -> Void = { _ in }
  ) async throws {
    self.postgreSQL = try postgreSQL ?? PostgreSQLFixture.shared.get()
    self.queue = queue
    database = try self.postgreSQL.makeDatabase()
    var connection = PostgreSQLConfiguration(connectionString: database)
    connection.connections = 2
    connection.unavailableAfter = .milliseconds(500)
    ledger = try Ledger(connection)
    try await ledger.migrate()
    store = try ArtifactStore(
      root: FileManager.default.temporaryDirectory.path + "/strata-control-\(JobID())",
      limits: storeLimits)
    var configuration = ControlPlane.Configuration(tiers: [Self.tier])
    configure(&configuration)
    control = try ControlPlane(
      ledger: ledger, leadership: Leadership(connection), queue: queue, catalogue: TestCatalogue(), store: store,
      configuration: configuration, metrics: metrics, log: .silent)
    try await control.publish()
    tenant = try await ledger.createTenant(name: "acme", plan: "creator")
    if credits > 0 { _ = try await ledger.grant(MicroCredits(micros: credits * 1_000_000), to: tenant) }
    if isComplete { try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0)) }
  }

  deinit { try? FileManager.default.removeItem(atPath: store.root) }

  public static let tier = TierDefinition(
    rate: TierRate(
      tier: .cpu, cpuHour: MicroEuro(micros: 36_000), memoryGibibyteHour: MicroEuro(micros: 3_600),
      wallHour: MicroEuro(micros: 0)),
    workers: [ResourceRequest(cpuMillicores: 4_000, memoryBytes: 8 << 30)])

  // MARK: Parts

  package func settler() -> Settler { Settler(ledger: ledger, queue: queue, metrics: ControlMetrics(metrics)) }
  package func reconciler(_ settler: Settler) -> Reconciler {
    Reconciler(ledger: ledger, queue: queue, settler: settler, metrics: ControlMetrics(metrics))
  }

  // MARK: Playing the client

  public func submit(key: String? = nil, priority: JobPriority = .standard) async throws -> JobID {
    var draft = JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi"}"#)
    draft.idempotencyKey = key
    draft.priority = priority
    return try await control.submit(draft, tenant: tenant).id
  }

  public func upload(_ text: String, tenant: TenantID? = nil) async throws -> ArtifactReference {
    let stored = try store.put(Array(text.utf8))
    try await control.recordArtifact(stored.digest, sizeBytes: Int64(stored.size), tenant: tenant ?? self.tenant)
    return ArtifactReference(name: "input", digest: stored.digest, sizeBytes: Int64(stored.size))
  }

  public func state(of job: JobID) async throws -> JobState? { try await ledger.states(of: [job])[job] }

  // MARK: Playing the worker

  /// Takes the jobs that come first.
  public func lease(_ count: Int = 1, for duration: Duration = .seconds(3_600)) async throws -> [Lease] {
    try await queue.lease(worker: worker, tiers: [.cpu], count: count, for: duration).leases
  }

  public func complete(_ leases: [Lease], report: [UInt8] = ControlFixture.report()) async throws {
    _ = try await queue.complete(leases.map { AttemptResult(lease: $0.reference, report: report) })
  }

  /// Ends an attempt as failed, to be tried again unless it is said otherwise.
  public func fail(_ lease: Lease, code: String, isRetryable: Bool = true) async throws {
    let error = AttemptError(code: code, message: "it went wrong", isRetryable: isRetryable)
    _ = try await queue.fail([
      AttemptFailure(
        lease: lease.reference, ending: .failed, isRetryable: isRetryable, report: Self.report(error: error))
    ])
  }

  /// What a worker says of 2 s of CPU time.
  public static func report(
    error: AttemptError? = nil, log: ArtifactReference? = nil, results: [ArtifactReference] = []
  ) -> [UInt8] {
    let report = AttemptReport(
      usage: AttemptUsage(cpuMicroseconds: 2_000_000, wallMicroseconds: 3_000_000, memoryPeakBytes: 1 << 20),
      results: results, error: error, log: log)
    return (try? JSONEncoder().encode(report)).map(Array.init) ?? []
  }

  /// Makes the ledger refuse the charge of a job, as if somebody had written it by hand.
  public func spoil(_ job: JobID) throws {
    let uuid = job.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    try postgreSQL.sql(
      """
      INSERT INTO transfer (id, debited, credited, amount, kind)
      SELECT job.id, tenant, account.id, 1, 'charge' FROM job, account
      WHERE job.id = '\(uuid)' AND account.name = 'revenue'
      """, database: database)
  }
}

/// `test.echo`, sold as `echo-deluxe` too; `test.files`, which takes inputs; `test.counted`, paid for by their bytes; `test.stubborn`, which is tried often; and `command.run`, as documents name it.
public struct TestCatalogue: CapabilityCatalogue {
  public let capabilities = [
    Capability(
      name: "test.echo", version: 1, summary: "Says it again", tier: .cpu, price: Price(perJob: ControlFixture.price),
      timeoutSeconds: 60, attemptsMax: 3, resources: ResourceRequest(),
      parameters: [ParameterDefinition(name: "text", kind: .string, summary: "What to say")], inputs: 0...0,
      soldAs: [Capability.Listing(name: "echo-deluxe", price: Price(perJob: MicroCredits(micros: 5_000_000)))]),
    Capability(
      name: "test.files", version: 1, summary: "Takes files", tier: .cpu, price: Price(perJob: ControlFixture.price),
      timeoutSeconds: 60, attemptsMax: 3, resources: ResourceRequest(), parameters: [], inputs: 0...1_000),
    Capability(
      name: "test.stubborn", version: 1, summary: "Does not give up", tier: .cpu,
      price: Price(perJob: ControlFixture.price), timeoutSeconds: 60, attemptsMax: 9, resources: ResourceRequest(),
      parameters: [], inputs: 0...0,
      retry: (try? RetryPolicy(firstDelay: .seconds(5), delayMax: .seconds(60), permanentCodes: ["timeout"]))
        ?? .standard
    ),
    Capability(
      name: "test.counted", version: 1, summary: "Counts bytes", tier: .cpu,
      price: Price(perJob: ControlFixture.price, perMillionUnits: MicroCredits(micros: 2_000_000)), timeoutSeconds: 60,
      attemptsMax: 3, resources: ResourceRequest(),
      parameters: [ParameterDefinition(name: "part", kind: .string, summary: "Of each task")], inputs: 0...1_000,
      meter: Capability.Meter(unit: "bytes", assumedMax: 5_000_000)),
    Capability(
      name: "command.run", version: 1, summary: "Runs a command", tier: .cpu,
      price: Price(perJob: ControlFixture.price),
      timeoutSeconds: 60, attemptsMax: 3, resources: ResourceRequest(),
      parameters: [ParameterDefinition(name: "command", kind: .strings, summary: "What to run")], inputs: 0...1_000),
  ]

  public init() {}

  public func resolve(_ name: String) throws(StrataError) -> (capability: Capability, price: Price) {
    for capability in capabilities {
      if capability.name == name { return (capability, capability.price) }
      if let listing = capability.soldAs.first(where: { $0.name == name }) { return (capability, listing.price) }
    }
    throw StrataError(.notFound, "there is no capability '\(name)'")
  }

  public func check(_ parametersJSON: String, inputs: Int, of name: String) throws(StrataError) -> String {
    let (capability, _) = try resolve(name)
    let given = try? JSONDecoder().decode([String: JSONValue].self, from: Data(parametersJSON.utf8))
    guard let given, Set(given.keys).isSubset(of: capability.parameters.map(\.name)), capability.inputs.contains(inputs)
    else { throw StrataError(.invalidInput, "'\(capability.name)' has no such parameter, or other inputs") }
    return parametersJSON
  }

  /// Every byte of an input counts, but of those called a note.
  public func unitsMax(of order: WorkOrder, paths: [String], awaited: [String]) -> Int64? {
    guard order.capability == "test.counted", awaited.allSatisfy({ $0 == "note" }),
      !order.parametersJSON.contains("{task}")
    else { return nil }
    let sizes = paths.map { path in
      try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
    }
    guard !sizes.contains(nil) else { return nil }
    return sizes.reduce(0) { $0 + ($1 ?? 0) }
  }
}

extension ControlPlane {
  /// Serves and leads until the task is cancelled.
  public func run(queueSessions: AsyncStream<RedisConnection.Session>) async {
    async let leading: Void = lead()
    await serve(queueSessions: queueSessions)
    await leading
  }
}

/// Waits for a condition that others bring about, looking again whenever they had a turn; fails loudly when it does not
/// come.
public func eventually(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < deadline else {
      throw StrataError(.timeout, "not within \(limit): \(what)")
    }
    await Task.yield()
  }
}
