/// The request line and header fields of a request, checked.
public struct HTTPRequestHead: Sendable {
  public var method: HTTPMethod
  /// The target as it came, not decoded.
  public var target: String
  public var path: HTTPPath
  public var query: HTTPQuery
  public var headers: HTTPHeaders
  /// 1 for HTTP/1.1, 0 for HTTP/1.0.
  public var minorVersion: Int
  /// What the client asked for by its version and `Connection` header.
  public var wantsKeepAlive: Bool
  public var framing: Framing
  public var expectsContinue: Bool

  /// How the body's end is found.
  public enum Framing: Hashable, Sendable {
    case none
    /// By a `Content-Length` above zero.
    case length(Int)
    case chunked
  }
}

/// A request: its head, and its body as it comes.
@dynamicMemberLookup
public struct HTTPRequest: Sendable {
  public var head: HTTPRequestHead
  public var body: HTTPBody

  public init(head: HTTPRequestHead, body: HTTPBody) {
    self.head = head
    self.body = body
  }

  public subscript<Value>(dynamicMember member: KeyPath<HTTPRequestHead, Value>) -> Value { head[keyPath: member] }
}
