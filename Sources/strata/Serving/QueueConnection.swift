import StrataCore
import StrataQueue
import StrataRuntime
import StrataStack

/// The queue of a stack.
enum QueueConnection {
  /// The Redis that `STRATA_REDIS_URL` names, else the private one of the data folder.
  static func open(of directory: DataDirectory, on loop: EventLoop) async throws(StrataError) -> RedisQueue {
    let named = Environment.current["STRATA_REDIS_URL"].flatMap { $0.isEmpty ? nil : $0 }
    let endpoint = try RedisEndpoint(url: named ?? "unix://" + directory.socket("redis.sock"))
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
    StrataError(.unavailable, "the Redis at \(endpoint) cannot be used: \(words)", remedy: remedy)
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
