/// A request's body as it arrives. It is read once; what the reader does not take holds the client back.
///
/// Iteration throws an `HTTPRefusal` if the body is malformed, too large, too slow, or breaks off.
public struct HTTPBody: AsyncSequence, Sendable {
  public typealias Element = [UInt8]

  fileprivate enum Source {
    case bytes([UInt8])
    case channel(HTTPBodyChannel)
  }

  private let source: Source

  /// A body that is here already: for tests of handlers.
  public init(_ bytes: [UInt8] = []) { source = .bytes(bytes) }
  init(_ channel: HTTPBodyChannel) { source = .channel(channel) }

  public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

  /// The whole body.
  ///
  /// - Parameter limit: in bytes; a larger body throws a refusal with status 413.
  public func collect(limit: Int) async throws -> [UInt8] {
    var iterator = makeAsyncIterator()
    guard var whole = try await iterator.next() else { return [] }
    while whole.count <= limit, let more = try await iterator.next() { whole += more }
    guard whole.count <= limit else { throw HTTPRefusal.bodyTooLarge(limit: limit) }
    return whole
  }

  public struct Iterator: AsyncIteratorProtocol {
    private var source: Source

    fileprivate init(source: Source) { self.source = source }

    public mutating func next() async throws -> [UInt8]? {
      switch source {
      case .channel(let channel): return try await channel.next()
      case .bytes(let bytes):
        source = .bytes([])
        return bytes.isEmpty ? nil : bytes
      }
    }
  }
}
