/// What a client may ask of the server. Every value may be set; the defaults suit an API behind a local proxy.
public struct HTTPLimits: Sendable {
  /// Bytes of a request line and its header fields together. 16 KiB.
  public var headBytes = 16 << 10
  /// Header fields in a request. 100.
  public var headerCount = 100
  /// Bytes of a request line. 8 KiB.
  public var requestLineBytes = 8 << 10
  /// Bytes of a request's body; what is larger is refused with 413. 16 GiB, for artifacts: a route that reads its body
  /// into memory sets its own bound with `HTTPBody.collect(limit:)`.
  public var bodyBytes = 16 << 30
  /// Open connections; one more is answered 503 and closed. 10,000.
  public var connections = 10_000

  /// From the first byte of a request to the end of its header fields. 10 s.
  public var headDeadline = Duration.seconds(10)
  /// A body must bring `bodyBytesPerWindow` in each window of this length while the handler wants bytes. 30 s.
  public var bodyWindow = Duration.seconds(30)
  /// See `bodyWindow`. 1 KiB.
  public var bodyBytesPerWindow = 1 << 10
  /// Between two requests of a connection, and before the first. 75 s.
  public var idleDeadline = Duration.seconds(75)
  /// Longest time in which a client with unsent bytes takes none of them. 30 s.
  public var writeStallDeadline = Duration.seconds(30)
  /// After a refusal: how long what the client still sends is read and thrown away, so that it sees the answer. 2 s.
  public var lingerDeadline = Duration.seconds(2)

  /// Received bytes that may wait for the handler (or, between requests, for their turn) before reading stops. 256 KiB.
  public var inputHighWater = 256 << 10
  /// Unsent bytes beyond which a stream's producer is suspended. 256 KiB.
  public var outputHighWater = 256 << 10

  public init() {}

  /// Deadlines are looked at this often.
  var tick: Duration {
    let shortest = min(headDeadline, bodyWindow, idleDeadline, writeStallDeadline, lingerDeadline)
    return max(.milliseconds(2), min(.milliseconds(250), shortest / 8))
  }
}
