import StrataServer
import Testing

/// What a client sends, and what must come of it.
struct AbuseCase: Sendable, CustomTestStringConvertible {
  let name: String
  let input: String
  let outcome: [String]
  var testDescription: String { name }

  init(_ name: String, _ input: String, _ outcome: String...) {
    self.name = name
    self.input = input
    self.outcome = outcome
  }

  /// Tight enough that the cases stay readable.
  static var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.headBytes = 400
    limits.headerCount = 10
    limits.requestLineBytes = 200
    limits.bodyBytes = 100
    return limits
  }

  private static func get(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n" }
  private static func post(_ fields: String, _ body: String) -> String {
    "POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n\(body)"
  }
  private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }

  static let all = framing + chunks + heads + targets + conversations

  static let framing = [
    AbuseCase(
      "length and coding", post("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
      "refuse 400 ambiguous_length"),
    AbuseCase(
      "coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 3", "0\r\n\r\n"),
      "refuse 400 ambiguous_length"),
    AbuseCase(
      "two lengths", post("Content-Length: 3\r\nContent-Length: 4", "abcd"), "refuse 400 ambiguous_length"),
    AbuseCase(
      "the same length twice", post("Content-Length: 3\r\nContent-Length: 3", "abc"), "refuse 400 ambiguous_length"),
    AbuseCase("a list of lengths", post("Content-Length: 3, 3", "abc"), "refuse 400 invalid_length"),
    AbuseCase("a negative length", post("Content-Length: -1", ""), "refuse 400 invalid_length"),
    AbuseCase("a signed length", post("Content-Length: +3", "abc"), "refuse 400 invalid_length"),
    AbuseCase("a hexadecimal length", post("Content-Length: 0x3", "abc"), "refuse 400 invalid_length"),
    AbuseCase("an endless length", post("Content-Length: 99999999999999999999", ""), "refuse 400 invalid_length"),
    AbuseCase("an empty length", post("Content-Length:", ""), "refuse 400 invalid_length"),
    AbuseCase("a body over the limit", post("Content-Length: 101", ""), "refuse 413 body_too_large"),
    AbuseCase("a body that breaks off", post("Content-Length: 3", "ab"), "begin POST /", "fail incomplete_body"),
    AbuseCase("gzip as coding", post("Transfer-Encoding: gzip", ""), "refuse 501 transfer_coding_unsupported"),
    AbuseCase(
      "gzip before chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
      "refuse 501 transfer_coding_unsupported"),
    AbuseCase(
      "chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
      "refuse 400 repeated_header"),
    AbuseCase(
      "a disguised coding", post("Transfer-Encoding: xchunked", ""), "refuse 501 transfer_coding_unsupported"),
    AbuseCase(
      "a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "refuse 400 malformed_request"),
  ]

  static let chunks = [
    AbuseCase(
      "chunks with extensions and trailers", chunked("3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"), "begin POST /",
      "body abcde", "close"),
    AbuseCase("a bare LF after a size", chunked("3\nabc\r\n0\r\n\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a bare LF in an extension", chunked("3;a\nabc\r\n0\r\n\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a bare LF in a trailer", chunked("0\r\nX: y\n\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a bare LF after a chunk", chunked("3\r\nabc\n0\r\n\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase(
      "a chunk longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("no size", chunked("\r\nabc\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a negative size", chunked("-3\r\nabc\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a size with 0x", chunked("0x3\r\nabc\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a size past 60 bits", chunked("FFFFFFFFFFFFFFFF\r\n"), "begin POST /", "fail malformed_chunk"),
    AbuseCase("a chunk over the limit", chunked("65\r\n"), "begin POST /", "fail body_too_large"),
    AbuseCase(
      "chunks that add up over the limit",
      chunked("40\r\n" + String(repeating: "a", count: 64) + "\r\n40\r\n"), "begin POST /", "fail body_too_large"),
    AbuseCase(
      "an endless size line", chunked("3;" + String(repeating: "a", count: 500)), "begin POST /",
      "fail malformed_chunk"),
    AbuseCase(
      "endless trailers", chunked("0\r\n" + String(repeating: "X: y\r\n", count: 100)), "begin POST /",
      "fail malformed_chunk"),
    AbuseCase("chunks that break off", chunked("3\r\nab"), "begin POST /", "fail incomplete_body"),
  ]

  static let heads = [
    AbuseCase("no Host", "GET / HTTP/1.1\r\n\r\n", "refuse 400 host_missing"),
    AbuseCase("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "refuse 400 repeated_header"),
    AbuseCase("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "begin GET /"),
    AbuseCase("lines that end in LF", "GET / HTTP/1.1\nHost: x\n\n", "refuse 400 bare_line_feed"),
    AbuseCase("one line that ends in LF", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", "refuse 400 bare_line_feed"),
    AbuseCase("a bare CR", "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", "refuse 400 malformed_request"),
    AbuseCase("a NUL in a value", "GET / HTTP/1.1\r\nHost: x\0y\r\n\r\n", "refuse 400 nul_byte"),
    AbuseCase("a NUL in the target", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", "refuse 400 nul_byte"),
    AbuseCase("a control byte in a value", "GET / HTTP/1.1\r\nHost: x\u{1}\r\n\r\n", "refuse 400 malformed_request"),
    AbuseCase("a folded field", "GET / HTTP/1.1\r\nHost: x\r\n A: b\r\n\r\n", "refuse 400 folded_header"),
    AbuseCase("a folded request line", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", "refuse 400 malformed_request"),
    AbuseCase("a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "refuse 400 malformed_request"),
    AbuseCase(
      "a space after a disguised coding", post("Content-Length: 3\r\nTransfer-Encoding : chunked", "0\r\n\r\n"),
      "refuse 400 ambiguous_length"),
    AbuseCase("a field without a colon", "GET / HTTP/1.1\r\nHost x\r\n\r\n", "refuse 400 malformed_request"),
    AbuseCase("a field without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", "refuse 400 malformed_request"),
    AbuseCase(
      "too many fields", "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 11) + "\r\n",
      "refuse 431 head_too_large"),
    AbuseCase(
      "a field too large", "GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 500), "refuse 431 head_too_large"),
    AbuseCase("a target too long", "GET /" + String(repeating: "a", count: 300), "refuse 414 uri_too_long"),
    AbuseCase("an unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "refuse 501 method_unsupported"),
    AbuseCase("CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", "refuse 501 method_unsupported"),
    AbuseCase("HTTP/2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", "refuse 505 version_unsupported"),
    AbuseCase("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refuse 501 method_unsupported"),
    AbuseCase("HTTP/0.9", "GET /\r\n\r\n", "refuse 505 version_unsupported"),
    AbuseCase("TLS", "\u{16}\u{3}\u{1}\0\u{1}", "refuse 400 nul_byte"),
    AbuseCase("an unknown expectation", post("Expect: tea", ""), "refuse 417 expectation_unknown"),
  ]

  static let targets = [
    AbuseCase("an escaped NUL", get("/a%00b"), "refuse 400 invalid_target"),
    AbuseCase("an escaped NUL in the query", get("/?a=%00"), "refuse 400 invalid_target"),
    AbuseCase("an escaped slash", get("/a%2Fb"), "refuse 400 invalid_target"),
    AbuseCase("an escaped line feed", get("/a%0Ab"), "refuse 400 invalid_target"),
    AbuseCase("dots", get("/a/../b"), "refuse 400 invalid_target"),
    AbuseCase("escaped dots", get("/a/%2e%2E/b"), "refuse 400 invalid_target"),
    AbuseCase("an empty segment", get("/a//b"), "refuse 400 invalid_target"),
    AbuseCase("a broken escape", get("/%4"), "refuse 400 invalid_target"),
    AbuseCase("what is not UTF-8", get("/%FF"), "refuse 400 invalid_target"),
    AbuseCase("letters that are not ASCII", get("/é"), "refuse 400 invalid_target"),
    AbuseCase("a relative target", get("a"), "refuse 400 malformed_request"),
    AbuseCase("an absolute target", get("http://y/a?b"), "begin GET /a", "close"),
    AbuseCase("an escaped letter", get("/%61/"), "begin GET /a", "close"),
    AbuseCase("a star", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "begin OPTIONS /", "close"),
  ]

  static let conversations = [
    AbuseCase("nothing", "", "close"),
    AbuseCase("half a head", "GET / HT", "close"),
    AbuseCase("an empty line first", "\r\n" + get("/"), "begin GET /", "close"),
    AbuseCase("two empty lines first", "\r\n\r\n" + get("/"), "refuse 400 malformed_request"),
    AbuseCase("an empty body", post("Content-Length: 0", ""), "begin POST /", "close"),
    AbuseCase(
      "a pipeline", get("/a") + post("Content-Length: 3", "abc") + chunked("1\r\nd\r\n0\r\n\r\n") + get("/b"),
      "begin GET /a", "begin POST /", "body abc", "begin POST /", "body d", "begin GET /b", "close"),
    AbuseCase(
      "a request after the last", "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + get("/b"), "begin GET /a"),
    AbuseCase(
      "an upgrade, ignored", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n" + get("/b"),
      "begin GET /", "begin GET /b", "close"),
  ]
}
