internal import StrataRuntime
internal import Synchronization

/// Connections for commands that wait on the server; each carries one such command at a time. There are as many as
/// were ever needed at once.
final class BlockingConnections: Sendable {
  private struct State {
    var free: [RedisConnection] = []
    var inUse: [ObjectIdentifier: RedisConnection] = [:]
    var isClosed = false
    var all: [RedisConnection] { free + inUse.values }
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
    await giveBack(connection, isUsable: !Task.isCancelled)
    return try answer.get()
  }

  private func take() -> RedisConnection? {
    state.withLock { state in
      guard !state.isClosed else { return nil }
      let connection = state.free.popLast() ?? open()
      state.inUse[ObjectIdentifier(connection)] = connection
      return connection
    }
  }

  /// A connection whose caller was cancelled may still be waiting on the server, so it is of no use any more.
  private func giveBack(_ connection: RedisConnection, isUsable: Bool) async {
    let isKept = state.withLock { state in
      state.inUse[ObjectIdentifier(connection)] = nil
      if isUsable && !state.isClosed { state.free.append(connection) }
      return isUsable && !state.isClosed
    }
    if !isKept { await connection.close() }
  }

  var all: [RedisConnection] { state.withLock(\.all) }

  /// Closes all connections; calls that wait fail.
  func close() async {
    let connections = state.withLock { state in
      defer { (state.free, state.inUse) = ([], [:]) }
      state.isClosed = true
      return state.all
    }
    for connection in connections { await connection.close() }
  }
}
