import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime

/// A stack of `strata up` in a temporary folder, for benchmarks of the whole path.
final class BenchmarkStack: Sendable {
  let folder: String
  private let supervisor: ChildProcess
  private let client: HTTPClient

  init() async throws {
    folder = FileManager.default.temporaryDirectory.path + "/strata-bench-\(JobID())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let binary = ((CommandLine.arguments[0] as NSString).deletingLastPathComponent) + "/strata"
    guard FileManager.default.isExecutableFile(atPath: binary) else {
      throw StrataError(.notFound, "there is no \(binary)", remedy: "build it: make build")
    }
    var specification = ProcessSpecification(
      binary, ["up", "--data-dir", folder + "/data", "--http", "127.0.0.1:0"])
    specification.standardOutput = .null
    specification.parentDeathSignal = SIGTERM
    supervisor = try await ChildProcess.spawn(specification)
    while !FileManager.default.fileExists(atPath: folder + "/data/run/ready") {
      guard supervisor.exit == nil else {
        throw StrataError(.unavailable, "the stack did not start; run strata doctor")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    let key = try String(contentsOfFile: folder + "/data/api-key", encoding: .utf8)
    var limits = HTTPClient.Limits()
    limits.keptConnections = 64
    client = HTTPClient(
      try ClientEndpoint("unix://\(folder)/data/run/api.sock"),
      bearerKey: key.trimmingCharacters(in: .whitespacesAndNewlines), limits: limits)
  }

  func stop() async {
    supervisor.signal(SIGTERM)
    _ = await supervisor.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func submitNoop() async throws -> JobID {
    let request = ClientRequest("POST", ["v1", "jobs"], body: try .json(JobRequest(capability: "noop")))
    let accepted: JobAccepted = try await client.send(request).decode()
    return accepted.id
  }

  func finished(_ job: JobID) async throws -> JobView {
    let events = ClientRequest("GET", ["v1", "jobs", job.description, "events"], timeout: .seconds(60))
    try await client.events(events) { _ in true }
    return try await client.send(ClientRequest("GET", ["v1", "jobs", job.description])).decode()
  }

  func account() async throws -> AccountView {
    try await client.send(ClientRequest("GET", ["v1", "account"])).decode()
  }
}
