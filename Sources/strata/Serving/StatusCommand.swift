import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime
import StrataStack

extension Command {
  static let status = Command(
    name: "status", summary: "Say whether a stack runs and consumes jobs",
    details: """
      It is that of the data folder, or the server that STRATA_URL names. The exit code is 0 if it does, else 4: also where no
      worker takes jobs, so that those that are accepted wait. It answers within about 10 s, whatever hangs.
      """,
    options: [.dataDirectory, .json],
    run: { arguments in
      let report = try await StatusReport.make(arguments)
      Terminal.print(arguments.has("json") ? try JSONText.of(report) : report.text)
      return report.isReady ? .done : .unreachable
    })
}

/// What `strata status` says.
struct StatusReport: Encodable {
  /// Where a stack is between two silences.
  enum State: String, Encodable {
    case stopped, starting, running, stopping
  }

  /// Nil of a server elsewhere.
  let directory: String?
  /// Nil of a server elsewhere: what it does when it does not answer is not known.
  var state: State? = .stopped
  /// The supervisor's process.
  var process: Int32?
  /// Where the API listens.
  var http: String?
  var isReady = false
  /// Why it is not.
  var obstacle: String?
  var queue: QueueView?

  enum CodingKeys: String, CodingKey {
    case directory, state, process, http, obstacle, queue
    case isReady = "ready"
  }

  static func make(_ arguments: Arguments) async throws -> StatusReport {
    if let url = Server.address(arguments) { return try await elsewhere(url) }
    guard let directory = try DataFolder.find(arguments) else {
      return StatusReport(directory: try DataFolder.path(arguments), obstacle: "it is not running")
    }
    switch try directory.tenure {
    case .free: return StatusReport(directory: directory.path, obstacle: "it is not running")
    case .ending:
      return StatusReport(
        directory: directory.path, state: .stopping, obstacle: "its process has gone, and what it left is being ended")
    case .held(let holder): return await running(directory, holder)
    }
  }

  /// Of a server what it tells of itself; of its queue only where there is a key for it.
  private static func elsewhere(_ url: String) async throws(StrataError) -> StatusReport {
    let client = HTTPClient(try ClientEndpoint(url), bearerKey: Environment.current["STRATA_API_KEY"])
    var report = StatusReport(directory: nil, state: nil, http: url, obstacle: await client.obstacle())
    report.isReady = report.obstacle == nil
    if report.isReady { report.queue = await client.queue() }
    report.noteWorkers()
    return report
  }

  private static func running(_ directory: DataDirectory, _ holder: Int32) async -> StatusReport {
    let endpoint = Endpoint(directory: directory)
    let phase = StackNote(directory: directory).phase
    var report = StatusReport(directory: directory.path, process: holder)
    report.http = endpoint.httpAddress
    switch phase {
    case .starting: report.state = .starting
    case .ready: report.state = .running
    case .stopping: report.state = .stopping
    }
    report.obstacle = await obstacle(phase, endpoint)
    report.isReady = report.obstacle == nil
    if report.isReady { report.queue = await endpoint.queue() }
    report.noteWorkers()
    return report
  }

  /// Nothing is consumed where nobody takes jobs, however ready all else is. Whose key is no operator's does not see them.
  private mutating func noteWorkers() {
    guard let queue, queue.outcomesPending != nil, queue.workers.isEmpty else { return }
    isReady = false
    obstacle =
      "no worker takes jobs: those that are accepted wait; start one with strata worker, or have strata up start some"
      + " (--workers)"
  }

  private static func obstacle(_ phase: StackNote.Phase, _ endpoint: Endpoint) async -> String? {
    switch phase {
    case .starting: "it is starting"
    case .ready: await endpoint.obstacle()
    case .stopping: "it is stopping"
    }
  }

  var text: String {
    guard let directory, let state else { return (["Strata at \(http ?? "")"] + standing).joined(separator: "\n") }
    guard state != .stopped else {
      return DataDirectory.isForeign(directory)
        ? "\(directory) has other things in it and is no data folder of Strata's; name the right one with --data-dir"
        : "Strata is not running in \(directory); start it with strata up"
    }
    let holder = process.map { ", process \($0)" } ?? ""
    var lines = ["Strata is \(state.rawValue) in \(directory)\(holder)"]
    if let http { lines.append("  API      \(http)") }
    return (lines + standing).joined(separator: "\n")
  }

  private var standing: [String] {
    var lines: [String] = []
    lines.append(obstacle.map { "  NOT READY: \($0)" } ?? "  ready    \(consumption)")
    if let admission = queue?.admission { lines.append("  queue    \(AdmissionText.fullness(of: admission))") }
    for tier in queue?.tiers ?? [] {
      lines.append("  tier     \(tier.name): \(tier.ready) waiting, \(tier.leased) running")
    }
    // Whose key is no operator's is told of neither.
    if let queue, let pending = queue.outcomesPending {
      lines.append("  workers  \(queue.workers.count), \(pending.counted("outcome")) to settle")
    }
    return lines
  }

  private var consumption: String {
    guard let reason = queue?.admission?.reason else { return "jobs are consumed" }
    return "jobs are consumed; NO NEW ONES ARE ACCEPTED: \(reason)"
  }
}
