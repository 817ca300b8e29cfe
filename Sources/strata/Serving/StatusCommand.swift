import StrataAPI
import StrataClient
import StrataCore
import StrataStack

extension Command {
  static let status = Command(
    name: "status", summary: "Say whether the stack of a folder runs and consumes jobs",
    options: [.dataDirectory, .json],
    run: { arguments in
      let report = try await StatusReport.make(arguments)
      Terminal.print(arguments.has("json") ? try JSONText.of(report) : report.text)
      return report.isReady ? .done : .unreachable
    })
}

/// What `strata status` says.
struct StatusReport: Encodable {
  let directory: String
  /// The supervisor's process.
  let process: Int32?
  let http: String?
  let isReady: Bool
  /// Why it is not.
  let obstacle: String?
  let queue: QueueView?

  enum CodingKeys: String, CodingKey {
    case directory, process, http, obstacle, queue
    case isReady = "ready"
  }

  static func make(_ arguments: Arguments) async throws -> StatusReport {
    guard let directory = try DataFolder.find(arguments), let holder = directory.holder else {
      return StatusReport(
        directory: try DataFolder.path(arguments), process: nil, http: nil, isReady: false,
        obstacle: "it is not running", queue: nil)
    }
    let endpoint = Endpoint(directory: directory)
    let obstacle = await endpoint.obstacle()
    let queue: QueueView? = try? await Server(arguments).get("/v1/queue")
    return StatusReport(
      directory: directory.path, process: holder, http: endpoint.httpAddress, isReady: obstacle == nil,
      obstacle: obstacle, queue: queue)
  }

  var text: String {
    guard let process else { return "Strata is not running in \(directory); start it with strata up" }
    var lines = ["Strata runs in \(directory) as process \(process)", "  API      \(http ?? "not yet")"]
    lines.append(obstacle.map { "  NOT READY: \($0)" } ?? "  ready    jobs are consumed")
    for tier in queue?.tiers ?? [] {
      lines.append("  tier     \(tier.name): \(tier.ready) waiting, \(tier.leased) running")
    }
    if let queue { lines.append("  workers  \(queue.workers.count), \(queue.outcomesPending) outcomes to settle") }
    return lines.joined(separator: "\n")
  }
}
