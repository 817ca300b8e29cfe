internal import CQueueScripts

/// The queue's transitions, each a Lua file of `scripts/` that the server runs whole.
enum RedisScript: String, CaseIterable, Sendable {
  case enqueue, promote, lease, heartbeat, progress, complete, fail, release, expire, cancel, announce, forget, install
  case govern, status, log, census, page, aside

  /// The files of `scripts/shared` that it builds on, in order.
  private var shared: [String] {
    let lanes = ["queue", "record", "lanes", "gates", "wake", "fair"]
    let returning = ["unreadable", "account", "log", "ending", "delay", "returning"]
    return switch self {
    case .install, .log, .census, .page: ["queue"]
    case .announce: ["queue", "log"]
    case .status: ["queue", "record"]
    case .aside: ["queue", "unreadable"]
    case .enqueue: lanes + ["unreadable", "delay"]
    case .promote: lanes + ["unreadable"]
    case .lease: lanes + ["unreadable", "log"]
    case .progress: ["queue", "record", "log"]
    case .complete: lanes + ["account", "log", "ending"]
    case .cancel: lanes + ["account", "removing", "log", "ending"]
    case .forget: lanes + ["account", "removing"]
    case .govern: lanes + ["account"]
    case .fail, .release: lanes + returning
    case .heartbeat, .expire: lanes + returning + ["holding"]
    }
  }

  /// What the server loads: the line with the script's flags, the limits, then what it shares, then itself.
  func source(under limits: QueueLimits) -> String {
    let own = Self.text(rawValue)
    let flags = own.prefix { $0 != "\n" }
    let head = [String(flags)] + constants(limits).map { "local \($0) = \(max(0, $1))" }
    return (head + shared.map { Self.text("shared/\($0)") } + [String(own.dropFirst(flags.count))])
      .joined(separator: "\n")
  }

  /// The limits that it looks at: as arguments they would cost every call.
  private func constants(_ limits: QueueLimits) -> [(String, Int64)] {
    var constants: [(String, Int64)] = []
    if shared.contains("unreadable") {
      constants += [
        ("UNREADABLE_MAX", Int64(limits.unreadableMax)), ("UNREADABLE_BYTES_MAX", Int64(limits.unreadableBytesMax)),
      ]
    }
    if shared.contains("returning") { constants.append(("WORKER_LOSSES_MAX", Int64(limits.workerLossesMax))) }
    if self == .enqueue { constants.append(("LANES_MAX", Int64(limits.lanesMax))) }
    if self == .lease {
      constants += [
        ("VISITS_MAX", Int64(limits.turnsMax)), ("HISTORY_NONE", limits.durationUnknown.wholeMicroseconds),
      ]
    }
    return constants
  }

  private static func text(_ name: String) -> String {
    guard let text = unsafe strata_queue_script(name) else { preconditionFailure("script '\(name)' is not embedded") }
    return unsafe String(cString: text)
  }
}

/// The scripts' texts, for tests that feed them to a server directly.
package enum ScriptSource {
  package static var names: [String] { RedisScript.allCases.map(\.rawValue) }

  /// - Returns: empty for a name that is none of `names`.
  package static func text(of name: String) -> String {
    RedisScript(rawValue: name)?.source(under: QueueLimits()) ?? ""
  }
}
