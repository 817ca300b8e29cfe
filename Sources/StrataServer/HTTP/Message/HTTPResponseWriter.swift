import StrataRuntime

/// Where a stream's producer puts the bytes of its body. Each write goes to the client at once.
public struct HTTPResponseWriter: Sendable {
  let connection: HTTPConnection

  /// Sends `bytes`; returns when the client has taken enough of what came before.
  ///
  /// Throws `CancellationError` when the client has gone or the server stops. Cheapest on the server's loop.
  public func write(_ bytes: [UInt8]) async throws {
    guard !bytes.isEmpty else { return }
    if connection.loop.isCurrent {
      guard try connection.writePart(bytes) else {
        if connection.isTurnOver(afterWriting: bytes.count) { await Task.yield() }
        return
      }
      try await withCheckedThrowingContinuation { connection.waitForRoom($0) }
    } else {
      try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
        connection.onLoop { $0.writePart(bytes, then: waiter) }
      }
    }
  }

  public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

  public func send(_ event: HTTPServerSentEvent) async throws { try await write(event.encoded) }
}

/// One event of an event stream (WHATWG HTML, section 9.2).
public struct HTTPServerSentEvent: Sendable {
  public var id: String?
  public var name: String?
  public var data: String

  public init(id: String? = nil, name: String? = nil, data: String) {
    self.id = id
    self.name = name
    self.data = data
  }

  /// A line that keeps a silent stream alive and that clients ignore.
  public static let heartbeat = Array(":\n\n".utf8)

  /// The event's lines. A line break within the data begins another `data:` line; within the id or name it is dropped.
  public var encoded: [UInt8] {
    var lines = ""
    if let id { lines += "id: \(Self.oneLine(id))\n" }
    if let name { lines += "event: \(Self.oneLine(name))\n" }
    for line in data.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) { lines += "data: \(line)\n" }
    lines += "\n"
    return Array(lines.utf8)
  }

  private static func oneLine(_ text: String) -> String { text.filter { !$0.isNewline && $0 != "\0" } }
}
