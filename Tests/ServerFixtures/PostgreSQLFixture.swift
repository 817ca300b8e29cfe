import Glibc
import StrataCore
import Synchronization

/// A private PostgreSQL cluster in a temporary folder, reached by a unix socket only.
///
/// A supervising shell holds the other end of a pipe: when this process ends, however it ends, the shell stops the
/// server and removes the folder.
public final class PostgreSQLFixture: Sendable {
  /// One cluster for all tests of a process that do not disturb the server; each takes a database of its own.
  public static let shared = Result { try PostgreSQLFixture() }

  public let folder: String
  private let binaries: String
  private let user: [String]
  private let databases = Atomic<Int>(0)
  private let supervisor: Mutex<Supervisor>

  private struct Supervisor {
    let process: pid_t
    /// The pipe's end that, once closed, ends the shell; -1 when it is closed.
    var leash: Int32
  }

  /// Makes and starts a cluster.
  ///
  /// - Parameter isDurable: whether commits are flushed to disk, as in production. Off, tests are faster, and what was
  ///   committed still survives a kill of the server, though not of the machine.
  public init(isDurable: Bool = false) throws {
    binaries = try Self.findBinaries()
    folder = try Self.makeFolder()
    user = Self.otherUser()
    let data = folder + "/data"
    try Self.run(user + [binaries + "/initdb", "-D", data, "-U", "strata", "-A", "trust", "-E", "UTF8", "--no-sync"])
    try Self.append(Self.settings(folder: folder, isDurable: isDurable), to: data + "/postgresql.conf")
    supervisor = Mutex(try Self.supervise(binaries: binaries, folder: folder, user: user))
  }

  /// Makes and starts a standby of another cluster, which follows it from its own copy.
  ///
  /// - Parameter isSynchronous: whether the commits of that one wait for this one from now on.
  public init(standbyOf primary: PostgreSQLFixture, isSynchronous: Bool = true) throws {
    (binaries, user) = (primary.binaries, primary.user)
    folder = try Self.makeFolder()
    try Self.copy(primary, to: folder)
    supervisor = Mutex(try Self.supervise(binaries: binaries, folder: folder, user: user))
    if isSynchronous { try primary.waitForStandby() }
  }

  deinit { stop() }

  /// Stops the server and removes the folder. Safe to call twice.
  public func stop() {
    supervisor.withLock { supervisor in
      guard supervisor.leash >= 0 else { return }
      close(supervisor.leash)
      supervisor.leash = -1
      var status: Int32 = 0
      waitpid(supervisor.process, &status, 0)
    }
  }

  // MARK: Using it

  /// A new database: its connection string.
  public func makeDatabase() throws -> String {
    let name = "test_\(databases.add(1, ordering: .relaxed).newValue)"
    try sql("CREATE DATABASE \(name)", database: "postgres")
    return "host=\(folder) user=strata dbname=\(name)"
  }

  /// Runs statements through psql and returns what it prints, unaligned.
  @discardableResult
  public func sql(_ text: String, database: String) throws -> String {
    let target = database.contains("=") ? database : "host=\(folder) user=strata dbname=\(database)"
    return try Self.run([binaries + "/psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", text])
  }

  /// Changes a setting of the running server.
  public func set(_ setting: String, to value: String) throws {
    try sql("ALTER SYSTEM SET \(setting) = '\(value)'", database: "postgres")
    try sql("SELECT pg_reload_conf()", database: "postgres")
  }

  /// Makes a primary of a standby; returns when it takes changes.
  public func promote() throws { try control("promote") }

  /// Kills the server's processes at once, as a crash would, and starts it again: it recovers from its log.
  public func crashAndRestart() throws { try control("restart", "-m", "immediate", "-l", folder + "/log") }
  /// Stops it at once; `start` brings it back.
  public func crash() throws { try control("stop", "-m", "immediate") }
  public func start() throws { try control("start", "-l", folder + "/log") }

  /// Makes a standby of one whose place another has taken, from a new copy of that one's data, as nothing else is safe.
  /// Returns once commits wait for it. What a call that failed has left is in the way of no other.
  public func follow(_ primary: PostgreSQLFixture) throws {
    try? crash()
    try Self.run(["/bin/rm", "-rf", folder + "/data"])
    try Self.copy(primary, to: folder)
    try start()
    try primary.waitForStandby()
  }

  /// Has commits wait for the standby from now on; returns once there is one.
  private func waitForStandby() throws {
    try set("synchronous_standby_names", to: "*")
    let deadline = ContinuousClock.now + .seconds(30)
    while try sql("SELECT sync_state FROM pg_stat_replication", database: "postgres") != "sync" {
      guard ContinuousClock.now < deadline else { throw StrataError(.timeout, "no standby follows \(folder)") }
      usleep(10_000)
    }
  }

  private func control(_ arguments: String...) throws {
    try Self.run(user + [binaries + "/pg_ctl", "-D", folder + "/data", "-w", "-s"] + arguments)
  }

  // MARK: Making it

  private static func findBinaries() throws -> String {
    let packaged = stride(from: 19, through: 13, by: -1).map { "/usr/lib/postgresql/\($0)/bin" }
    let path = getenv("PATH").map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
    let found = (packaged + path).first { access($0 + "/initdb", X_OK) == 0 }
    guard let found else {
      throw StrataError(.notFound, "PostgreSQL's server is not installed", remedy: "apt-get install postgresql")
    }
    return found
  }

  /// Short, since the path of a unix socket holds 107 bytes.
  private static func makeFolder() throws -> String {
    var template = Array("/tmp/strata-pg-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw StrataError(.internalError, "no temporary folder could be made") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if geteuid() == 0, let account = getpwnam("postgres") {
      chown(folder, account.pointee.pw_uid, account.pointee.pw_gid)
    }
    return folder
  }

  /// PostgreSQL refuses to run as root.
  private static func otherUser() -> [String] {
    geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
  }

  private static func settings(folder: String, isDurable: Bool) -> String {
    """

    listen_addresses = ''
    unix_socket_directories = '\(folder)'
    max_connections = 400
    shared_buffers = 64MB
    fsync = \(isDurable ? "on" : "off")
    full_page_writes = \(isDurable ? "on" : "off")
    log_min_messages = warning

    """
  }

  /// The data of a standby, from its primary's.
  private static func copy(_ primary: PostgreSQLFixture, to folder: String) throws {
    let data = folder + "/data"
    try run(
      primary.user + [
        primary.binaries + "/pg_basebackup", "-h", primary.folder, "-U", "strata", "-D", data, "-R", "-c", "fast",
        "--no-sync",
      ])
    // The last of two settings counts.
    try append("unix_socket_directories = '\(folder)'\n", to: data + "/postgresql.conf")
  }

  private static func append(_ text: String, to path: String) throws {
    guard let file = fopen(path, "a") else { throw StrataError(.internalError, "\(path) cannot be written") }
    fputs(text, file)
    fclose(file)
  }

  private static func supervise(binaries: String, folder: String, user: [String]) throws -> Supervisor {
    let control = (user + [binaries + "/pg_ctl", "-D", folder + "/data", "-w", "-s"]).joined(separator: " ")
    // An interrupt typed at the terminal is not the shell's affair: it learns of our end by the pipe.
    let script = """
      trap '' INT TERM
      \(control) -l \(folder)/log start </dev/null >/dev/null 2>&1 && echo ready
      read _
      \(control) -m immediate stop </dev/null >/dev/null 2>&1
      rm -rf \(folder)
      """
    let (leash, output) = (try makePipe(), try makePipe())
    let process = try spawn(["/bin/sh", "-c", script], input: leash.reading, output: output.writing)
    close(leash.reading)
    close(output.writing)
    defer { close(output.reading) }
    var answer = [UInt8](repeating: 0, count: 6)
    guard read(output.reading, &answer, 6) == 6 else {
      close(leash.writing)
      throw StrataError(.internalError, "PostgreSQL did not start in \(folder)")
    }
    return Supervisor(process: process, leash: leash.writing)
  }

  // MARK: Processes

  /// Runs a program to its end and returns what it printed.
  @discardableResult
  private static func run(_ command: [String]) throws -> String {
    let output = try makePipe()
    let process = try spawn(command, input: -1, output: output.writing)
    close(output.writing)
    defer { close(output.reading) }
    var (text, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 4_096))
    while case let count = read(output.reading, &chunk, chunk.count), count > 0 { text += chunk.prefix(count) }
    var status: Int32 = 0
    waitpid(process, &status, 0)
    let printed = String(decoding: text, as: UTF8.self)
    guard status == 0 else {
      throw StrataError(.internalError, "\(command.joined(separator: " ")): \(printed)")
    }
    return String(printed.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// A pipe of which neither end outlives an exec, so that no other child keeps it open. (Glibc's module lacks pipe2.)
  private static func makePipe() throws -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw StrataError(.internalError, "no pipe could be made") }
    return (ends[0], ends[1])
  }

  /// Starts a program with standard output and error on `output`, and standard input on `input` or nothing.
  private static func spawn(_ command: [String], input: Int32, output: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if input >= 0 {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    for descriptor in [1, 2] as [Int32] { posix_spawn_file_actions_adddup2(&actions, output, descriptor) }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    guard posix_spawn(&process, command[0], &actions, nil, &arguments, environ) == 0 else {
      throw StrataError(.internalError, "\(command[0]) could not be started")
    }
    return process
  }
}
