public import StrataCore

/// Where a server is.
public enum ClientEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// A URL without a slash at its end, such as `http://127.0.0.1:8080`.
  case url(String)
  case unix(path: String)

  /// - Parameter text: `http://…`, `https://…` or `unix:///path/to.sock`.
  public init(_ text: String) throws(StrataError) {
    if text.hasPrefix("unix:///") {
      self = .unix(path: String(text.dropFirst("unix://".count)))
    } else if text.hasPrefix("http://") || text.hasPrefix("https://") {
      self = .url(text.hasSuffix("/") ? String(text.dropLast()) : text)
    } else {
      throw StrataError(
        .invalidInput, "'\(text)' is not a server's address",
        remedy: "write it as http://host:port, https://host or unix:///path/to.sock")
    }
  }

  public var description: String {
    switch self {
    case .url(let url): url
    case .unix(let path): "unix://\(path)"
    }
  }

  func url(for target: String) -> String {
    switch self {
    case .url(let url): url + target
    case .unix: "http://localhost" + target
    }
  }
}
