import Synchronization

/// A question that is given up when it takes too long, even where what it asks cannot be interrupted.
package enum Probe {
  /// What `body` answers, or nil once `limit` has passed. A body that is given up goes on by itself, unheard.
  package static func answer<Value: Sendable>(
    within limit: Duration, time: Timekeeper = .system, _ body: @escaping @Sendable () async -> Value
  ) async -> Value? {
    let first = FirstAnswer<Value>()
    return await withCheckedContinuation { continuation in
      first.expect(continuation)
      let timer = time.start {
        await time.pause(limit)
        first.give(nil)
      }
      time.start {
        first.give(await body())
        timer.cancel()
      }
    }
  }
}

/// Passes the first of several answers on.
private final class FirstAnswer<Value: Sendable>: Sendable {
  private let waiting = Mutex<CheckedContinuation<Value?, Never>?>(nil)

  func expect(_ continuation: CheckedContinuation<Value?, Never>) { waiting.withLock { $0 = continuation } }

  func give(_ value: Value?) {
    let continuation = waiting.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    continuation?.resume(returning: value)
  }
}
