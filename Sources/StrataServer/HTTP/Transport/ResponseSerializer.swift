/// Writes the head of a response, and the framing of its body, as bytes.
enum ResponseSerializer {
  /// How the client will find the end of the body.
  enum Framing: Equatable {
    /// No body and no length: 1xx, 204, 304.
    case none
    case length(Int)
    case chunked
    /// The connection's end ends it: HTTP/1.0.
    case untilClose
  }

  static func writeHead(
    of response: HTTPResponse, framing: Framing, keepAlive: Bool, minorVersion: Int, date: [UInt8],
    to output: inout [UInt8]
  ) {
    output += "HTTP/1.1 ".utf8
    output.appendDecimal(response.status.rawValue)
    output.append(0x20)
    output += response.status.reason.utf8
    output += "\r\ndate: ".utf8
    output += date
    output += "\r\n".utf8
    response.headers.write(to: &output)
    switch framing {
    case .length(let length):
      output += "content-length: ".utf8
      output.appendDecimal(length)
      output += "\r\n".utf8
    case .chunked: output += "transfer-encoding: chunked\r\n".utf8
    case .none, .untilClose: break
    }
    if !keepAlive {
      output += "connection: close\r\n".utf8
    } else if minorVersion == 0 {
      output += "connection: keep-alive\r\n".utf8
    }
    output += "\r\n".utf8
  }

  static func writeChunk(_ bytes: [UInt8], to output: inout [UInt8]) {
    output += String(bytes.count, radix: 16).utf8
    output += "\r\n".utf8
    output += bytes
    output += "\r\n".utf8
  }

  static let lastChunk = Array("0\r\n\r\n".utf8)
  static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}

extension [UInt8] {
  mutating func appendDecimal(_ value: Int) { append(contentsOf: String(value).utf8) }
}
