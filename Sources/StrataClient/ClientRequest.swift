import FoundationEssentials
import StrataCore

/// A request to be sent.
public struct ClientRequest: Sendable {
  public enum Body: Sendable {
    case none
    case bytes([UInt8], contentType: String)
    /// Sent as it is read, so that its size does not matter.
    case file(path: String, contentType: String)

    /// Encodes `value`, with sorted keys.
    public static func json(_ value: some Encodable) throws(ClientError) -> Body {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      do {
        return .bytes([UInt8](try encoder.encode(value)), contentType: "application/json")
      } catch {
        throw .local(StrataError(.invalidInput, "the request could not be encoded", cause: error))
      }
    }
  }

  public var method: String
  public var path: [String]
  public var query: [(name: String, value: String)] = []
  public var headers: [(name: String, value: String)] = []
  public var body = Body.none
  /// For the whole exchange; nil for none, as for event streams.
  public var timeout: Duration?

  /// - Parameter path: its segments, not encoded: `["v1", "jobs"]`.
  public init(_ method: String, _ path: [String], body: Body = .none, timeout: Duration? = .seconds(60)) {
    self.method = method
    self.path = path
    self.body = body
    self.timeout = timeout
  }

  /// The path and query as they go on the request line.
  package var target: String {
    let path = "/" + path.map(Self.encode).joined(separator: "/")
    guard !query.isEmpty else { return path }
    return path + "?" + query.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }.joined(separator: "&")
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986, section 2.3.
  private static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: encoded.unicodeScalars.append(.init(byte))
      default: encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}

/// How far a transfer is, in bytes.
public struct ClientProgress: Hashable, Sendable {
  public var sent: Int
  /// 0 while unknown.
  public var toSend: Int
  public var received: Int
  /// 0 while unknown.
  public var toReceive: Int
}
