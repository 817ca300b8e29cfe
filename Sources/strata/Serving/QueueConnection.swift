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
    let words = reason.withoutFullStop
    let known = if case .noMaster(let search) = self { search.remedy } else { Self.remedy(for: words, endpoint) }
    return StrataError(
      .unavailable, "the Redis at \(endpoint) cannot be used: \(words)", remedy: known ?? remedy)
  }

  /// By the server's own words, where it answered and will not have us.
  private static func remedy(for reason: String, _ endpoint: RedisEndpoint) -> String? {
    let isKept = if case .master = endpoint.place { true } else { false }
    if reason.contains("NOREPLICAS") { return "start its replicas, or lower its min-replicas-to-write" }
    if reason.contains("it is a sentinel") { return "write redis-sentinel://host:port,host:port/name" }
    if reason.contains("it is a replica") {
      return "name the master, or the sentinels that know it: redis-sentinel://host:port,host:port/name"
    }
    if reason.contains("NOAUTH") || reason.contains("WRONGPASS") || reason.contains("NOPERM")
      || reason.contains("AUTH") && reason.contains("password")
    {
      return isKept
        ? "check the user and the password of the Redis servers: redis-sentinel://[user]:password@host:port,host:port/name"
        : "check the user and the password: redis://[user]:password@host:port/db"
    }
    if isKept, reason.contains("the master at") {
      return "check that it runs, and that the sentinels tell it by an address that leads to it from here"
    }
    return reason.contains("DB index") ? "name a database that it has: redis://host:port/0" : nil
  }
}
