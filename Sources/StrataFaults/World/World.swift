import Foundation
import StrataClient
import StrataCore
import StrataRuntime
import StrataStack
import Synchronization

/// Two controllers and three workers on one Redis and one PostgreSQL, all of them real processes, with the means to hurt
/// each: the second controller and its worker reach both servers through relays.
final class World: Sendable {
  let folder: String
  /// The one with the servers, and the one that reaches them through the relays.
  let instances: [Instance]
  let queueRelay: Relay
  let ledgerRelay: Relay
  let redis: RedisTool
  let database: DatabaseTool
  /// Where jobs write down that they begin and end.
  var runsFile: String { folder + "/runs" }
  private let devices: Devices
  private let isTruncating = Atomic<Bool>(false)
  /// How much Redis may hold, as it was started.
  private let redisMemory: String

  /// - Parameters:
  ///   - program: the `strata` that is put to the test.
  ///   - folder: an empty folder to be made, whose path is short enough for sockets.
  ///   - faults: what it is to suffer.
  init(program: String, folder: String, faults: Set<Fault>) async throws {
    self.folder = folder
    for path in [folder, folder + "/relay"] {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }
    let devices = try await Devices(in: folder, for: faults)
    self.devices = devices
    var started: Instance?
    do {
      let first = try await Instance(
        program: program, folder: folder + "/a", words: ["--workers", "2", "--slots", "2"],
        environment: devices.environment(of: 0))
      started = first
      // What waits while a server is away must not run into the account's limit.
      try await output(of: program, ["ledger", "grant", "1000000", "--data-dir", first.directory.path])
      let (redisSocket, port) = (first.directory.socket("redis.sock"), ".s.PGSQL.5432")
      queueRelay = try Relay(at: folder + "/relay/redis.sock", to: redisSocket)
      ledgerRelay = try Relay(at: folder + "/relay/" + port, to: first.directory.socket("pg") + "/" + port)
      redis = RedisTool(socket: redisSocket)
      redisMemory =
        try await redis.ask("CONFIG", "GET", "maxmemory").split(separator: "\n").last.map(String.init) ?? "0"
      database = try await DatabaseTool(
        connection: EmbeddedPostgreSQL(in: first.directory, identity: .random()).connectionString)
      let second = try await Instance(
        program: program, folder: folder + "/b",
        words: [
          "--workers", "1", "--slots", "2", "--redis", "unix://\(folder)/relay/redis.sock",
          "--postgres", "host=\(folder)/relay port=5432 dbname=strata user=strata",
          "--artifacts", first.directory.artifacts,
        ], environment: devices.environment(of: 1))
      instances = [first, second]
    } catch {
      await started?.stop()
      await devices.remove()
      throw error
    }
  }

  /// Ends everything, the one without servers first.
  func stop() async {
    for instance in instances.reversed() { await instance.stop() }
    for relay in [queueRelay, ledgerRelay] { relay.stop() }
    await devices.remove()
  }

  // MARK: Hurting

  /// Takes back what strikes may have left that met each other. Returns what could not be: who has not come back.
  func heal() async -> [Violation] {
    for relay in [queueRelay, ledgerRelay] { relay.set(.open) }
    devices.disk?.empty()
    for clock in devices.clocks + [devices.redisClock] { try? clock?.set(by: 0) }
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
  private static func untilDone(within limit: Duration = .seconds(60), _ body: () async throws -> Void) async throws {
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
    case .queueStalled: await set(queueRelay, .stalled, strike)
    case .queueCut: await set(queueRelay, .cut, strike)
    case .queueDeaf: await set(queueRelay, .deaf, strike)
    case .queueSlow: await set(queueRelay, .slow(.milliseconds(20 + strike.choice % 200)), strike)
    case .ledgerStalled: await set(ledgerRelay, .stalled, strike)
    case .ledgerCut: await set(ledgerRelay, .cut, strike)
    case .ledgerDeaf: await set(ledgerRelay, .deaf, strike)
    case .ledgerSlow: await set(ledgerRelay, .slow(.milliseconds(5 + strike.choice % 50)), strike)
    case .redisClockSet: try await setClock(devices.redisClock, strike)
    case .strataClockSet: try await setClock(devices.clocks[strike.choice / 2 % 2], strike)
    case .diskFull: return try await fillDisk(strike)
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
  private func pause(_ strike: Strike) async { try? await Task.sleep(for: .milliseconds(strike.forMilliseconds)) }

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
    guard !isTruncating.exchange(true, ordering: .acquiring) else { return false }
    defer { isTruncating.store(false, ordering: .releasing) }
    return try await instances[0].unsupervised {
      guard let victim = instances[0].signal(SIGKILL, to: .redis) else { return false }
      while kill(victim, 0) == 0, !(ProcessStatistics.read(victim)?.isZombie ?? true) {
        try await Task.sleep(for: .milliseconds(5))
      }
      let files = instances[0].directory.redis + "/appendonlydir"
      let names = try FileManager.default.contentsOfDirectory(atPath: files).filter { $0.hasSuffix(".incr.aof") }
      guard let newest = names.max(by: { $0.utf8.count != $1.utf8.count ? $0.utf8.count < $1.utf8.count : $0 < $1 })
      else { return false }
      let path = files + "/" + newest
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
      guard unsafe truncate(path, max(0, size - bytes)) == 0 else { throw StrataError.system("truncate \(path)") }
      return true
    }
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

  private func set(_ relay: Relay, _ mode: Relay.Mode, _ strike: Strike) async {
    relay.set(mode)
    await pause(strike)
    relay.set(.open)
  }
}
