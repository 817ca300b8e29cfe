internal import StrataRuntime
internal import Synchronization

/// Connections for commands that wait on the server; each carries one such command at a time. There are as many as
/// were ever needed at once.
final class BlockingConnections: Sendable {
  private struct State {
    var free: [RedisConnection] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let open: @Sendable () -> RedisConnection

  init(open: @escaping @Sendable () -> RedisConnection) { self.open = open }

  /// Sends a command that waits up to `duration` on the server. A cancelled caller gets `.disconnected` soon.
  func send(_ command: RedisCommand, waiting duration: Duration) async throws(QueueError) -> RedisValue {
    guard let connection = take() else { throw .disconnected("the queue is closed") }
    let answer = await withTaskCancellationHandler {
      do throws(QueueError) {
        return Result<RedisValue, QueueError>.success(try await connection.send(command, waiting: duration))
      } catch {
        return .failure(error)
      }
    } onCancel: {
      Task { await connection.close() }
    }
    // Where the caller was cancelled, the connection is closed or about to be.
    if Task.isCancelled || !giveBack(connection) { await connection.close() }
    return try answer.get()
  }

  private func take() -> RedisConnection? {
    state.withLock { $0.isClosed ? nil : $0.free.popLast() ?? open() }
  }

  private func giveBack(_ connection: RedisConnection) -> Bool {
    state.withLock { state in
      if !state.isClosed { state.free.append(connection) }
      return !state.isClosed
    }
  }

  /// Closes the free connections; those in use close when their command ends.
  func close() async {
    let free = state.withLock { state in
      defer { state.free = [] }
      state.isClosed = true
      return state.free
    }
    for connection in free { await connection.close() }
  }
}
