import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import StrataServer
import StrataStack

extension Command {
  /// The controller of a stack, as `up` starts it.
  static let controller = Command(
    name: "controller", summary: "Be the controller: HTTP API, admission, settlement, recovery",
    details: "Reads STRATA_REDIS_URL and STRATA_POSTGRES_URL. 'strata up' starts it.",
    options: [
      .dataDirectory, .option("http", "ADDR:PORT", "where the HTTP API listens"),
      .option("slots", "N", "slots of the local workers"), WorkerTiers.option("a tier of the local workers"),
      .flag("no-workers", "there are no local workers: nothing is offered for them"),
    ] + WorkerRoom.options + QueueBounds.options, isHidden: true,
    run: { arguments in
      let slots = try arguments.integer("slots", in: 1...1_024) ?? Machine.cores
      return try await Controller(
        directory: DataFolder.existing(arguments), http: arguments["http"] ?? "127.0.0.1:8420",
        tiers: WorkerTiers.read(arguments),
        room: arguments.has("no-workers") ? nil : WorkerRoom.read(arguments, slots: slots),
        bounds: QueueBounds(arguments)
      ).run()
    })
}

/// Puts the controller together and runs it until it is told to stop.
struct Controller {
  /// What the requests at hand get to finish, after a signal.
  static let shutdownBudget = Duration.seconds(10)
  /// What the first tenant may spend: enough to try everything.
  static let firstGrant = MicroCredits(micros: 1_000_000_000)

  let directory: DataDirectory
  let http: String
  let tiers: [TierName]
  /// Of a local worker: jobs may ask for as much before it has asked for any. Nil where there are none.
  let room: ResourceRequest?
  let bounds: QueueBounds
  private let log = Log.standardError().component("controller")

  init(directory: DataDirectory, http: String, tiers: [TierName], room: ResourceRequest?, bounds: QueueBounds) {
    self.directory = directory
    self.http = http
    self.tiers = tiers
    self.room = room
    self.bounds = bounds
  }

  func run() async throws -> ExitStatus {
    Signals.ignoreBrokenPipes()
    let requests = try Signals.terminationRequests()
    let loop = try EventLoop(label: "controller")
    let database = PostgreSQLConfiguration(connectionString: try Setting.value("STRATA_POSTGRES_URL"))
    let ledger = try Ledger(database)
    do throws(LedgerError) { try await ledger.migrate() } catch { throw error.unusable }
    let queue = try await QueueConnection.open(of: directory, on: loop)
    let (store, metrics) = (try ArtifactStore(root: directory.artifacts), Metrics())
    try await checkHome(of: store, ledger)
    var configuration = ControlPlane.Configuration(
      tiers: tiers.map { TierDefinition(rate: .standard($0), workers: room.map { [$0] } ?? []) })
    configuration.admission = bounds.admission(isQueueLocal: try QueueConnection.endpoint(of: directory).isLocal)
    let control = try ControlPlane(
      ledger: ledger, leadership: Leadership(database), queue: queue, catalogue: try RegistryCatalogue(),
      store: store, configuration: configuration, metrics: metrics, log: log)
    try await control.publish()
    try await makeFirstTenant(ledger)
    let sessions = await queue.sessions()
    let services = Task { await control.run(queueSessions: sessions) }
    let api = APIServer(control: control, store: store, metrics: metrics, log: log.component("api"))
    let server = HTTPServer(loop: loop, log: { [log] in log.warning($0) }) { await api.handle($0) }
    let attempts = try await APIListeners(server: server, endpoint: Endpoint(directory: directory), log: log)
      .open(try ListenAddress.loopback(http))
    for await _ in requests { break }
    log.info("stopping")
    attempts?.cancel()
    await server.shutdown(budget: Self.shutdownBudget)
    services.cancel()
    await ledger.close()
    return .done
  }

  /// A database that has no store yet has this one from now on.
  private func checkHome(of store: ArtifactStore, _ ledger: Ledger) async throws(StrataError) {
    let identity = try store.identity()
    let home: String
    do throws(LedgerError) { home = try await ledger.claimArtifactStore(identity) } catch { throw error.unusable }
    try ArtifactHome.check(home, in: store.root)
  }

  /// The tenant of a fresh database, with credits and a key in the data folder. A key file that got lost is replaced.
  private func makeFirstTenant(_ ledger: Ledger) async throws {
    let file = APIKeyFile(directory: directory)
    if let key = file.key, try await ledger.authenticate(key) != nil { return }
    let known = try await ledger.tenant(named: "default")
    let tenant: TenantID
    if let known {
      tenant = known.id
    } else {
      tenant = try await ledger.createTenant(name: "default", plan: "local", isOperator: true, credits: Self.firstGrant)
      log.info("first tenant made", ["tenant": "\(tenant)", "credits": "\(Self.firstGrant)"])
    }
    try file.write(try await ledger.createKey(tenant: tenant, name: "api-key file").secret)
  }
}

/// What `up` tells its processes by the environment.
enum Setting {
  static func value(_ name: String) throws(StrataError) -> String {
    guard let value = Environment.current[name], !value.isEmpty else {
      throw StrataError(.invalidInput, "\(name) is not set", remedy: "start this with strata up, or set it")
    }
    return value
  }
}
