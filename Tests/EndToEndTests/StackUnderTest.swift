import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime
import TestSupport
import Testing

/// A whole stack as `strata up` runs it, in a folder of its own, with the means to hurt it.
final class StackUnderTest: Sendable {
  let folder: String
  let supervisor: ChildProcess
  let client: HTTPClient

  /// Starts a stack and waits until it takes jobs.
  ///
  /// - Parameters:
  ///   - crashPoint: where the controller kills itself, `name:pass`; see `CrashPoint`.
  ///   - first: a stack whose servers and workers this one shares: it is a second controller.
  ///   - words: what it is told beyond the rest.
  ///   - declared: what a worker of tier cpu will have, so that jobs for it are taken before there is one.
  init(
    slots: Int = 2, workers: Int = 1, http: String = "127.0.0.1:0", crashPoint: String? = nil,
    sharing first: StackUnderTest? = nil, words: [String] = [], declared: ResourceRequest? = nil
  ) async throws {
    folder = FileManager.default.temporaryDirectory.path + "/strata-e2e-\(JobID())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    var environment = Environment.current
    environment["STRATA_DATA_DIR"] = nil
    if let crashPoint {
      environment["STRATA_CRASH_POINT_FILE"] = folder + "/crash-point"
      try crashPoint.write(toFile: folder + "/crash-point", atomically: true, encoding: .utf8)
    }
    var specification = ProcessSpecification(
      Self.binary,
      ["up", "--data-dir", folder + "/data", "--http", http, "--slots", "\(slots)"]
        + (first?.wordsToShare ?? Self.words(workers: workers)) + words,
      environment: environment)
    specification.standardOutput = .file(folder + "/up.out")
    specification.standardError = .file(folder + "/up.out")
    specification.parentDeathSignal = SIGTERM
    supervisor = try await ChildProcess.spawn(specification)
    let ready = folder + "/data/run/ready"
    let key: String
    do {
      try await waitUntil("the stack is ready", within: .seconds(90)) {
        FileManager.default.fileExists(atPath: ready)
      }
      key = try String(contentsOfFile: folder + "/data/api-key", encoding: .utf8)
    } catch {
      supervisor.signal(SIGTERM)
      _ = await supervisor.wait()
      throw error
    }
    var limits = HTTPClient.Limits()
    limits.keptConnections = 64
    client = HTTPClient(
      try ClientEndpoint("unix://\(folder)/data/run/api.sock"),
      bearerKey: key.trimmingCharacters(in: .whitespacesAndNewlines), limits: limits)
    if let declared {
      let change = ClientRequest(
        "PATCH", ["v1", "tiers", "cpu"], body: try .json(TierPatch(declaredSize: .some(declared))))
      _ = try await client.send(change)
    }
  }

  /// Not said unless it is none: who looks for a worker's process by its words would find this one.
  private static func words(workers: Int) -> [String] { workers == 1 ? [] : ["--workers", "\(workers)"] }

  /// What has another stack use the servers and the artifacts of this one, and no workers of its own.
  private var wordsToShare: [String] {
    [
      "--workers", "0", "--redis", "unix://\(folder)/data/run/redis.sock", "--postgres", database,
      "--artifacts", folder + "/data/artifacts",
    ]
  }

  /// How a client connects to its PostgreSQL, as its controller was told; empty where none runs.
  var database: String {
    let name = "STRATA_POSTGRES_URL="
    let controller = processes("controller").min() ?? 0
    let environment = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(controller)/environ"))) ?? Data()
    let found = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      .first { $0.hasPrefix(name) }?.dropFirst(name.count)
    return String(found ?? "")
  }

  /// The binary that is tested, beside the tests' own.
  static let binary: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? bundle
    let folders = [bundle, own].map { ($0 as NSString).deletingLastPathComponent }
    let found = folders.first { FileManager.default.isExecutableFile(atPath: $0 + "/strata") }
    return (found ?? "") + "/strata"
  }()

  /// Stops the stack in good order and removes its folder.
  func stop() async {
    supervisor.signal(SIGTERM)
    _ = await supervisor.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }

  // MARK: Jobs

  func submit(_ request: JobRequest, key: String = "test-\(JobID())") async throws -> JobID {
    var sent = ClientRequest("POST", ["v1", "jobs"], body: try .json(request))
    sent.headers.append((name: "idempotency-key", value: key))
    let accepted: JobAccepted = try await client.send(sent).decode()
    return accepted.id
  }

  /// As `submit`, repeated under the same key until it is answered: what a careful client does.
  func submitPersistently(_ request: JobRequest, key: String = "test-\(JobID())") async throws -> JobID {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      do {
        return try await submit(request, key: key)
      } catch ClientError.refused(let problem) where problem.status < 500 {
        throw ClientError.refused(problem)
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  /// Reads, repeating while the controller restarts.
  private func get<Value: Decodable>(_ path: [String]) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      do {
        return try await client.send(ClientRequest("GET", path)).decode()
      } catch ClientError.refused(let problem) where problem.status < 500 {
        throw ClientError.refused(problem)
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  func job(_ id: JobID) async throws -> JobView {
    try await get(["v1", "jobs", id.description])
  }

  func finished(_ id: JobID, within limit: Duration = .seconds(90)) async throws -> JobView {
    try await waitUntil("job \(id) is finished", within: limit) { [self] in
      (try? await job(id))?.state.isFinal == true
    }
    return try await job(id)
  }

  func account() async throws -> AccountView {
    try await get(["v1", "account"])
  }

  /// Every job finished once, was charged once, holds nothing, and the books balance.
  ///
  /// - Parameter total: all charges, where there are more jobs than `jobs`.
  func expectSettledOnce(_ jobs: [JobID], price: Int64? = nil, total: Int64? = nil) async throws {
    var charged: Int64 = 0
    for id in jobs {
      let job = try await finished(id)
      #expect(job.state == .succeeded, "job \(id): \(job.state), \(String(describing: job.error))")
      #expect(job.attempts.count { $0.ending == .succeeded } == 1)
      if let price { #expect(job.chargedMicrocredits == price) }
      charged += job.chargedMicrocredits
    }
    let account = try await account()
    #expect(account.postedMicrocredits == total ?? charged)
    #expect(account.heldMicrocredits == 0)
    let books: LedgerView = try await get(["v1", "ledger", "verification"])
    #expect(books.violations == [])
    #expect(books.openHolds == 0)
    #expect(books.debitMicrocredits == books.creditMicrocredits)
  }

  /// Cancels a job.
  func cancel(_ id: JobID) async throws {
    _ = try await client.send(ClientRequest("DELETE", ["v1", "jobs", id.description]))
  }

  /// What finished jobs were charged, together.
  func total(of jobs: [JobID]) async throws -> Int64 {
    var total: Int64 = 0
    for id in jobs { total += try await finished(id).chargedMicrocredits }
    return total
  }

  /// How often a marked job got through.
  func runs(of job: MarkedJob) -> Int {
    let text = (try? String(contentsOfFile: folder + "/runs", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").count { $0 == job.mark }
  }

  /// How many lines a file has; none where there is no file.
  func lines(_ path: String) -> Int {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").count ?? 0
  }

  // MARK: Processes

  /// The processes of this stack whose command line has `word`, by number.
  func processes(_ word: String) -> [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { pid in
      guard let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline")) else { return false }
      let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      guard words.contains(where: { $0.contains(word) }) else { return false }
      return words.contains { $0.contains(folder) } || ancestors(of: pid).contains(supervisor.pid)
    }
  }

  private func ancestors(of pid: Int32) -> [Int32] {
    var chain: [Int32] = []
    var current = pid
    while current > 1, chain.count < 32,
      let status = try? String(contentsOfFile: "/proc/\(current)/stat", encoding: .utf8),
      let parent = status.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap({ Int32($0) })
    {
      chain.append(parent)
      current = parent
    }
    return chain
  }

  /// Kills (SIGKILL unless said otherwise) the first process of the stack whose command line has `word`.
  func kill(_ word: String, _ signal: Int32 = SIGKILL) throws {
    guard let victim = processes(word).min() else { throw Missing(description: "no process '\(word)' to kill") }
    Foundation.kill(victim, signal)
  }

  /// Runs a command of Debian's `redis-cli` against the stack's Redis.
  func redis(_ words: String...) async throws {
    var specification = ProcessSpecification("redis-cli", ["-s", folder + "/data/run/redis.sock"] + words)
    specification.standardOutput = .null
    let exit = try await ChildProcess.spawn(specification).wait()
    #expect(exit.isSuccess)
  }
}

/// A job that writes `mark` as a line into the stack's file `runs` each time it gets through.
struct MarkedJob: Sendable {
  let id: JobID
  let mark: String
}

/// What was waited or looked for is not there.
struct Missing: Error, CustomStringConvertible {
  let description: String
}
