internal import CQueueScripts
internal import StrataCore

/// The queue's transitions, each a Lua file of `scripts/` that the server runs whole.
enum RedisScript: String, CaseIterable, Sendable {
  case enqueue, promote, lease, heartbeat, progress, complete, fail, release, expire, cancel, preempt, reserve,
    reprioritise, rewind, dead, leave
  case announce, forget, install, tune
  case govern, status, log, census, page, aside
  case room, running, pool, standing, oldest
}

/// All transitions as one library of Redis functions: what they share is made once, when the server loads it, and not by
/// every call. Its name is made from its text, so that programs of different versions, or with other limits, use one
/// server without getting in each other's way.
struct ScriptLibrary: Sendable {
  let name: String
  /// What the server loads.
  let text: String

  /// The files of `scripts/shared`, each before those that use it.
  private static let shared = [
    "queue", "record", "timers", "lanes", "limits", "tenants", "unreadable", "wake", "capacity", "keeping", "workers",
    "log",
    "granting", "turns", "ready", "removing", "account", "holding", "ending", "standing",
  ]

  init(under limits: QueueLimits) {
    let constants = Self.constants(limits).map { "local \($0) = \(max(0, $1))" }
    let parts = constants + Self.shared.map { Self.module(Self.file("shared/\($0)")) }
    // Each file of its own has its own names, as a function of its own: they do not count among the 200 of the whole.
    let own = RedisScript.allCases.map { "do\nlocal function run()\n\(Self.file($0.rawValue))\nend\nrun()\nend" }
    let body = (parts + own).joined(separator: "\n")
    name = "strata_\(Self.digest(body))"
    text = "#!lua name=\(name)\nlocal LIBRARY = '\(name)'\n\(body)"
  }

  /// A shared file whose last words are `return …` keeps every name to itself but these: Lua has no more than 200 at a time.
  private static func module(_ text: String) -> String {
    let lines = text.split(separator: "\n")
    guard let last = lines.lastIndex(where: { $0.hasPrefix("return ") }) else { return text }
    let names = lines[last...].joined().dropFirst("return ".count)
    return "local \(names) = (function()\n\(text)\nend)()"
  }

  /// What the server calls `script`.
  func function(_ script: RedisScript) -> [UInt8] { Array("\(name)_\(script.rawValue)".utf8) }

  /// The limits that the scripts look at: as arguments they would cost every call.
  private static func constants(_ limits: QueueLimits) -> [(String, Int64)] {
    [
      ("UNREADABLE_MAX", Int64(limits.unreadableMax)), ("UNREADABLE_BYTES_MAX", Int64(limits.unreadableBytesMax)),
      ("WORKER_LOSSES_MAX", Int64(limits.workerLossesMax)), ("LANES_MAX", Int64(limits.lanesMax)),
      ("GAP_PATIENCE", Int64(limits.gapPatience)),
      ("WAYS_MAX", Int64(limits.alternativesMax) + 1), ("TURNS_MAX", Int64(limits.turnsMax)),
      ("AVERAGE_NONE", limits.durationUnknown.wholeMicroseconds),
      ("QUANTUM", limits.turnQuantum.milliseconds), ("THROTTLE_STEP", limits.throttleStep.wholeMicroseconds),
    ] + zip(["KEEP_AFTER", "KEPT_FOR", "CLASS_PATIENCE", "AGEING"], QueuePolicy.standard.numbers)
  }

  /// FNV-1a, 64 bits (Fowler, Noll, Vo): tells texts apart, nothing more.
  private static func digest(_ text: String) -> String {
    let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }

  private static func file(_ name: String) -> String {
    guard let text = unsafe strata_queue_script(name) else { preconditionFailure("script '\(name)' is not embedded") }
    return unsafe String(cString: text)
  }
}

/// The scripts, for tests that feed them to a server directly.
package enum ScriptSource {
  package static var names: [String] { RedisScript.allCases.map(\.rawValue) }
  package static var library: String { ScriptLibrary(under: QueueLimits()).text }

  /// What the server calls the script of this name.
  package static func function(_ name: String) -> String { "\(ScriptLibrary(under: QueueLimits()).name)_\(name)" }
}
