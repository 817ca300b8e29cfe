import Foundation
import StrataClient
import StrataCore
import StrataRuntime
import StrataStack

/// Two controllers and three workers on one Redis and one PostgreSQL, all of them real processes, with the means to hurt
/// each: the second controller and its worker reach both servers through relays. The servers are the first one's, or, for
/// what needs it, replicated ones.
final class World: Sendable {
  let folder: String
  /// The one with the servers, and the one that reaches them through the relays.
  let instances: [Instance]
  /// To Redis; nil where sentinels tell where that is.
  let queueRelay: Relay?
  /// To each PostgreSQL server.
  let ledgerRelays: [Relay]
  let redis: RedisTool
  let database: DatabaseTool
  /// Where jobs write down that they begin and end.
  var runsFile: String { folder + "/runs" }
  private let replicas: Replicas?
  private let devices: Devices
  private let truncation = Turnstile()
  /// How much Redis may hold, as it was started.
  private let redisMemory: String

  /// - Parameters:
  ///   - program: the `strata` that is put to the test.
  ///   - folder: an empty folder to be made, whose path is short enough for sockets.
  ///   - faults: what it is to suffer.
  init(program: String, folder: String, faults: Set<Fault>) async throws {
    self.folder = folder
    let relayed = folder + "/relay"
    for path in [folder, relayed] { try Self.make(path) }
    let replicas = faults.contains(where: \.needsReplicas) ? try await Replicas() : nil
    self.replicas = replicas
    var (made, started): (Devices?, Instance?)
    do {
      let devices = try await Devices(in: folder, for: faults)
      self.devices = devices
      made = devices
      let first = try await Instance(
        program: program, folder: folder + "/a",
        words: ["--workers", "2", "--slots", "2"] + Self.words(for: replicas?.servers),
        environment: devices.environment(of: 0))
      started = first
      let servers = replicas?.servers ?? Servers(of: first)
      // What waits while a server is away must not run into the account's limit.
      try await output(
        of: program, ["ledger", "grant", "1000000", "--data-dir", first.directory.path],
        environment: replicas == nil ? [:] : ["STRATA_POSTGRES_URL": servers.connection])
      redis = servers.redis
      redisMemory =
        try await redis.ask("CONFIG", "GET", "maxmemory").split(separator: "\n").last.map(String.init) ?? "0"
      database = try await DatabaseTool(connection: servers.connection)
      queueRelay = try servers.redisSocket.map { socket in try Relay(at: relayed + "/redis.sock", to: socket) }
      let doors = servers.postgresFolders.indices.map { "\(relayed)/\($0)" }
      ledgerRelays = try zip(doors, servers.postgresFolders).map { door, server in
        try Self.make(door)
        return try Relay(at: "\(door)/\(Servers.postgresSocket)", to: "\(server)/\(Servers.postgresSocket)")
      }
      let second = try await Instance(
        program: program, folder: folder + "/b",
        words: ["--workers", "1", "--slots", "2", "--artifacts", first.directory.artifacts]
          + Self.words(redis: servers.redisAddress ?? "unix://\(relayed)/redis.sock", postgresFolders: doors),
        environment: devices.environment(of: 1))
      instances = [first, second]
    } catch {
      await started?.stop()
      await made?.remove()
      await replicas?.stop()
      throw error
    }
  }

  private static func make(_ folder: String) throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  /// What `up` is told of servers that are not its own.
  private static func words(for servers: Servers?) -> [String] {
    servers.flatMap { servers in
      servers.redisAddress.map { words(redis: $0, postgresFolders: servers.postgresFolders) }
    } ?? []
  }

  private static func words(redis: String, postgresFolders: [String]) -> [String] {
    ["--redis", redis, "--postgres", Servers.connection(by: postgresFolders)]
  }

  /// Ends everything, the one without servers first.
  func stop() async {
    for instance in instances.reversed() { await instance.stop() }
    for relay in relays { relay.stop() }
    await devices.remove()
    await replicas?.stop()
  }

  private var relays: [Relay] { ledgerRelays + [queueRelay].compactMap(\.self) }

  // MARK: Hurting

  /// Takes back what strikes may have left that met each other. Returns what could not be: who has not come back.
  func heal() async -> [Violation] {
    for relay in relays { relay.set(.open) }
    devices.disk?.empty()
    for clock in devices.clocks + [devices.redisClock] { try? clock?.set(by: 0) }
    // What is undone from here on cannot be done to replicas.
    guard replicas == nil else { return [] }
    var violations: [Violation] = []
    for (server, repair) in [("Redis", emptyRedis), ("PostgreSQL", resumeCommits)] {
      do { try await repair() } catch {
        violations.append(Violation(.readiness, "\(server) has not come back: \(error)"))
      }
    }
    return violations
  }

  /// Whether a controller was told to crash and never came there. It will not any more: it is started anew.
  func disarm() -> Bool {
    let armed = instances.filter { FileManager.default.fileExists(atPath: $0.crashFile) }
    for instance in armed {
      try? FileManager.default.removeItem(atPath: instance.crashFile)
      instance.signal(SIGKILL, to: .controller)
    }
    return !armed.isEmpty
  }

  /// Repeats `body` until a server that is away is back.
  static func untilDone(within limit: Duration = .seconds(60), _ body: () async throws -> Void) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
      do { return try await body() } catch {
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  /// Does what a strike says, and undoes it when its time is over.
  ///
  /// - Returns: whether there was somebody to be hurt.
  /// - Throws: where that could not be done, as of a server that is away.
  func suffer(_ strike: Strike) async throws -> Bool {
    guard replicas == nil || strike.fault.strikesReplicas else { return false }
    switch strike.fault {
    case .workerKilled: return chosen(strike).signal(SIGKILL, to: .worker, choice: strike.choice) != nil
    case .workerStopped: return chosen(strike).signal(SIGTERM, to: .worker, choice: strike.choice) != nil
    case .runnerKilled: return chosen(strike).signal(SIGKILL, to: .runner, choice: strike.choice) != nil
    case .workerFrozen: return try await freeze(.worker, of: chosen(strike), strike)
    case .controllerKilled: return chosen(strike).signal(SIGKILL, to: .controller) != nil
    case .controllerStopped: return chosen(strike).signal(SIGTERM, to: .controller) != nil
    case .controllerRestarted: return try await chosen(strike).restart("controller")
    case .workerRestarted: return try await chosen(strike).restart("worker-1")
    case .controllerFrozen: return try await freeze(.controller, of: chosen(strike), strike)
    case .controllerCrashed: return try crash(chosen(strike), strike)
    case .redisKilled: return instances[0].signal(SIGKILL, to: .redis) != nil
    case .redisFrozen: return try await freeze(.redis, of: instances[0], strike)
    case .redisDisconnected: try await redis.ask("CLIENT", "KILL", "TYPE", "normal")
    case .redisFlushed: try await redis.ask("FLUSHALL")
    case .redisTruncated: return try await truncateRedis(by: 1 + strike.choice * 20)
    case .redisFull: try await fillRedis(strike)
    case .postgresKilled: return instances[0].signal(SIGQUIT, to: .postgres) != nil
    case .postgresFrozen: return try await freezePostgres(strike)
    case .postgresDisconnected: try await database.disconnectAll()
    case .commitsStalled: try await stallCommits(strike)
    case .queueStalled: await set([queueRelay], .stalled, strike)
    case .queueCut: await set([queueRelay], .cut, strike)
    case .queueDeaf: await set([queueRelay], .deaf, strike)
    case .queueSlow: await set([queueRelay], .slow(.milliseconds(20 + strike.choice % 200)), strike)
    case .ledgerStalled: await set(ledgerRelays, .stalled, strike)
    case .ledgerCut: await set(ledgerRelays, .cut, strike)
    case .ledgerDeaf: await set(ledgerRelays, .deaf, strike)
    case .ledgerSlow: await set(ledgerRelays, .slow(.milliseconds(5 + strike.choice % 50)), strike)
    case .redisClockSet: try await setClock(devices.redisClock, strike)
    case .strataClockSet: try await setClock(devices.clocks[strike.choice / 2 % 2], strike)
    case .diskFull: return try await fillDisk(strike)
    case .redisFailedOver:
      return try await replicas?.failOverRedis(freezing: strike.choice % 2 == 1, awayFor: strike.duration) ?? false
    case .postgresFailedOver: return try await replicas?.failOverPostgres(awayFor: strike.duration) ?? false
    }
    return true
  }

  private func setClock(_ clock: SkewedClock?, _ strike: Strike) async throws {
    try clock?.set(by: SkewedClock.jumps[strike.choice / 4 % SkewedClock.jumps.count])
    await pause(strike)
    try clock?.set(by: 0)
  }

  private func fillDisk(_ strike: Strike) async throws -> Bool {
    guard let disk = devices.disk else { return false }
    defer { disk.empty() }
    try disk.fill()
    await pause(strike)
    return true
  }

  private func chosen(_ strike: Strike) -> Instance { instances[strike.choice / 2 % instances.count] }

  /// Until the strike is over, or all of the run is.
  private func pause(_ strike: Strike) async { try? await Task.sleep(for: strike.duration) }

  private func freeze(_ part: Instance.Part, of instance: Instance, _ strike: Strike) async throws -> Bool {
    guard let victim = instance.signal(SIGSTOP, to: part, choice: strike.choice) else { return false }
    await pause(strike)
    kill(victim, SIGCONT)
    return true
  }

  private func freezePostgres(_ strike: Strike) async throws -> Bool {
    guard let postmaster = instances[0].processes(.postgres).first else { return false }
    let all = [postmaster] + ProcessTree.descendants(of: postmaster).map(\.pid)
    for pid in all { kill(pid, SIGSTOP) }
    await pause(strike)
    for pid in all { kill(pid, SIGCONT) }
    return true
  }

  /// The next controller of an instance is told where to crash, and the one of now is killed.
  private func crash(_ instance: Instance, _ strike: Strike) throws -> Bool {
    try (strike.place ?? "").write(toFile: instance.crashFile, atomically: true, encoding: .utf8)
    return instance.signal(SIGKILL, to: .controller) != nil
  }

  /// One at a time: another would have the server started while its file is cut.
  private func truncateRedis(by bytes: Int) async throws -> Bool {
    try await truncation.pass {
      try await instances[0].unsupervised {
        guard let victim = instances[0].signal(SIGKILL, to: .redis) else { return false }
        while kill(victim, 0) == 0, !(ProcessStatistics.read(victim)?.isZombie ?? true) {
          try await Task.sleep(for: .milliseconds(5))
        }
        return try cutNewestLog(by: bytes)
      }
    }
  }

  /// What was written last of Redis' log is gone.
  private func cutNewestLog(by bytes: Int) throws -> Bool {
    let files = instances[0].directory.redis + "/appendonlydir"
    let names = try FileManager.default.contentsOfDirectory(atPath: files).filter { $0.hasSuffix(".incr.aof") }
    guard let newest = names.max(by: { $0.utf8.count != $1.utf8.count ? $0.utf8.count < $1.utf8.count : $0 < $1 })
    else { return false }
    let path = files + "/" + newest
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    guard unsafe truncate(path, max(0, size - bytes)) == 0 else { throw StrataError.system("truncate \(path)") }
    return true
  }

  private func fillRedis(_ strike: Strike) async throws {
    try await redis.ask("CONFIG", "SET", "maxmemory", "1")
    await pause(strike)
    try await emptyRedis()
  }

  private func emptyRedis() async throws {
    try await Self.untilDone { try await self.redis.ask("CONFIG", "SET", "maxmemory", self.redisMemory) }
  }

  /// A standby that nobody is, for which every commit then waits.
  private func stallCommits(_ strike: Strike) async throws {
    try await database.set("synchronous_standby_names", to: "nobody")
    await pause(strike)
    try await resumeCommits()
  }

  private func resumeCommits() async throws {
    try await Self.untilDone { try await self.database.set("synchronous_standby_names", to: "") }
  }

  private func set(_ relays: [Relay?], _ mode: Relay.Mode, _ strike: Strike) async {
    for relay in relays { relay?.set(mode) }
    await pause(strike)
    for relay in relays { relay?.set(.open) }
  }
}
