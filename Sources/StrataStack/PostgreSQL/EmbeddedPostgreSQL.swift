import Glibc
public import StrataCore
public import StrataRuntime

/// A private PostgreSQL server: reached through a unix socket only, in a folder that only its owner (and root) may
/// enter; that folder is the whole of its authentication.
///
/// When the caller is root the server runs as another user, since PostgreSQL refuses root. It ends with this process,
/// in whatever way that ends: the kernel then sends it SIGINT, its fast and clean shutdown.
public struct EmbeddedPostgreSQL: Sendable {
  /// The database, and the role that owns it.
  public static let database = "strata"
  public static let role = "strata"
  static let port = 5_432

  /// Its own folder, absolute: `data/` in it.
  public let folder: String
  /// The folder of its socket: what a client gives as host.
  public let socketFolder: String
  public let logFile: String
  public let identity: StackIdentity
  /// Settings beyond, or instead of, the usual ones: `name=value` of postgresql.conf.
  public var settings: [String: String] = [:]

  var data: String { folder + "/data" }

  public init(folder: String, socketFolder: String, logFile: String, identity: StackIdentity) {
    self.folder = folder
    self.socketFolder = socketFolder
    self.logFile = logFile
    self.identity = identity
  }

  /// The one of a data directory.
  public init(in directory: DataDirectory, identity: StackIdentity) {
    self.init(
      folder: directory.postgres, socketFolder: directory.socket("pg"), logFile: directory.logs + "/postgres.log",
      identity: identity)
  }

  /// How a client (libpq) connects.
  public var connectionString: String {
    "host=\(Self.quoted(socketFolder)) port=\(Self.port) dbname=\(Self.database) user=\(Self.role)"
  }

  private static func quoted(_ value: String) -> String {
    "'" + value.reduce(into: "") { $0 += $1 == "'" || $1 == "\\" ? "\\\($1)" : String($1) } + "'"
  }

  /// The supervised server, not yet started.
  public func service(log: Log = .silent, onGiveUp: @escaping @Sendable (StrataError) -> Void = { _ in })
    -> ProcessService
  {
    var definition = ProcessService.Definition(
      name: "postgres", prepare: prepare, isReady: { _ in acceptsConnections() })
    definition.logFile = logFile
    definition.log = log
    definition.onGiveUp = onGiveUp
    definition.teardown = Self.teardown
    // Recovery after a crash replays the log since the last checkpoint.
    definition.readyLimit = .seconds(300)
    return ProcessService(definition)
  }

  /// Fast shutdown, immediate shutdown, SIGKILL. The postmaster alone is signalled: it ends its own children.
  static let teardown = TeardownLadder([
    .init(signal: SIGINT, patience: .seconds(30), reachesGroup: false),
    .init(signal: SIGQUIT, patience: .seconds(5), reachesGroup: false),
  ])

  @Sendable private func prepare() async throws(StrataError) -> ProcessSpecification {
    let owner = try PostgreSQLOwner.choose()
    try owner.makeFolders(folder: folder, socketFolder: socketFolder)
    for place in [data, data + ".new"] { try await Occupants.evict("postgres", from: place, by: SIGINT) }
    let version = PostgreSQLCluster.version(of: data)
    let installation = try PostgreSQLInstallation.choose(from: await PostgreSQLInstallation.all(), dataVersion: version)
    let cluster = PostgreSQLCluster(
      installation: installation, data: data, owner: owner.user, environment: identity.serverEnvironment)
    if version == nil { try await cluster.create() }
    removeStaleLocks()
    return specification(installation, owner: owner.user)
  }

  /// Removes the locks that a killed server left behind. Nothing runs on this folder any more: the caller holds the
  /// data directory and has ended its occupants; yet the number in a lock may be that of someone else by now, or of a
  /// dead process that nobody reaps, which the server would take for a rival.
  private func removeStaleLocks() {
    let socket = "\(socketFolder)/.s.PGSQL.\(Self.port)"
    for lock in [data + "/postmaster.pid", socket + ".lock", socket] { unsafe unlink(lock) }
  }

  private func specification(_ installation: PostgreSQLInstallation, owner: UserIdentity?) -> ProcessSpecification {
    var specification = ProcessSpecification(
      installation.binaries + "/postgres", arguments, environment: identity.serverEnvironment)
    // Where it will be anyway: so it is found there (`Occupants`) from its first moment on.
    specification.workingDirectory = data
    specification.standardOutput = .file(logFile)
    specification.standardError = .file(logFile)
    specification.user = owner
    specification.parentDeathSignal = SIGINT
    specification.startsNewSession = true
    return specification
  }

  private var arguments: [String] {
    let usual = [
      "listen_addresses": "", "unix_socket_directories": socketFolder, "unix_socket_permissions": "0700",
      "port": "\(Self.port)", "synchronous_commit": "on", "fsync": "on", "max_connections": "100",
      "log_line_prefix": "%m [%p] ", "timezone": "UTC", "log_timezone": "UTC", "jit": "off",
    ]
    let all = usual.merging(settings) { $1 }.sorted { $0.key < $1.key }
    return ["-D", data] + all.flatMap { ["-c", "\($0.key)=\($0.value)"] }
  }

  /// Whether the server takes connections, and is not still starting or recovering.
  public func acceptsConnections() -> Bool {
    let socket = UnixSocket(path: "\(socketFolder)/.s.PGSQL.\(Self.port)")
    // "R": the server goes on to authenticate. While it starts it answers "E", an error.
    guard let socket, socket.ask(Self.startupMessage)?.first == UInt8(ascii: "R") else { return false }
    socket.leave(saying: [UInt8(ascii: "X"), 0, 0, 0, 4])
    return true
  }

  /// Protocol 3.0: length, version, pairs of strings, a closing zero.
  private static let startupMessage: [UInt8] = {
    var body: [UInt8] = [0, 3, 0, 0]
    for text in ["user", role, "database", database] { body += Array(text.utf8) + [0] }
    body.append(0)
    return [0, 0, 0, UInt8(body.count + 4)] + body
  }()
}
