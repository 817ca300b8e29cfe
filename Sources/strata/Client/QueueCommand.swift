import StrataAPI
import StrataCore

extension Command {
  static let queue = Command(
    name: "queue", arguments: "[pause|resume|limit tier|capability|tenant NAME [COUNT|none]]", argumentsMax: 4,
    summary: "Show what waits and runs, and the workers; pause or limit a tier, capability or tenant",
    details: """
      pause    nothing of it starts; what runs goes on
      resume   it starts again, within the limit that it had
      limit    at most COUNT of its jobs run at once; 'none' lifts that

      Example: strata queue limit tenant acme 10
      """,
    options: [.dataDirectory, .json],
    run: { arguments in
      guard let word = arguments.positional.first else { return try await show(arguments) }
      guard let verb = QueueVerb(rawValue: word) else {
        let near = Spelling.nearest(to: word, among: QueueVerb.allCases.map(\.rawValue))
        throw UsageError(
          "'\(word)' is none of \(QueueVerb.usage)" + (near.map { "; did you mean '\($0)'?" } ?? ""), command: "queue")
      }
      return try await GateAction(server: Server(arguments), arguments: arguments).perform(verb)
    })

  private static func show(_ arguments: Arguments) async throws -> ExitStatus {
    let queue: QueueView = try await Server(arguments).get("/v1/queue")
    Terminal.print(arguments.has("json") ? try JSONText.of(queue) : QueueText.of(queue))
    return .done
  }
}

/// What `strata queue` can do to a gate.
enum QueueVerb: String, CaseIterable {
  case pause, resume, limit

  static let usage = allCases.map(\.rawValue).joined(separator: "|")
}

/// One use of `strata queue pause|resume|limit`.
struct GateAction {
  let server: Server
  let arguments: Arguments

  func perform(_ verb: QueueVerb) async throws -> ExitStatus {
    let patch = try self.patch(verb)
    let words = arguments.positional
    let (kind, name) = (words[1], words[2])
    switch kind {
    case "tier": try show(await server.patch(["v1", "tiers", name, "policy"], patch) as LimitView)
    case "capability": try show(await server.patch(["v1", "capabilities", name, "policy"], patch) as LimitView)
    case "tenant":
      let tenant: TenantView = try await server.patch(["v1", "tenants", name], TenantPatch(limit: patch))
      if arguments.has("json") {
        Terminal.print(try JSONText.of(tenant))
      } else {
        try show(
          LimitView(kind: "tenant", name: tenant.name, runningMax: tenant.runningMax, isPaused: tenant.isPaused))
      }
    default: throw UsageError("'\(kind)' is none of tier, capability, tenant", command: "queue")
    }
    return .done
  }

  private func patch(_ verb: QueueVerb) throws(UsageError) -> LimitPatch {
    let count = arguments.positional.count
    guard count == (verb == .limit ? 4 : 3) else {
      throw UsageError(
        "expected strata queue \(verb.rawValue) tier|capability|tenant NAME\(verb == .limit ? " COUNT|none" : "")",
        command: "queue")
    }
    switch verb {
    case .pause: return LimitPatch(isPaused: true)
    case .resume: return LimitPatch(isPaused: false)
    case .limit: return LimitPatch(runningMax: .some(try RunningMaxWord.read(arguments.positional[3], "queue")))
    }
  }

  private func show(_ limit: LimitView) throws {
    if arguments.has("json") { return Terminal.print(try JSONText.of(limit)) }
    Terminal.print("\(limit.kind) \(limit.name): \(RunningMaxWord.text(limit.runningMax, isPaused: limit.isPaused))")
  }
}

/// A limit as people write and read it.
enum RunningMaxWord {
  /// - Returns: nil for `none`.
  static func read(_ text: String, _ command: String) throws(UsageError) -> Int? {
    if text == "none" { return nil }
    guard let count = Int(text), count >= 0 else {
      throw UsageError("a limit is a whole number or 'none', not '\(text)'", command: command)
    }
    return count
  }

  static func text(_ runningMax: Int?, isPaused: Bool) -> String {
    let limit = runningMax.map { "at most \($0) at once" } ?? "no limit"
    return isPaused ? "paused (\(limit) when resumed)" : limit
  }
}

enum QueueText {
  static func of(_ queue: QueueView) -> String {
    var tiers = Table("TIER", "WAITING", "RUNNING")
    for tier in queue.tiers { tiers.add(tier.name.rawValue, "\(tier.ready)", "\(tier.leased)") }
    var lanes = Table("TIER", "CLASS", "CAPABILITY", "NEEDS", "WAITING", "RUNNING")
    for lane in queue.lanes {
      lanes.add(
        lane.tier.rawValue, "\(lane.priorityClass)", lane.capability, needs(lane.resources), "\(lane.ready)",
        "\(lane.leased)")
    }
    var workers = Table("WORKER", "RUNNING", "LEASE UNTIL")
    for worker in queue.workers { workers.add(worker.id.description, "\(worker.leases)", worker.leaseUntil) }
    var parts = [
      queue.tiers.isEmpty ? "nothing waits or runs" : tiers.text + "\n\n" + lanes.text,
      queue.workers.isEmpty ? "no workers: jobs wait until one comes ('strata worker' is one)" : workers.text,
    ]
    if let admission = queue.admission { parts.insert("queue: \(AdmissionText.of(admission))", at: 0) }
    if queue.scheduled > 0 {
      parts.append(queue.scheduled == 1 ? "1 job waits for its time" : "\(queue.scheduled) jobs wait for their time")
    }
    for limit in queue.limits {
      parts.append("\(limit.kind) \(limit.name): \(RunningMaxWord.text(limit.runningMax, isPaused: limit.isPaused))")
    }
    if queue.outcomesPending > 0 {
      parts.append("\(queue.outcomesPending.counted("ended attempt is", "ended attempts are")) not settled yet")
    }
    if queue.unreadableEntries > 0 {
      parts.append(
        "\(queue.unreadableEntries.counted("entry", "entries")) could not be read and put aside: see docs/queue.md")
    }
    return parts.joined(separator: "\n\n")
  }

  private static func needs(_ resources: ResourceRequest) -> String {
    let gpu = resources.gpuThousandths > 0 ? ", \((Double(resources.gpuThousandths) / 1_000).plain) GPU" : ""
    return "\(resources.coresInWords), \(resources.memoryBytes.asBytes)\(gpu)"
  }
}

extension ResourceRequest {
  /// `1 core`, `2.5 cores`.
  var coresInWords: String { "\((Double(cpuMillicores) / 1_000).plain) core\(cpuMillicores == 1_000 ? "" : "s")" }
}
