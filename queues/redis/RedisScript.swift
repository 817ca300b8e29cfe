internal import CQueueScripts

/// The queue's transitions, each a Lua file of `scripts/` that the server runs whole.
enum RedisScript: String, CaseIterable, Sendable {
  case enqueue, lease, heartbeat, progress, complete, fail, release, expire, cancel, announce, forget, install
  case status, log, census, page, aside

  /// The files of `scripts/shared` that it builds on, in order.
  private var shared: [String] {
    switch self {
    case .install, .log, .census, .page: ["queue"]
    case .announce: ["queue", "log"]
    case .status, .forget: ["queue", "record"]
    case .aside: ["queue", "unreadable"]
    case .enqueue: ["queue", "record", "unreadable", "wake"]
    case .lease: ["queue", "record", "unreadable", "log"]
    case .progress: ["queue", "record", "log"]
    case .complete: ["queue", "record", "log", "ending"]
    case .cancel: ["queue", "record", "wake", "log", "ending"]
    case .fail, .release: ["queue", "record", "wake", "log", "ending", "returning"]
    case .heartbeat, .expire:
      ["queue", "record", "unreadable", "wake", "log", "ending", "returning", "holding"]
    }
  }

  /// What the server loads: the line with the script's flags, the limits, then what it shares, then itself.
  func source(under limits: QueueLimits) -> String {
    let own = Self.text(rawValue)
    let flags = own.prefix { $0 != "\n" }
    let head = shared.contains("unreadable") ? [String(flags), Self.constants(limits)] : [String(flags)]
    return (head + shared.map { Self.text("shared/\($0)") } + [String(own.dropFirst(flags.count))])
      .joined(separator: "\n")
  }

  /// Limits that only rare paths need: as arguments they would cost every call.
  private static func constants(_ limits: QueueLimits) -> String {
    "local UNREADABLE_MAX = \(max(0, limits.unreadableMax))\n"
      + "local UNREADABLE_BYTES_MAX = \(max(0, limits.unreadableBytesMax))"
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
