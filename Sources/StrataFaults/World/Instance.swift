import Foundation
import StrataClient
import StrataCore
import StrataRuntime
import StrataStack

/// One `strata up` in a folder of its own: a controller, workers, and the servers that it was not given.
final class Instance: Sendable {
  /// A kind of process of an instance.
  enum Part: String { case controller, worker, runner, redis, postgres }

  let directory: DataDirectory
  private let program: String
  private let supervisor: ChildProcess
  let client: HTTPClient
  /// The file that tells its processes where to crash; see `CrashTrigger`.
  let crashFile: String

  /// Starts one, and waits until it takes jobs.
  ///
  /// - Parameters:
  ///   - program: the `strata` to start.
  ///   - words: what `up` is told beyond the folder.
  ///   - additions: what its environment has beyond this process's.
  init(
    program: String, folder: String, words: [String], environment additions: [String: String] = [:]
  ) async throws {
    self.program = program
    crashFile = folder + "/crash-point"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    var environment = Environment.current.merging(additions) { $1 }
    environment["STRATA_DATA_DIR"] = nil
    environment["STRATA_CRASH_POINT_FILE"] = crashFile
    var specification = ProcessSpecification(
      program, ["up", "--data-dir", folder + "/data", "--http", "127.0.0.1:0"] + words, environment: environment)
    specification.standardOutput = .file(folder + "/up.out")
    specification.standardError = .file(folder + "/up.out")
    specification.parentDeathSignal = SIGTERM
    supervisor = try await ChildProcess.spawn(specification)
    do {
      try await Self.untilReady(supervisor, folder)
      guard let directory = try DataDirectory.find(folder + "/data") else {
        throw StrataError(.notFound, "\(folder)/data is no data directory")
      }
      self.directory = directory
      let key = try String(contentsOfFile: folder + "/data/api-key", encoding: .utf8)
      var limits = HTTPClient.Limits()
      limits.keptConnections = 64
      client = HTTPClient(
        try ClientEndpoint("unix://" + directory.socket("api.sock")),
        bearerKey: key.trimmingCharacters(in: .whitespacesAndNewlines), limits: limits)
    } catch {
      await Self.end(supervisor)
      throw error
    }
  }

  private static func untilReady(_ supervisor: ChildProcess, _ folder: String) async throws {
    while !FileManager.default.fileExists(atPath: folder + "/data/run/ready") {
      guard supervisor.exit == nil else {
        let words = (try? String(contentsOfFile: folder + "/up.out", encoding: .utf8)) ?? ""
        throw StrataError(.unavailable, "a stack did not start: \(words.suffix(500))")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private static func end(_ supervisor: ChildProcess) async {
    supervisor.signal(SIGCONT)
    supervisor.signal(SIGTERM)
    if await supervisor.wait(atMost: .seconds(2)) == nil { supervisor.signal(SIGTERM) }
    if await supervisor.wait(atMost: .seconds(60)) == nil { supervisor.signal(SIGKILL) }
    _ = await supervisor.wait()
  }

  /// Stops all of it.
  func stop() async { await Self.end(supervisor) }

  /// Whether its supervisor still runs.
  var isRunning: Bool { supervisor.exit == nil }

  // MARK: Processes

  /// Its processes of this kind, the oldest first.
  func processes(_ part: Part) -> [Int32] {
    ProcessTree.descendants(of: supervisor.pid).map(\.statistics)
      .filter { !$0.isZombie && (part == .runner || $0.parent == supervisor.pid) && Self.kind(of: $0.pid) == part }
      .sorted { ($0.startTicks, $0.pid) < ($1.startTicks, $1.pid) }.map(\.pid)
  }

  private static func kind(of pid: Int32) -> Part? {
    let words = (ProcFile.read("/proc/\(pid)/cmdline") ?? []).split(separator: 0)
      .map { String(decoding: $0, as: UTF8.self) }
    guard let program = words.first?.split(separator: "/").last else { return nil }
    switch program {
    case "redis-server": return .redis
    case "postgres": return .postgres
    default: return words.dropFirst().first.flatMap(Part.init(rawValue:))
    }
  }

  /// Sends a signal to one of its processes of this kind, which of them by `choice`; returns its number, nil where there
  /// is none now.
  @discardableResult
  func signal(_ signal: Int32, to part: Part, choice: Int = 0) -> Int32? {
    let all = processes(part)
    guard let last = all.last else { return nil }
    // Of controllers the youngest: those before it are leaving.
    let victim = part == .controller ? last : all[choice % all.count]
    return kill(victim, signal) == 0 ? victim : nil
  }

  /// Has `strata restart` restart a service; false where another fault has it away, or it is being restarted already.
  func restart(_ service: String) async throws -> Bool {
    guard isRunning else { return false }
    do {
      try await output(of: program, ["restart", service, "--data-dir", directory.path], within: .seconds(90))
    } catch  where "\(error)".contains("does not run at the moment") || "\(error)".contains("restarted already") {
      return false
    }
    return true
  }

  /// While `body` runs nothing that ends is started again.
  func unsupervised<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    supervisor.signal(SIGSTOP)
    defer { supervisor.signal(SIGCONT) }
    return try await body()
  }
}
