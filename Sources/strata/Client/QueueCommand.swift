import StrataAPI
import StrataCore

extension Command {
  static let queue = Command(
    name: "queue", arguments: "[pause|resume|drain|limit|rate tier|capability|tenant NAME [WHAT]]|[order]",
    argumentsMax: 5,
    summary: "Show what waits and runs, and the workers; pause or limit a tier, capability or tenant",
    details: """
      pause    nothing of it starts; what runs goes on
      drain    the same, and waits until nothing of it runs; it stays paused, whatever ends the wait
      resume   it starts again, within the limit that it had
      limit    at most so many of its jobs run at once; 'none' lifts that
      rate     at most so many of its jobs start in a time, such as 10/s, 100/1m or 1000/1h, and so many at once where that
               is said after it; 'none' lifts that
      order    show what is wanted of the order of jobs, or change it with the options

      Without one of these it shows what waits and runs: by tier, and by class and tenant. OLDEST is how long ago the job
      was accepted that has waited the longest; SHARE is what a tenant received of its class in the last minute, DUE its
      part by weight among the tenants that wait. A tenant's key sees its own part. In a pipe each line is one thing, its
      kind first, with tabs between.

      Examples: strata queue limit tenant acme 10
                strata queue drain tier gpu --timeout 30m
                strata queue rate capability command.run 100/1m 20
                strata queue order --keep-room-after 2m --class-patience 10m
      """,
    options: QueueOrderAction.options + [
      .time("timeout", "how long to wait until nothing runs (drain) [for ever]"),
      .option("tenants", "N", "tenants of a class to show, those with the most jobs waiting [20]"), .dataDirectory,
      .json,
    ],
    run: { arguments in
      let isOrder = arguments.positional.first == QueueOrderAction.word
      if let stray = QueueOrderAction.options.first(where: { arguments.has($0.name) }), !isOrder {
        throw UsageError("--\(stray.name) is for 'strata queue order'", command: "queue")
      }
      guard let word = arguments.positional.first else { return try await show(arguments) }
      if isOrder { return try await QueueOrderAction(arguments: arguments).perform() }
      guard let verb = QueueVerb(rawValue: word) else {
        let near = Spelling.nearest(to: word, among: QueueVerb.allCases.map(\.rawValue))
        throw UsageError(
          "'\(word)' is none of \(QueueVerb.usage)" + (near.map { "; did you mean '\($0)'?" } ?? ""), command: "queue")
      }
      if arguments.has("timeout"), verb != .drain {
        throw UsageError("--timeout is for 'strata queue drain'", command: "queue")
      }
      let action = GateAction(server: try Server(arguments), arguments: arguments)
      return verb == .drain ? try await action.drain() : try await action.perform(verb)
    })

  private static func show(_ arguments: Arguments) async throws -> ExitStatus {
    let tenants = try arguments.integer("tenants", in: 0...1_000)
    let queue: QueueView = try await Server(arguments).get(
      "/v1/queue", query: tenants.map { [(name: "tenants", value: "\($0)")] } ?? [])
    if arguments.has("json") {
      Terminal.print(try JSONText.of(queue))
    } else {
      let text = Terminal.isOutputInteractive ? QueueText.of(queue) : QueueLines.of(queue)
      if !text.isEmpty { Terminal.print(text) }
    }
    return .done
  }
}

/// What `strata queue` can do to a gate.
enum QueueVerb: String, CaseIterable {
  case pause, resume, drain, limit, rate

  static let usage = (allCases.map(\.rawValue) + [QueueOrderAction.word]).joined(separator: "|")
}

/// One use of `strata queue pause|resume|drain|limit|rate`.
struct GateAction {
  let server: Server
  let arguments: Arguments

  func perform(_ verb: QueueVerb) async throws -> ExitStatus {
    let limit = try await change(try patch(verb))
    Terminal.print(
      arguments.has("json") ? try JSONText.of(limit) : "\(limit.kind) \(limit.name): \(RunningMaxWord.text(limit))")
    return .done
  }

  func drain() async throws -> ExitStatus {
    _ = try patch(.drain)
    return try await QueueDrain(action: self).perform()
  }

  /// Changes the gate that is named, and tells how it stands then.
  func change(_ patch: LimitPatch) async throws -> LimitView {
    let path = try path
    guard path[1] == "tenants" else { return try await server.patch(path, patch) }
    return LimitView(try await server.patch(path, TenantPatch(limit: patch)))
  }

  /// How the gate stands.
  func current() async throws -> LimitView {
    let path = try path
    return path[1] == "tenants" ? LimitView(try await server.get(path)) : try await server.get(path)
  }

  private var path: [String] {
    get throws(UsageError) {
      let (kind, name) = (arguments.positional[1], arguments.positional[2])
      switch kind {
      case "tier": return ["v1", "tiers", name, "policy"]
      case "capability": return ["v1", "capabilities", name, "policy"]
      case "tenant": return ["v1", "tenants", name]
      default: throw UsageError("'\(kind)' is none of tier, capability, tenant", command: "queue")
      }
    }
  }

  private func patch(_ verb: QueueVerb) throws(UsageError) -> LimitPatch {
    let count = arguments.positional.count
    let (most, what) =
      switch verb {
      case .pause, .resume, .drain: (3, "")
      case .limit: (4, " COUNT|none")
      case .rate: (5, " RATE|none [BURST]")
      }
    guard count == most || verb == .rate && count == 4 else {
      throw UsageError(
        "expected strata queue \(verb.rawValue) tier|capability|tenant NAME\(what)", command: "queue")
    }
    switch verb {
    case .pause, .drain: return LimitPatch(isPaused: true)
    case .resume: return LimitPatch(isPaused: false)
    case .limit: return LimitPatch(runningMax: .some(try RunningMaxWord.read(arguments.positional[3], "queue")))
    case .rate:
      let burst = try count == 5 ? RunningMaxWord.read(arguments.positional[4], "queue") : nil
      return LimitPatch(rate: .some(try RateWord.read(arguments.positional[3], burst: burst, "queue")))
    }
  }
}

extension LimitView {
  fileprivate init(_ tenant: TenantView) {
    self.init(
      kind: "tenant", name: tenant.name, runningMax: tenant.runningMax, isPaused: tenant.isPaused, rate: tenant.rate,
      running: tenant.running)
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

  static func text(_ limit: LimitView) -> String { text(limit.runningMax, isPaused: limit.isPaused, rate: limit.rate) }

  static func text(_ runningMax: Int?, isPaused: Bool, rate: RateView?) -> String {
    let parts = [runningMax.map { "at most \($0) at once" }, rate.map(RateWord.text)].compactMap(\.self)
    let limit = parts.isEmpty ? "no limit" : parts.joined(separator: ", ")
    return isPaused ? "paused (\(limit) when resumed)" : limit
  }
}
