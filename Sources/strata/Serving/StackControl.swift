import FoundationEssentials
import StrataClient
import StrataCore
import StrataRuntime
import StrataServer
import StrataStack

/// What may be asked of a stack's supervisor while it runs, at a socket of its own in the data folder, which only its
/// owner may use.
///
/// - `GET /services` names those that can be restarted, in the order in which that is done.
/// - `POST /services/NAME/restart` does it, and answers when it is done, be that hours later. It goes on when the client
///   leaves.
struct StackControl {
  /// Bytes of a request's body.
  private static let bodyBytesMax = 64 << 10
  private static let members = ["": ["program", "job_grace_seconds"]]

  let services: [OwnService]
  let program: StackProgram
  let graceNote: JobGraceNote
  let log: Log

  static func socket(of directory: DataDirectory) -> String { directory.socket("up.sock") }

  /// Serves until the server is shut down.
  func open(in directory: DataDirectory) async throws(StrataError) -> HTTPServer {
    let server = HTTPServer(loop: try EventLoop(label: "control"), log: { [log] in log.warning($0) }) {
      try await answer($0)
    }
    _ = try await server.listen(on: .unix(path: Self.socket(of: directory)))
    return server
  }

  private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
    switch (request.method, request.path.segments) {
    case (.get, ["services"]): return .json(try JSONCoding.encode(services.map(\.name)))
    case (.post, let path) where path.count == 3 && path.first == "services" && path.last == "restart":
      let order = try JSONCoding.decode(
        RestartOrder.self, from: try await request.body.collect(limit: Self.bodyBytesMax), members: Self.members)
      guard let service = services.first(where: { $0.name == path[1] }) else { throw unknown(path[1]) }
      // Not the request's own task, which ends with its client.
      return .json(try JSONCoding.encode(try await Task { try await restart(service, order) }.value))
    default:
      throw StrataError(
        .notFound, "the supervisor knows no \(request.method.rawValue) \(request.path)",
        remedy: "see whether it and this command have the same version")
    }
  }

  private func restart(_ service: OwnService, _ order: RestartOrder) async throws(StrataError) -> RestartReport {
    let grace = Duration.seconds(max(0, order.jobGraceSeconds))
    log.info("restarting as asked", ["service": service.name, "program": order.program])
    let (start, before) = (ContinuousClock.now, await service.process.child?.pid)
    try graceNote.say(grace)
    let process = try await program.use(order.program) { () throws(StrataError) in
      try await service.restart(grace: grace)
    }
    let time = ContinuousClock.now - start
    log.info("restarted", ["service": service.name, "process": "\(process)", "ms": "\(time.milliseconds)"])
    return RestartReport(from: before, to: process, seconds: time.seconds)
  }

  private func unknown(_ name: String) -> StrataError {
    let names = services.map(\.name)
    let near = Spelling.nearest(to: name, among: names).map { "; did you mean '\($0)'?" }
    return StrataError(
      .notFound, "this stack has no service '\(name)'" + (near ?? ""), remedy: "name \(names.joined(separator: ", "))")
  }
}

/// What a restart is asked for with.
struct RestartOrder: Codable {
  /// Which program is to be started: its path.
  let program: String
  /// How long the running jobs of a worker have to end.
  let jobGraceSeconds: Int64

  enum CodingKeys: String, CodingKey {
    case program
    case jobGraceSeconds = "job_grace_seconds"
  }
}

/// What came of a restart.
struct RestartReport: Codable {
  /// The processes before and after it.
  let from: Int32?
  let to: Int32
  /// How long it took until the new one was ready.
  let seconds: Double
}
