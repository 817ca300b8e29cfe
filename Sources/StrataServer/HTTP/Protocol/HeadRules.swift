extension HTTPRequestHead {
  /// Applies to a parsed head the rules that http-parser leaves to its user.
  init(_ raw: HeadParser.Raw, limits: HTTPLimits) throws(HTTPRefusal) {
    guard raw.majorVersion == 1, raw.minorVersion <= 1 else { throw .unsupportedVersion }
    guard let method = raw.method else { throw .unsupportedMethod }
    try Self.checkHost(raw)
    let framing = try Self.framing(raw, limits)
    let (path, query) = try Self.split(raw.target, method)
    self.init(
      method: method, target: String(decoding: raw.target, as: UTF8.self), path: path, query: query,
      headers: raw.headers, minorVersion: raw.minorVersion, wantsKeepAlive: raw.wantsKeepAlive, framing: framing,
      expectsContinue: try Self.expectsContinue(raw, framing))
  }

  private static func checkHost(_ raw: HeadParser.Raw) throws(HTTPRefusal) {
    switch raw.headers.occurrences(of: "host") {
    case 0:
      guard raw.minorVersion == 0 else { throw .malformed("host_missing", "an HTTP/1.1 request must have a Host") }
    case 1: break
    default: throw .repeated("Host")
    }
  }

  private static func framing(_ raw: HeadParser.Raw, _ limits: HTTPLimits) throws(HTTPRefusal) -> Framing {
    let codings = raw.headers.values(of: "transfer-encoding")
    guard raw.headers.occurrences(of: "content-length") <= 1 else { throw .repeated("Content-Length") }
    guard codings.count <= 1 else { throw .repeated("Transfer-Encoding") }
    if let coding = codings.first {
      guard raw.contentLength == nil else {
        throw .malformed("ambiguous_length", "the request has both a Content-Length and a Transfer-Encoding")
      }
      guard raw.minorVersion == 1 else { throw .malformedRequest }
      guard raw.isChunked, coding.lowercased() == "chunked" else { throw .unsupportedTransferCoding }
      return .chunked
    }
    guard let length = raw.contentLength, length > 0 else { return .none }
    guard length <= UInt64(limits.bodyBytes) else { throw .bodyTooLarge(limit: limits.bodyBytes) }
    return .length(Int(length))
  }

  private static func expectsContinue(_ raw: HeadParser.Raw, _ framing: Framing) throws(HTTPRefusal) -> Bool {
    let expectations = raw.headers.values(of: "expect")
    guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else { throw .unknownExpectation }
    return !expectations.isEmpty && raw.minorVersion == 1 && framing != .none
  }

  /// The path and query of a target in origin form, or in absolute form, or `*` for OPTIONS (RFC 9112, section 3.2).
  private static func split(_ target: [UInt8], _ method: HTTPMethod) throws(HTTPRefusal) -> (HTTPPath, HTTPQuery) {
    // http-parser may let more pass, depending on how it was compiled.
    guard target.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .invalidTarget }
    if method == .options && target == [0x2A] { return (try HTTPPath([0x2F]), .empty) }
    var path = target[...]
    if path.first != 0x2F { path = try withoutAuthority(path) }
    guard let mark = path.firstIndex(of: 0x3F) else { return (try HTTPPath(path), .empty) }
    return (try HTTPPath(path[..<mark]), try HTTPQuery(path[(mark + 1)...]))
  }

  private static func withoutAuthority(_ target: ArraySlice<UInt8>) throws(HTTPRefusal) -> ArraySlice<UInt8> {
    let scheme = Array("http://".utf8)
    guard target.count > scheme.count, target.prefix(scheme.count).map(\.asciiLowercased) == scheme else {
      throw .invalidTarget
    }
    let rest = target.dropFirst(scheme.count)
    guard let slash = rest.firstIndex(where: { $0 == 0x2F || $0 == 0x3F }), slash > rest.startIndex else {
      return [0x2F]
    }
    return rest[slash] == 0x2F ? rest[slash...] : [0x2F] + rest[slash...]
  }
}
