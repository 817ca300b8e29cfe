import StrataRuntime

/// Runs the queue's scripts, and loads them where the server does not know them (it was restarted or its functions were
/// flushed).
final class ScriptRunner: Sendable {
  private let connection: RedisConnection
  private let library: ScriptLibrary
  private let functions: [RedisScript: [UInt8]]

  init(_ connection: RedisConnection, limits: QueueLimits) {
    self.connection = connection
    let library = ScriptLibrary(under: limits)
    self.library = library
    functions = Dictionary(uniqueKeysWithValues: RedisScript.allCases.map { ($0, library.function($0)) })
  }

  /// Runs `script` on the keys that begin with `prefix`.
  ///
  /// - Parameter arguments: appends the script's own arguments.
  func run(
    _ script: RedisScript, prefix: [UInt8], _ arguments: (inout RedisCommand) -> Void
  ) async throws(QueueError) -> RedisValue {
    for isRepeated in [false, true] {
      if isRepeated { try await load() }
      var command = RedisCommand("FCALL")
      command.append(functions[script] ?? [])
      command.append("1")
      command.append(prefix)
      arguments(&command)
      CrashTrigger.before(.queue)
      let answer = try await connection.send(command)
      CrashTrigger.after(.queue)
      guard case .error(let message) = answer else { return answer }
      // The script did not run, so it may be sent again.
      guard message.contains("Function not found") else { throw QueueError(serverMessage: message) }
    }
    throw .server("the server does not keep the library '\(library.name)'")
  }

  /// Loads all scripts. What is there already is the same: its name says so.
  func load() async throws(QueueError) {
    let answer = try await connection.send(RedisCommand("FUNCTION", "LOAD", library.text))
    if case .error(let message) = answer, !message.contains("already exists") {
      throw QueueError(serverMessage: message)
    }
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
