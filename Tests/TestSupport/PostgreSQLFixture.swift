import Foundation
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

  private struct Supervisor: @unchecked Sendable {
    let process: Process
    let leash: Pipe
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

  deinit { stop() }

  /// Stops the server and removes the folder. Safe to call twice.
  public func stop() {
    supervisor.withLock { supervisor in
      try? supervisor.leash.fileHandleForWriting.close()
      supervisor.process.waitUntilExit()
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

  /// Kills the server's processes at once, as a crash would, and starts it again: it recovers from its log.
  public func crashAndRestart() throws { try control("restart", "-m", "immediate", "-l", folder + "/log") }
  /// Stops it at once; `start` brings it back.
  public func crash() throws { try control("stop", "-m", "immediate") }
  public func start() throws { try control("start", "-l", folder + "/log") }

  private func control(_ arguments: String...) throws {
    try Self.run(user + [binaries + "/pg_ctl", "-D", folder + "/data", "-w", "-s"] + arguments)
  }

  // MARK: Making it

  private static func findBinaries() throws -> String {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let packaged = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let found = (packaged + path).first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
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
    max_connections = 100
    shared_buffers = 64MB
    fsync = \(isDurable ? "on" : "off")
    full_page_writes = \(isDurable ? "on" : "off")
    log_min_messages = warning

    """
  }

  private static func append(_ text: String, to path: String) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
  }

  private static func supervise(binaries: String, folder: String, user: [String]) throws -> Supervisor {
    let control = (user + [binaries + "/pg_ctl", "-D", folder + "/data", "-w", "-s"]).joined(separator: " ")
    let script = """
      \(control) -l \(folder)/log start </dev/null >/dev/null 2>&1 && echo ready || { cat \(folder)/log >&2; }
      read _
      \(control) -m immediate stop </dev/null >/dev/null 2>&1
      rm -rf \(folder)
      """
    let process = Process()
    let (leash, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // An interrupt typed at the terminal is not the shell's: it goes by the pipe.
    process.arguments = ["-c", "trap '' INT TERM\n" + script]
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = leash
    process.standardOutput = output
    try process.run()
    guard output.fileHandleForReading.availableData == Data("ready\n".utf8) else {
      throw StrataError(.internalError, "PostgreSQL did not start in \(folder)")
    }
    return Supervisor(process: process, leash: leash)
  }

  /// Runs a program to its end and returns what it printed.
  @discardableResult
  private static func run(_ command: [String]) throws -> String {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = command[0].hasSuffix("psql") ? errors : FileHandle.nullDevice
    try process.run()
    if process.standardError as? Pipe == nil { try? errors.fileHandleForWriting.close() }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw StrataError(
        .internalError, "\(command.joined(separator: " ")): \(String(decoding: complaint, as: UTF8.self))")
    }
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
