import Glibc
import StrataQueue
import StrataRuntime
import Synchronization

/// Stands between a queue and its server, and writes down what each asks and is answered, in the order of the questions.
final class RecordingProxy: Sendable {
  struct Exchange: Sendable {
    let command: [[UInt8]]
    var reply: RedisValue?
  }

  private struct State {
    var exchanges: [Exchange] = []
    var library: String?
    /// By connection, the places of those that wait for their reply.
    var waiting: [Int32: [Int]] = [:]
  }

  let path: String
  private let server: String
  private let state = Mutex(State())

  /// Listens at `path` until the process ends.
  init(at path: String, to server: String) throws {
    (self.path, self.server) = (path, server)
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard Self.address(path, { bind(listener, $0, $1) }) == 0, listen(listener, 8) == 0 else {
      throw RecordingFailure(what: "listen at \(path)")
    }
    try Thread.start(name: "recording") { [self] in
      while true {
        let (client, upstream) = (accept(listener, nil, nil), socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        guard client >= 0, Self.address(server, { connect(upstream, $0, $1) }) == 0 else { return }
        try? Thread.start(name: "recording-commands") { self.pass(from: client, to: upstream, self.note(command:of:)) }
        try? Thread.start(name: "recording-replies") { self.pass(from: upstream, to: client, self.note(reply:of:)) }
      }
    }
  }

  /// What has been asked and answered since the last call, but for what says nothing of the queue.
  func take() -> [Exchange] {
    let exchanges = state.withLock { state in
      defer { state.exchanges = [] }
      return state.exchanges
    }
    let plumbing: Set = ["FUNCTION", "INFO", "ECHO", "HELLO", "SELECT", "AUTH", "CLIENT", "PING"]
    return exchanges.filter { !plumbing.contains(String(decoding: $0.command.first ?? [], as: UTF8.self).uppercased()) }
  }

  /// The scripts that were loaded, if any were.
  var library: String? { state.withLock(\.library) }

  private func pass(from source: Int32, to target: Int32, _ note: @escaping @Sendable (RedisValue, Int32) -> Void) {
    // Of both directions one name: that of the lesser descriptor.
    let connection = min(source, target)
    var (wire, buffer) = (RedisWire(), [UInt8](repeating: 0, count: 64 << 10))
    while true {
      let count = recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      // Written down before it arrives: who has the reply finds it noted.
      for value in wire.receive(buffer[..<count]) { note(value, connection) }
      var sent = 0
      while sent < count {
        let more = buffer.withUnsafeBytes { send(target, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL)) }
        guard more > 0 else { break }
        sent += more
      }
    }
    shutdown(target, Int32(SHUT_WR))
  }

  private func note(command: RedisValue, of connection: Int32) {
    guard case .array(let words) = command else { return }
    let bytes = words.map { if case .bytes(let bytes) = $0 { bytes } else { [UInt8]() } }
    state.withLock { state in
      if let text = bytes.last, text.starts(with: Array("#!lua".utf8)) {
        state.library = String(decoding: text, as: UTF8.self)
      }
      state.waiting[connection, default: []].append(state.exchanges.count)
      state.exchanges.append(Exchange(command: bytes))
    }
  }

  private func note(reply: RedisValue, of connection: Int32) {
    state.withLock { state in
      guard let place = state.waiting[connection]?.first else { return }
      state.waiting[connection]?.removeFirst()
      // What was asked before the last `take` is of no interest any more.
      if state.exchanges.indices.contains(place) { state.exchanges[place].reply = reply }
    }
  }

  private static func address(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}

struct RecordingFailure: Error, CustomStringConvertible {
  let what: String
  var description: String { "the recording is of no use: \(what)" }
}
