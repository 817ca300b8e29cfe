/// What a handler answers. The server adds `content-length` or `transfer-encoding`, `date` and `connection`.
public struct HTTPResponse: Sendable {
  public var status: HTTPStatus
  public var headers: HTTPHeaders
  public var body: Body

  public enum Body: Sendable {
    case empty
    case bytes([UInt8])
    /// `length` bytes of the file at `path` from `offset` on, sent by the kernel. A length of nil means to the end.
    case file(path: String, offset: Int, length: Int?)
    /// Bytes that `producer` makes while they are being sent. Not called for a HEAD request.
    case stream(HTTPStream)
  }

  public init(_ status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: Body = .empty) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public init(_ status: HTTPStatus, contentType: String, body: Body) {
    self.init(status, body: body)
    headers.append("content-type", contentType)
  }

  /// - Parameter json: a document already encoded.
  public static func json(_ json: [UInt8], status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(status, contentType: "application/json", body: .bytes(json))
  }

  public static func text(_ text: String, status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(status, contentType: "text/plain; charset=utf-8", body: .bytes(Array(text.utf8)))
  }

  /// Server-sent events. `producer` is cancelled when the client goes and when the server begins to shut down; it sends
  /// its own comments as a heartbeat.
  public static func events(_ producer: @escaping HTTPStream.Producer) -> HTTPResponse {
    var response = HTTPResponse(
      .ok, contentType: "text/event-stream", body: .stream(HTTPStream(endsAtShutdown: true, producer)))
    response.headers.append("cache-control", "no-store")
    // Tells nginx to pass each event on at once.
    response.headers.append("x-accel-buffering", "no")
    return response
  }
}

/// A body made while it is sent.
public struct HTTPStream: Sendable {
  /// Writes the body and returns. Throwing breaks the connection off, so that the client sees an incomplete body.
  public typealias Producer = @Sendable (HTTPResponseWriter) async throws -> Void

  /// The length if it is known; the producer must then write exactly as many bytes.
  public var length: Int?
  /// Whether the producer is cancelled as soon as the server begins to shut down, because it has no end of its own.
  public var endsAtShutdown: Bool
  public var producer: Producer

  public init(length: Int? = nil, endsAtShutdown: Bool = false, _ producer: @escaping Producer) {
    self.length = length
    self.endsAtShutdown = endsAtShutdown
    self.producer = producer
  }
}
