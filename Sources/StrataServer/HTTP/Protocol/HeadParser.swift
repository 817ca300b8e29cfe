import CHTTPParser

/// Reads a complete head with http-parser (strict): methods, versions, tokens, and the framing of the body.
///
/// http-parser sees the head alone. What follows it is decoded in `BodyDecoder`, because http-parser ignores bare line
/// feeds in chunk extensions and in trailers.
enum HeadParser {
  /// What http-parser says, before the rules of this server are applied.
  struct Raw {
    var target: [UInt8] = []
    var headers = HTTPHeaders()
    var method: HTTPMethod?
    var majorVersion = 0
    var minorVersion = 0
    var contentLength: UInt64?
    var isChunked = false
    var wantsKeepAlive = false
    var isComplete = false
    /// Whether a field's name holds a space, which http-parser may let pass and which proxies read differently.
    var hasSpaceInName = false
    fileprivate var isInValue = true
  }

  /// - Parameter bytes: a head to its empty line, as `HeadScanner` found it.
  static func parse(_ bytes: borrowing Span<UInt8>) throws(HTTPRefusal) -> Raw {
    var raw = Raw()
    let failure = unsafe bytes.withUnsafeBufferPointer { unsafe run($0, &raw) }
    guard let failure else { return raw }
    throw failure
  }

  private static func run(_ bytes: UnsafeBufferPointer<UInt8>, _ raw: inout Raw) -> HTTPRefusal? {
    var parser = unsafe http_parser()
    var settings = callbacks()
    unsafe http_parser_init(&parser, HTTP_REQUEST)
    let failure = unsafe withUnsafeMutablePointer(to: &raw) { raw in
      unsafe parser.data = UnsafeMutableRawPointer(raw)
      return unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
        let consumed = unsafe http_parser_execute(&parser, &settings, bytes.baseAddress, bytes.count)
        return unsafe consumed == bytes.count || parser.upgrade != 0 ? nil : refusal(of: parser)
      }
    }
    return failure ?? (raw.isComplete && !raw.hasSpaceInName ? nil : .malformedRequest)
  }

  private static func refusal(of parser: http_parser) -> HTTPRefusal {
    switch unsafe http_errno(parser.http_errno) {
    case HPE_INVALID_METHOD: .unsupportedMethod
    case HPE_INVALID_VERSION: .unsupportedVersion
    case HPE_HEADER_OVERFLOW: .headTooLarge
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      .malformed("ambiguous_length", "the request gives its length more than once, or beside a transfer coding")
    case HPE_INVALID_CONTENT_LENGTH: .malformed("invalid_length", "the Content-Length is not a number")
    case HPE_INVALID_TRANSFER_ENCODING: .unsupportedTransferCoding
    default: .malformedRequest
    }
  }

  private static func callbacks() -> http_parser_settings {
    var settings = http_parser_settings()
    unsafe http_parser_settings_init(&settings)
    unsafe settings.on_url = { parser, at, length in
      unsafe HeadParser.raw(parser).pointee.target.append(contentsOf: HeadParser.bytes(at, length))
      return 0
    }
    unsafe settings.on_header_field = { parser, at, length in
      unsafe HeadParser.raw(parser).pointee.appendName(HeadParser.bytes(at, length))
      return 0
    }
    unsafe settings.on_header_value = { parser, at, length in
      unsafe HeadParser.raw(parser).pointee.appendValue(HeadParser.bytes(at, length))
      return 0
    }
    unsafe settings.on_headers_complete = { parser in
      guard let parser = unsafe parser else { return -1 }
      unsafe HeadParser.raw(parser).pointee.finish(parser.pointee, http_should_keep_alive(parser) != 0)
      // The body is not http-parser's to read.
      return 1
    }
    return settings
  }

  private static func raw(_ parser: UnsafeMutablePointer<http_parser>?) -> UnsafeMutablePointer<Raw> {
    guard let parser = unsafe parser else { preconditionFailure("http-parser calls back with its parser") }
    return unsafe parser.pointee.data.assumingMemoryBound(to: Raw.self)
  }

  private static func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: start, count: count)
  }
}

extension HeadParser.Raw {
  fileprivate mutating func appendName(_ part: UnsafeRawBufferPointer) {
    if isInValue { headers.beginField() }
    isInValue = false
    if unsafe part.contains(0x20) { hasSpaceInName = true }
    unsafe headers.extendName(part)
  }

  fileprivate mutating func appendValue(_ part: UnsafeRawBufferPointer) {
    isInValue = true
    unsafe headers.extendValue(part)
  }

  fileprivate mutating func finish(_ parser: http_parser, _ wantsKeepAlive: Bool) {
    majorVersion = unsafe Int(parser.http_major)
    minorVersion = unsafe Int(parser.http_minor)
    // http-parser marks an absent length with all ones.
    contentLength = unsafe parser.content_length == .max ? nil : parser.content_length
    isChunked = unsafe parser.flags & F_CHUNKED.rawValue != 0
    method = unsafe Self.method(http_method(parser.method))
    self.wantsKeepAlive = wantsKeepAlive
    isComplete = true
  }

  private static func method(_ method: http_method) -> HTTPMethod? {
    switch method {
    case HTTP_GET: .get
    case HTTP_HEAD: .head
    case HTTP_POST: .post
    case HTTP_PUT: .put
    case HTTP_PATCH: .patch
    case HTTP_DELETE: .delete
    case HTTP_OPTIONS: .options
    default: nil
    }
  }
}
