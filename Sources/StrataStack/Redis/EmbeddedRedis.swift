import Glibc
public import StrataCore
public import StrataRuntime

/// A private redis-server: reached through a unix socket only, every write in an append-only file that is synced each
/// second, and no key ever evicted.
///
/// It ends with this process, in whatever way that ends: the kernel then sends it SIGTERM, on which it writes what it
/// has and leaves.
public struct EmbeddedRedis: Sendable {
  /// The redis-server major version from which on the scripts run.
  public static let versionMajorMin = 7

  /// Its own folder, absolute.
  public let folder: String
  /// The path of its socket, 107 bytes at most.
  public let socket: String
  public let logFile: String
  public let identity: StackIdentity
  /// Bytes it may hold before it refuses jobs; 0 for no bound.
  public var memoryBytesMax = Int(clamping: memoryBytesDefault)

  /// A quarter of the machine, at least 128 MiB: while it writes its file anew a second copy may be needed, and the
  /// database and the workers live beside it.
  public static var memoryBytesDefault: Int64 { max(MachineCapacity.memoryBytes / 4, 128 << 20) }

  public init(folder: String, socket: String, logFile: String, identity: StackIdentity) {
    self.folder = folder
    self.socket = socket
    self.logFile = logFile
    self.identity = identity
  }

  /// The one of a data directory.
  public init(in directory: DataDirectory, identity: StackIdentity) {
    self.init(
      folder: directory.redis, socket: directory.socket("redis.sock"), logFile: directory.logs + "/redis.log",
      identity: identity)
  }

  /// The supervised server, not yet started.
  public func service(log: Log = .silent, onGiveUp: @escaping @Sendable (StrataError) -> Void = { _ in })
    -> ProcessService
  {
    var definition = ProcessService.Definition(
      name: "redis-server", prepare: { () throws(StrataError) in try await prepare(log) },
      isReady: { _ in answersPing() })
    definition.logFile = logFile
    definition.log = log
    definition.onGiveUp = onGiveUp
    return ProcessService(definition)
  }

  private func prepare(_ log: Log) async throws(StrataError) -> ProcessSpecification {
    try Folder.create(folder, mode: 0o700)
    try await Occupants.evict("redis-server", from: folder, by: SIGTERM)
    try await mendFile(log)
    var specification = ProcessSpecification("redis-server", arguments, environment: identity.serverEnvironment)
    specification.workingDirectory = folder
    specification.standardOutput = .file(logFile)
    specification.standardError = .file(logFile)
    specification.parentDeathSignal = SIGTERM
    specification.startsNewSession = true
    return specification
  }

  /// Cuts what is not whole off the file of a server that did not end in good order: jobs that are missing then come back
  /// from the ledger.
  ///
  /// The server does so itself when it reads the file, but of a transaction whose last command is broken (7.0) it leaves the
  /// whole ones in the file: with the next start they are done after all, without the rest of their transaction.
  private func mendFile(_ log: Log) async throws(StrataError) {
    let manifest = folder + "/appendonlydir/appendonly.aof.manifest"
    // In good order a server removes the note of its number.
    guard unsafe access(processFile, F_OK) == 0, unsafe access(manifest, F_OK) == 0 else { return }
    var check = ProcessSpecification(
      "sh", ["-c", "echo y | redis-check-aof --fix \"$0\"", manifest], environment: identity.serverEnvironment)
    check.standardOutput = .file(logFile)
    check.standardError = .file(logFile)
    let child = try await ChildProcess.spawn(check)
    if let exit = await child.wait(atMost: Self.mendLimit), exit.isSuccess { return }
    child.signalGroup(SIGKILL)
    log.warning("the queue's file could not be looked through after its server was killed", ["file": manifest])
  }

  /// A gigabyte takes some seconds.
  private static let mendLimit = Duration.seconds(300)

  private var processFile: String { folder + "/redis.pid" }

  private var arguments: [String] {
    let settings = [
      ("port", "0"), ("pidfile", processFile), ("unixsocket", socket), ("unixsocketperm", "700"),
      ("protected-mode", "yes"), ("dir", folder),
      ("appendonly", "yes"), ("appendfsync", "everysec"), ("save", ""), ("maxmemory", "\(memoryBytesMax)"),
      ("maxmemory-policy", "noeviction"), ("daemonize", "no"), ("supervised", "no"),
      // A title would be written over the environment, and with it over the mark of the stack.
      ("set-proc-title", "no"),
    ]
    return settings.flatMap { ["--" + $0.0, $0.1] }
  }

  /// Whether a server at the socket serves commands, and is not still loading its data.
  public func answersPing() -> Bool {
    UnixSocket(path: socket)?.ask(Array("PING\r\n".utf8)).map { $0 == Array("+PONG\r\n".utf8) } ?? false
  }
}
