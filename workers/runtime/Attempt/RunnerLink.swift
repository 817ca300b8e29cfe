import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A worker's end of the socket to a runner. One event loop for all runners takes replies in as they come, for whoever
/// listens at the moment.
final class RunnerLink: Sendable {
  /// Gets each reply, and nil when there will be none: the runner is gone, or sends what cannot be read.
  typealias Listener = @Sendable (RunnerReply?) -> Void

  private struct State {
    var decoder = FrameDecoder()
    var listener: Listener?
    var isOver = false
  }

  private static let loop = Result { () throws(StrataError) in try EventLoop(label: "strata-runners") }
  private static let readBytesMax = 65_536

  private let reading: Descriptor
  private let writing: Descriptor
  private let state: Mutex<State>

  /// - Parameter socket: non-blocking.
  init(_ socket: Descriptor, listener: @escaping Listener) throws(StrataError) {
    reading = socket
    writing = try socket.duplicate()
    state = Mutex(State(listener: listener))
    let loop = try Self.loop.get()
    loop.execute { self.open(on: loop) }
  }

  private func open(on loop: EventLoop) {
    do throws(StrataError) {
      try loop.watch(reading.raw, .readable) { _ in self.receive(on: loop) }
    } catch {
      close(on: loop)
    }
  }

  /// Replaces the listener. One who comes too late is told at once that there will be nothing.
  func listen(_ listener: Listener?) {
    let isOver = state.withLock { state in
      state.listener = listener
      return state.isOver
    }
    if isOver { listener?(nil) }
  }

  func send(_ request: RunnerRequest) async throws { try await writing.write(request.frame) }

  private func receive(on loop: EventLoop) {
    var count = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.readBytesMax) { buffer, initialized in
      count = unsafe read(reading.raw, buffer.baseAddress, Self.readBytesMax)
      initialized = max(0, count)
    }
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard count > 0, let replies = try? decode(bytes) else { return close(on: loop) }
    for reply in replies { state.withLock { $0.listener }?(reply) }
  }

  private func decode(_ bytes: [UInt8]) throws -> [RunnerReply] {
    try state.withLock { state in
      state.decoder.append(bytes)
      var replies: [RunnerReply] = []
      while let body = try state.decoder.next() { replies.append(try RunnerReply(body: body)) }
      return replies
    }
  }

  private func close(on loop: EventLoop) {
    loop.unwatch(reading.raw)
    let listener = state.withLock { state in
      state.isOver = true
      return state.listener
    }
    listener?(nil)
  }
}
