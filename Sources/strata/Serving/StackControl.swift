import FoundationEssentials
import StrataClient
import StrataCore
import StrataQueue
import StrataRuntime
import StrataServer
import StrataStack

/// What may be asked of a stack's supervisor while it runs, at a socket of its own in the data folder, which only its
/// owner may use.
///
/// - `GET /services` names those that can be restarted, in the order in which that is done.
/// - `POST /services/NAME/restart` does it, and answers when it is done, be that hours later. It goes on when the client
///   leaves; who asks again meanwhile waits for the same, and `job_grace_seconds` gives its jobs that long from then on.
struct StackControl {
  /// Bytes of a request's body.
  private static let bodyBytesMax = 64 << 10
  private static let members = ["": ["program", "layout", "job_grace_seconds"]]

  let services: [OwnService]
  let log: Log
  private let restarts: OngoingRestarts

  init(services: [OwnService], log: Log) {
    (self.services, self.log, restarts) = (services, log, OngoingRestarts(log: log))
  }

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
      return .json(try JSONCoding.encode(try await restart(service, order)))
    default:
      throw StrataError(
        .notFound, "the supervisor knows no \(request.method.rawValue) \(request.path)",
        remedy: "see whether it and this command have the same version")
    }
  }

  private func restart(_ service: OwnService, _ order: RestartOrder) async throws(StrataError) -> RestartReport {
    guard order.layout == RedisQueue.layout else {
      throw StrataError(
        .conflict,
        "that version keeps the queue in another layout (\(order.layout), not \(RedisQueue.layout)) and cannot share it",
        remedy: "stop the stack with strata down and start the new version's strata up")
    }
    let grace = min(Duration.seconds(max(0, order.jobGraceSeconds)), JobGrace.longest)
    return try await restarts.restart(service, from: try StackProgram.Candidate(order.program), grace: grace)
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
  /// The layout of the queue that it knows.
  let layout: Int
  /// How long the running jobs of a worker have to end.
  let jobGraceSeconds: Int64

  enum CodingKeys: String, CodingKey {
    case program, layout
    case jobGraceSeconds = "job_grace_seconds"
  }
}

/// What came of a restart.
struct RestartReport: Codable {
  /// The processes before and after it.
  let from: Int32?
  let to: Int32
}
