import Glibc
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
      .dataDirectory, .option("sockets", "N,N", "descriptors of the sockets at which the HTTP API listens"),
      ReadinessNotice.descriptor, .flag("follows", "another takes requests until this one is ready"),
      .option("slots", "N", "slots of the local workers"), WorkerTiers.option("a tier of the local workers"),
      .flag("no-workers", "there are no local workers: nothing is offered for them"),
    ] + WorkerRoom.options + QueueBounds.options, isHidden: true,
    run: { arguments in
      let slots = try arguments.integer("slots", in: 1...1_024) ?? Machine.cores
      return try await Controller(
        directory: DataFolder.existing(arguments), sockets: APISockets.inherited(arguments["sockets"]),
        readiness: ReadinessNotice(arguments), follows: arguments.has("follows"), tiers: WorkerTiers.read(arguments),
        room: arguments.has("no-workers") ? nil : WorkerRoom.read(arguments, slots: slots),
        bounds: QueueBounds(arguments)
      ).run()
    })
}

/// Puts the controller together and runs it until it is told to stop.
struct Controller {
  /// What the requests at hand get to finish, after a signal.
  static let shutdownBudget = Duration.seconds(10)
  /// The same after SIGQUIT, by which the supervisor says that another controller takes requests already.
  static let leavingBudget = OwnService.leavingMax
  /// How often it looks whether it is ready, until it is.
  private static let readyStep = (first: Duration.milliseconds(20), longest: Duration.milliseconds(500))
  /// What the first tenant may spend: enough to try everything.
  static let firstGrant = MicroCredits(micros: 1_000_000_000)

  let directory: DataDirectory
  let sockets: [ListeningSocket]
  let readiness: ReadinessNotice
  /// Whether another takes requests until this one is ready.
  let follows: Bool
  let tiers: [TierName]
  /// Of a local worker: jobs may ask for as much before it has asked for any. Nil where there are none.
  let room: ResourceRequest?
  let bounds: QueueBounds
  private let log = Log.standardError().component("controller")

  init(
    directory: DataDirectory, sockets: [ListeningSocket], readiness: ReadinessNotice, follows: Bool, tiers: [TierName],
    room: ResourceRequest?, bounds: QueueBounds
  ) {
    self.directory = directory
    self.sockets = sockets
    self.readiness = readiness
    self.follows = follows
    self.tiers = tiers
    self.room = room
    self.bounds = bounds
  }

  func run() async throws -> ExitStatus {
    Signals.ignoreBrokenPipes()
    let requests = try Signals.terminationRequests(also: [SIGQUIT])
    let loop = try EventLoop(label: "controller")
    let database = PostgreSQLConfiguration(connectionString: try Setting.value("STRATA_POSTGRES_URL"))
    let metrics = Metrics()
    let ledger = try Ledger(
      database,
      roundTrips: metrics.counter(
        "strata_ledger_round_trips_total", help: "Exchanges of requests and answers with PostgreSQL."))
    do throws(LedgerError) { try await ledger.migrate() } catch { throw error.unusable }
    let queue = try await QueueConnection.open(of: directory, on: loop)
    let store = try ArtifactStore(root: directory.artifacts)
    try await checkHome(of: store, ledger)
    let clock = LedgerClock(of: ledger, log: log)
    do throws(LedgerError) { try await clock.look() } catch { throw error.unusable }
    var configuration = ControlPlane.Configuration(
      tiers: tiers.map { TierDefinition(rate: .standard($0), workers: room.map { [$0] } ?? []) })
    configuration.admission = bounds.admission(isQueueLocal: try QueueConnection.endpoint(of: directory).isLocal)
    configuration.clock = clock.clock
    let control = try ControlPlane(
      ledger: ledger, leadership: Leadership(database), queue: queue, catalogue: try RegistryCatalogue(),
      store: store, configuration: configuration, metrics: metrics, log: log)
    try await control.publish()
    try await makeFirstTenant(ledger)
    let sessions = await queue.sessions()
    let services = Task {
      async let timekeeping: Void = clock.run()
      await control.serve(queueSessions: sessions)
      await timekeeping
    }
    let leading = Task { await control.lead() }
    let api = APIServer(control: control, store: store, metrics: metrics, log: log.component("api"))
    let server = HTTPServer(loop: loop, log: { [log] in log.warning($0) }) { await api.handle($0) }
    if follows { try await untilReady(control) }
    for socket in sockets { try await server.listen(on: socket) }
    let endpoint = Endpoint(directory: directory)
    log.info("serving", ["http": endpoint.httpAddress ?? "-", "socket": endpoint.socket])
    let announcement = Task {
      try await untilReady(control)
      try readiness.give()
    }
    await serve(server, until: requests, leading)
    announcement.cancel()
    services.cancel()
    await ledger.close()
    return .done
  }

  /// Serves until it is told to end, and finishes then.
  private func serve(
    _ server: HTTPServer, until requests: AsyncStream<Signals.TerminationRequest>, _ leading: Task<Void, Never>
  ) async {
    let (ends, end) = AsyncStream<Void>.makeStream()
    let listening = Task {
      for await request in requests {
        let isFollowed = request.signal == SIGQUIT
        log.info(isFollowed ? "leaving: another takes requests" : "stopping")
        // Another leads at once, where there is one: this one's last requests may take their time.
        leading.cancel()
        Task {
          await server.shutdown(
            budget: isFollowed ? Self.leavingBudget : Self.shutdownBudget,
            idleConnections: isFollowed ? .serveOnceMore : .end)
          end.yield()
        }
      }
    }
    for await _ in ends { break }
    listening.cancel()
  }

  /// Waits until jobs would be taken and consumed.
  private func untilReady(_ control: ControlPlane) async throws {
    var step = Backoff(first: Self.readyStep.first, longest: Self.readyStep.longest)
    while await !control.obstacles().isEmpty { try await Task.sleep(for: step.next()) }
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
