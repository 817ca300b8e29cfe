import Glibc
public import StrataCore
import StrataRuntime
import Synchronization

/// Stands between programs and the unix socket of a server, and lets pass, holds up, drops or cuts what they say.
///
/// Whoever connects here does not know. Bytes pass in order or not at all.
public final class Relay: Sendable {
  public enum Mode: Hashable, Sendable {
    case open
    /// Nothing passes, and no connection breaks: what is said meanwhile arrives later.
    case stalled
    /// Requests pass, answers are dropped; each connection breaks when the mode ends, as an answer is missing from it.
    case deaf
    /// Every piece waits so long.
    case slow(Duration)
    /// Every connection breaks, and none can be made.
    case cut
  }

  private struct State {
    var mode = Mode.open
    var links: [Int: Link] = [:]
    var nextLink = 0
    var dropped = 0
    /// Tasks that wait for another mode.
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// One connection, and the one that it leads to.
  private struct Link {
    let client: Descriptor
    let server: Descriptor
    var isMaimed = false

    /// Wakes whoever reads or writes there; who they are closes them.
    func shut() {
      shutdown(client.raw, Int32(SHUT_RDWR))
      shutdown(server.raw, Int32(SHUT_RDWR))
    }
  }

  private let server: String
  private let listening: Descriptor
  private let state = Mutex(State())

  /// Listens at the socket `path`, and leads whoever connects to the socket `server`, which need not be there yet.
  ///
  /// - Throws: where `path` cannot be listened at; each is 107 bytes at most.
  public init(at path: String, to server: String) throws(StrataError) {
    self.server = server
    listening = try UnixStream.listen(at: path)
    Task { [weak self, listening] in
      while (try? await listening.waitUntil(.readable)) != nil {
        guard let self else { return }
        while let client = UnixStream.accept(from: listening) { self.admit(client) }
      }
    }
  }

  public var mode: Mode { state.withLock { $0.mode } }

  /// How many bytes of answers were dropped until now.
  public var droppedBytes: Int { state.withLock { $0.dropped } }

  /// Has another mode hold from now on.
  public func set(_ mode: Mode) {
    let (broken, waiting) = state.withLock { state -> ([Link], [CheckedContinuation<Void, Never>]) in
      guard state.mode != mode else { return ([], []) }
      let broken = state.links.values.filter { mode == .cut || $0.isMaimed }
      state.mode = mode
      defer { state.waiting = [] }
      return (broken, state.waiting)
    }
    for link in broken { link.shut() }
    for task in waiting { task.resume() }
  }

  /// Breaks every connection, and takes no more.
  public func stop() {
    set(.cut)
    shutdown(listening.raw, Int32(SHUT_RDWR))
  }

  // MARK: One connection

  private func admit(_ client: Descriptor) {
    guard mode != .cut, let server = try? UnixStream.connect(to: server) else { return }
    let link = Link(client: client, server: server)
    let number = state.withLock { state in
      state.nextLink += 1
      state.links[state.nextLink] = link
      return state.nextLink
    }
    Task {
      // Each side reads and writes with descriptors of its own: one task at a time may wait on one.
      let (clientOut, serverOut) = (try? client.duplicate(), try? server.duplicate())
      if let clientOut, let serverOut {
        async let asking: Void = pass(from: client, to: serverOut, isAnswer: false, link: number)
        async let answering: Void = pass(from: server, to: clientOut, isAnswer: true, link: number)
        _ = await (asking, answering)
      }
      state.withLock { $0.links[number] = nil }
    }
  }

  private func pass(from source: Descriptor, to sink: Descriptor, isAnswer: Bool, link: Int) async {
    while let bytes = try? await source.read(), !bytes.isEmpty {
      guard await mayPass(bytes.count, isAnswer: isAnswer, link: link) else { continue }
      guard (try? await sink.write(bytes)) != nil else { break }
    }
    state.withLock { $0.links[link] }?.shut()
  }

  /// Waits until a piece may go on; false where it is dropped.
  private func mayPass(_ count: Int, isAnswer: Bool, link: Int) async -> Bool {
    while true {
      switch mode {
      case .open, .cut: return true
      case .slow(let pause):
        try? await Task.sleep(for: pause)
        return true
      case .deaf:
        guard isAnswer else { return true }
        state.withLock { state in
          state.links[link]?.isMaimed = true
          state.dropped += count
        }
        return false
      case .stalled:
        await untilChanged(from: .stalled)
      }
    }
  }

  private func untilChanged(from mode: Mode) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        guard state.mode == mode else { return true }
        state.waiting.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }
}
