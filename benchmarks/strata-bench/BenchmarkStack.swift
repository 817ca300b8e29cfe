import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataLedger
import StrataRuntime
import StrataStack

/// A stack of `strata up` in a temporary folder, for benchmarks of the whole path.
final class BenchmarkStack: Sendable {
  let folder: String
  /// How a client reaches its PostgreSQL, and its Redis.
  let database: String
  let redisSocket: String
  private let supervisor: ChildProcess
  private let client: HTTPClient

  /// - Parameter words: what `strata up` is told beyond its folder and its address.
  init(_ words: [String] = []) async throws {
    folder = FileManager.default.temporaryDirectory.path + "/strata-bench-\(JobID())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let binary = ((CommandLine.arguments[0] as NSString).deletingLastPathComponent) + "/strata"
    guard FileManager.default.isExecutableFile(atPath: binary) else {
      throw StrataError(.notFound, "there is no \(binary)", remedy: "build it: make build")
    }
    var specification = ProcessSpecification(
      binary, ["up", "--data-dir", folder + "/data", "--http", "127.0.0.1:0"] + words)
    specification.standardOutput = .null
    specification.parentDeathSignal = SIGTERM
    supervisor = try await ChildProcess.spawn(specification)
    do {
      try await Self.waitUntilReady(supervisor, folder)
      let key = try String(contentsOfFile: folder + "/data/api-key", encoding: .utf8)
      let directory = try Self.directory(in: folder)
      database = EmbeddedPostgreSQL(in: directory, identity: .random()).connectionString
      redisSocket = directory.socket("redis.sock")
      client = try Self.client(in: folder, key: key.trimmingCharacters(in: .whitespacesAndNewlines), connections: 64)
    } catch {
      await Self.end(supervisor, folder)
      throw error
    }
  }

  private static func waitUntilReady(_ supervisor: ChildProcess, _ folder: String) async throws {
    while !FileManager.default.fileExists(atPath: folder + "/data/run/ready") {
      guard supervisor.exit == nil else {
        throw StrataError(.unavailable, "the stack did not start; run strata doctor")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private static func client(in folder: String, key: String, connections: Int) throws -> HTTPClient {
    var limits = HTTPClient.Limits()
    limits.keptConnections = connections
    let socket = try directory(in: folder).socket("api.sock")
    return HTTPClient(try ClientEndpoint("unix://\(socket)"), bearerKey: key, limits: limits)
  }

  private static func directory(in folder: String) throws(StrataError) -> DataDirectory {
    guard let directory = try DataDirectory.find(folder + "/data") else {
      throw StrataError(.notFound, "\(folder)/data is no data directory")
    }
    return directory
  }

  /// Running jobs are handed back at once: a benchmark that ends with some was broken off.
  private static func end(_ supervisor: ChildProcess, _ folder: String) async {
    supervisor.signal(SIGTERM)
    if await supervisor.wait(atMost: .seconds(2)) == nil { supervisor.signal(SIGTERM) }
    _ = await supervisor.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func stop() async { await Self.end(supervisor, folder) }

  var isRunning: Bool { supervisor.exit == nil }

  /// The process that has started all others.
  var process: Int32 { supervisor.pid }

  /// Makes tenants with credits for anything, and a client for each.
  func makeTenants(_ names: [String]) async throws -> [HTTPClient] {
    let ledger = try Ledger(PostgreSQLConfiguration(connectionString: database))
    var clients: [HTTPClient] = []
    for name in names {
      let tenant = try await ledger.createTenant(
        name: name, plan: "bench", credits: MicroCredits(micros: 1_000_000_000_000_000))
      let key = try await ledger.createKey(tenant: tenant, name: "bench").secret
      clients.append(try Self.client(in: folder, key: key, connections: 2))
    }
    await ledger.close()
    return clients
  }

  /// Jobs of tier cpu are taken although there is no worker.
  func declareTier() async throws {
    let size = ResourceRequest(cpuMillicores: 64_000, memoryBytes: 64 << 30)
    let change = TierPatch(declaredSize: .some(size))
    _ = try await client.send(ClientRequest("PATCH", ["v1", "tiers", "cpu"], body: try .json(change)))
  }

  /// Has nothing of tier cpu start, or has it start again.
  func setPaused(_ isPaused: Bool) async throws {
    let change = try ClientRequest.Body.json(LimitPatch(isPaused: isPaused))
    _ = try await client.send(ClientRequest("PATCH", ["v1", "tiers", "cpu", "policy"], body: change))
  }

  func submitNoop() async throws -> JobID { try await submit(JobRequest(capability: "noop")) }

  func submit(_ job: JobRequest) async throws -> JobID {
    let request = ClientRequest("POST", ["v1", "jobs"], body: try .json(job))
    let accepted: JobAccepted = try await client.send(request).decode()
    return accepted.id
  }

  func finished(_ job: JobID) async throws -> JobView {
    let events = ClientRequest("GET", ["v1", "jobs", job.description, "events"], timeout: .seconds(60))
    try await client.events(events) { _ in true }
    return try await client.send(ClientRequest("GET", ["v1", "jobs", job.description])).decode()
  }

  /// What a job's last attempt has printed, without blanks at its ends.
  func log(of job: JobID) async throws -> String {
    let answer = try await client.send(ClientRequest("GET", ["v1", "jobs", job.description, "log"]))
    return String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func account() async throws -> AccountView {
    try await client.send(ClientRequest("GET", ["v1", "account"])).decode()
  }
}
