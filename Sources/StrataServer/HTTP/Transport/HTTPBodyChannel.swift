import Synchronization

/// Carries a body from its connection, on the loop, to its reader, on any thread.
final class HTTPBodyChannel: Sendable {
  private typealias Waiter = CheckedContinuation<[UInt8]?, any Error>

  private struct State {
    var chunks: [[UInt8]] = []
    var bytes = 0
    var end: Result<Void, HTTPRefusal>?
    var waiter: Waiter?
    /// The connection has been told to hold the client back and not yet to go on.
    var isHeldBack = false
    var isWanted = false
  }

  private let state = Mutex(State())
  private let highWater: Int
  /// Called on the reader's thread when the body is first asked for, and when a full channel has room again.
  private let demand: @Sendable () -> Void

  init(highWater: Int, demand: @escaping @Sendable () -> Void) {
    self.highWater = highWater
    self.demand = demand
  }

  // MARK: The connection's side

  /// Whether the connection should stop bringing bytes until `demand` is called.
  var isFull: Bool { state.withLock { $0.isHeldBack } }

  func append(_ bytes: [UInt8]) {
    let waiter: Waiter? = state.withLock { state in
      if let waiter = state.waiter.take() { return waiter }
      state.chunks.append(bytes)
      state.bytes += bytes.count
      if state.bytes >= highWater { state.isHeldBack = true }
      return nil
    }
    waiter?.resume(returning: bytes)
  }

  func finish() { end(.success(())) }
  func fail(_ refusal: HTTPRefusal) { end(.failure(refusal)) }

  private func end(_ result: Result<Void, HTTPRefusal>) {
    let waiter: Waiter? = state.withLock { state in
      guard state.end == nil else { return nil }
      state.end = result
      return state.waiter.take()
    }
    switch result {
    case .success: waiter?.resume(returning: nil)
    case .failure(let refusal): waiter?.resume(throwing: refusal)
    }
  }

  // MARK: The reader's side

  func next() async throws -> [UInt8]? {
    switch takeReady() {
    case .chunk(let bytes, let mustAsk):
      if mustAsk { ask() }
      return bytes
    case .end(let end):
      try end.get()
      return nil
    case .nothing: return try await withCheckedThrowingContinuation { wait($0) }
    }
  }

  private enum Ready {
    case chunk([UInt8], mustAsk: Bool)
    case end(Result<Void, HTTPRefusal>)
    case nothing
  }

  private func takeReady() -> Ready {
    state.withLock { state in
      guard !state.chunks.isEmpty else { return state.end.map { .end($0) } ?? .nothing }
      let chunk = state.chunks.removeFirst()
      state.bytes -= chunk.count
      return .chunk(chunk, mustAsk: state.isHeldBack && state.bytes < highWater / 2)
    }
  }

  /// Chunks and the end come on the loop, and so perhaps after `takeReady` found neither.
  private func wait(_ waiter: Waiter) {
    let (ready, mustAsk): (Ready, Bool) = state.withLock { state in
      precondition(state.waiter == nil, "a body has one reader")
      if let chunk = state.chunks.first {
        state.chunks.removeFirst()
        state.bytes -= chunk.count
        return (.chunk(chunk, mustAsk: false), state.isHeldBack)
      }
      if let end = state.end { return (.end(end), false) }
      state.waiter = waiter
      return (.nothing, !state.isWanted || state.isHeldBack)
    }
    switch ready {
    case .chunk(let bytes, _): waiter.resume(returning: bytes)
    case .end(let end): waiter.resume(with: end.map { nil }.mapError { $0 as any Error })
    case .nothing: break
    }
    if mustAsk { ask() }
  }

  private func ask() {
    state.withLock { state in
      state.isWanted = true
      state.isHeldBack = false
    }
    demand()
  }
}
