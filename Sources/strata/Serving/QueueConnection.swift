import StrataCore
import StrataQueue
import StrataRuntime
import StrataStack

/// The queue of a stack.
enum QueueConnection {
  private static var named: String? { Environment.current["STRATA_REDIS_URL"].flatMap { $0.isEmpty ? nil : $0 } }

  /// The Redis that `STRATA_REDIS_URL` names, else the private one of the data folder.
  static func endpoint(of directory: DataDirectory) throws(StrataError) -> RedisEndpoint {
    try RedisEndpoint(url: named ?? "unix://" + directory.socket("redis.sock"))
  }

  static func open(of directory: DataDirectory, on loop: EventLoop) async throws(StrataError) -> RedisQueue {
    let endpoint = try endpoint(of: directory)
    do {
      return try await RedisQueue.connect(to: endpoint, on: loop)
    } catch {
      guard named == nil else { throw error.unusable(endpoint) }
      throw error.unusable(
        endpoint,
        remedy: "start the stack with strata up; if it was started on another Redis, set STRATA_REDIS_URL to that one")
    }
  }
}

extension QueueError {
  /// What a person is told when a command cannot go on without this Redis.
  func unusable(
    _ endpoint: RedisEndpoint, remedy: String = "check that it runs and is version 7 or later"
  ) -> StrataError {
    // A refused login tells the address once more.
    let prefix = "\(endpoint): "
    let reason = (words.hasPrefix(prefix) ? String(words.dropFirst(prefix.count)) : words).withoutFullStop
    return StrataError(
      .unavailable, "the Redis at \(endpoint) cannot be used: \(reason)", remedy: Self.remedy(for: reason) ?? remedy)
  }

  /// By the server's own words, where it answered and will not have us.
  private static func remedy(for reason: String) -> String? {
    if reason.contains("NOAUTH") || reason.contains("WRONGPASS") || reason.contains("NOPERM")
      || reason.contains("AUTH") && reason.contains("password")
    {
      return "check the user and the password: redis://[user]:password@host:port/db"
    }
    return reason.contains("DB index") ? "name a database that it has: redis://host:port/0" : nil
  }

  private var words: String {
    switch self {
    case .lost: "it has lost what it held"
    case .outOfMemory: "it has no memory left"
    case .disconnected(let reason), .server(let reason), .tooLarge(let reason): reason
    case .tooManyLanes: "it has no room for another kind of job"
    }
  }
}
