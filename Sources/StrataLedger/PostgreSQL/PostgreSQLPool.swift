public import StrataCore
public import StrataRuntime
import Synchronization

/// Connections to one database, each on a thread of its own, since libpq is used blocking there. Work is handed over by
/// a queue; the caller's task is suspended meanwhile, never its thread.
///
/// Work once handed over is carried out even when the calling task is cancelled: a caller that waits learns what was
/// committed.
public final class PostgreSQLPool: Sendable {
  public let configuration: PostgreSQLConfiguration
  private let queue = WorkQueue<PostgreSQLSession>()
  private let ends: ThreadEnds

  /// Starts the threads. Connections are made when first needed.
  ///
  /// - Parameter roundTrips: counts the exchanges with the server, but for those that connect.
  public init(_ configuration: PostgreSQLConfiguration, roundTrips: Counter = Counter()) throws(StrataError) {
    self.configuration = configuration
    let count = max(1, configuration.connections)
    let ends = ThreadEnds(count: count)
    self.ends = ends
    for number in 0..<count {
      try Thread.start(name: "postgresql-\(number)") { [queue] in
        Self.serve(queue, PostgreSQLSession(configuration, roundTrips: roundTrips))
        ends.one()
      }
    }
  }

  deinit { queue.close() }

  private static func serve(_ queue: WorkQueue<PostgreSQLSession>, _ session: PostgreSQLSession) {
    while let work = queue.take() { work(session) }
  }

  /// Runs `body` on a connection's thread.
  package func perform<Value: Sendable>(
    _ body: @escaping @Sendable (PostgreSQLSession) throws(PostgreSQLError) -> Value
  ) async throws(PostgreSQLError) -> Value {
    let result: Result<Value, PostgreSQLError> = await withCheckedContinuation { continuation in
      let isTaken = queue.add { session in
        continuation.resume(returning: Result { () throws(PostgreSQLError) in try body(session) })
      }
      guard !isTaken else { return }
      continuation.resume(returning: .failure(PostgreSQLError(.closed, message: "the ledger's pool is closed")))
    }
    return try result.get()
  }

  /// Carries out what was handed over, closes the connections and ends the threads. Safe to call twice.
  public func close() async {
    queue.close()
    await ends.wait()
  }
}

/// Waits for a number of threads to end.
private final class ThreadEnds: Sendable {
  private struct State {
    var left: Int
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init(count: Int) { state = Mutex(State(left: count)) }

  func one() {
    let waiters = state.withLock { state in
      state.left -= 1
      return state.left == 0 ? state.waiters : []
    }
    for waiter in waiters { waiter.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.left > 0 { state.waiters.append(continuation) }
        return state.left <= 0
      }
      if isOver { continuation.resume() }
    }
  }
}
