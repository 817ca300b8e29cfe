internal import Synchronization

/// Runs the queue's scripts by their digests, and loads them where the server does not know them (it was restarted or
/// its scripts were flushed).
final class ScriptRunner: Sendable {
  private let connection: RedisConnection
  private let limits: QueueLimits
  private let digests = Mutex<[RedisScript: [UInt8]]>([:])

  init(_ connection: RedisConnection, limits: QueueLimits) {
    self.connection = connection
    self.limits = limits
  }

  /// Runs `script` on the keys that begin with `prefix`.
  ///
  /// - Parameter arguments: appends the script's own arguments.
  func run(
    _ script: RedisScript, prefix: [UInt8], _ arguments: (inout RedisCommand) -> Void
  ) async throws(QueueError) -> RedisValue {
    for isRepeated in [false, true] {
      var command = RedisCommand("EVALSHA")
      command.append(try await digest(of: script, reload: isRepeated))
      command.append("1")
      command.append(prefix)
      arguments(&command)
      let answer = try await connection.send(command)
      guard case .error(let message) = answer else { return answer }
      // The script did not run, so it may be sent again.
      guard message.hasPrefix("NOSCRIPT") else { throw QueueError(serverMessage: message) }
    }
    throw .server("the server does not keep script '\(script.rawValue)'")
  }

  /// Loads all scripts.
  func load() async throws(QueueError) {
    for script in RedisScript.allCases { _ = try await digest(of: script, reload: true) }
  }

  private func digest(of script: RedisScript, reload: Bool) async throws(QueueError) -> [UInt8] {
    if !reload, let digest = digests.withLock({ $0[script] }) { return digest }
    let answer = try await connection.send(RedisCommand("SCRIPT", "LOAD", script.source(under: limits)))
    if case .error(let message) = answer { throw QueueError(serverMessage: message) }
    guard let digest = answer.bytes else { throw .server("SCRIPT LOAD gave no digest") }
    digests.withLock { $0[script] = digest }
    return digest
  }
}

extension QueueError {
  /// What an error reply means.
  init(serverMessage message: String) {
    switch message.prefix(while: { $0 != " " }) {
    case "LOST": self = .lost
    case "OOM": self = .outOfMemory
    case "LANES": self = .tooManyLanes
    case "LOADING", "MASTERDOWN", "READONLY", "BUSY", "NOREPLICAS": self = .disconnected(message)
    default: self = .server(message)
    }
  }
}
