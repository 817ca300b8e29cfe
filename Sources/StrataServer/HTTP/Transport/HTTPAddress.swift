/// Where a server listens.
public enum HTTPAddress: Hashable, Sendable, CustomStringConvertible {
  /// An address as digits, such as `127.0.0.1` or `::1`; port 0 lets the system choose one.
  case tcp(host: String, port: Int)
  /// A socket file that only its owner may use.
  case unix(path: String)

  /// As a client takes it: `http://127.0.0.1:8080` or `unix:///run/strata.sock`.
  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
    case .unix(let path): "unix://\(path)"
    }
  }
}
