/// Why the server, or a handler, will not do what a request asks: the content of a problem document (RFC 9457).
///
/// A handler may throw it; the server answers with it.
public struct HTTPRefusal: Error, Hashable, Sendable {
  public let status: HTTPStatus
  /// A stable, machine-readable name such as `body_too_large`.
  public let code: String
  /// What was wrong with this request, and what to do about it.
  public let detail: String
  /// What the header `Retry-After` says, in whole seconds; nil for none.
  public let retryAfter: Duration?

  public init(_ status: HTTPStatus, _ code: String, _ detail: String, retryAfter: Duration? = nil) {
    self.status = status
    self.code = code
    self.detail = detail
    self.retryAfter = retryAfter
  }
}

extension HTTPRefusal {
  static func malformed(_ code: String, _ detail: String) -> HTTPRefusal { HTTPRefusal(.badRequest, code, detail) }

  static let bareLineFeed = malformed("bare_line_feed", "a line of the head does not end in CR LF")
  static let nulByte = malformed("nul_byte", "the request holds a NUL byte")
  static let foldedHeader = malformed("folded_header", "a header field is folded over two lines")
  static let malformedRequest = malformed("malformed_request", "the request is not valid HTTP/1.1")
  static let malformedChunk = malformed("malformed_chunk", "the chunked body is not valid")
  static let invalidTarget = malformed("invalid_target", "the path or query is not valid")
  static let incompleteBody = malformed("incomplete_body", "the connection ended before the body was complete")
  static let headTooLarge = HTTPRefusal(
    .headerFieldsTooLarge, "head_too_large", "the header fields are larger or more than this server takes")
  static let requestLineTooLong = HTTPRefusal(
    .uriTooLong, "uri_too_long", "the request line is longer than this server takes")
  static let unsupportedMethod = HTTPRefusal(
    .notImplemented, "method_unsupported", "this server does not know the request's method")
  static let unsupportedTransferCoding = HTTPRefusal(
    .notImplemented, "transfer_coding_unsupported", "the only transfer coding taken is chunked")
  static let unsupportedVersion = HTTPRefusal(
    .versionNotSupported, "version_unsupported", "this server speaks HTTP/1.1 and HTTP/1.0")
  static let unknownExpectation = HTTPRefusal(
    .expectationFailed, "expectation_unknown", "the only expectation met is 100-continue")
  static let headTimeout = HTTPRefusal(.requestTimeout, "head_timeout", "the request's head did not arrive in time")
  static let bodyTimeout = HTTPRefusal(
    .requestTimeout, "body_timeout", "the request's body came too slowly or stopped")
  static let tooManyConnections = HTTPRefusal(
    .serviceUnavailable, "too_many_connections", "the server has as many connections as it takes; try again later")

  /// - Parameter limit: the most bytes that would have been taken.
  public static func bodyTooLarge(limit: Int) -> HTTPRefusal {
    HTTPRefusal(.contentTooLarge, "body_too_large", "the body is larger than the \(limit) bytes taken here")
  }

  static func repeated(_ name: String) -> HTTPRefusal {
    malformed("repeated_header", "the header field \(name) may occur once only")
  }
}
