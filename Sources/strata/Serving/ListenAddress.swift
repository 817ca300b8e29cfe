import StrataCore
import StrataRuntime
import StrataServer

/// Where `--http` may lead: this machine only, since the API speaks no TLS.
enum ListenAddress {
  static func loopback(_ text: String) throws(StrataError) -> HTTPAddress {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else {
      throw StrataError(
        .invalidInput, "'\(text)' is not an address and a port", remedy: "write it as 127.0.0.1:8420 or [::1]:8420")
    }
    let name = text[..<colon].filter { $0 != "[" && $0 != "]" }
    let host = name == "localhost" ? "127.0.0.1" : name
    guard NumericHost.isOne(host) else {
      throw StrataError(
        .invalidInput, "'\(host)' is not an address", remedy: "write it as 127.0.0.1:8420 or [::1]:8420")
    }
    guard host == "::1" || host.hasPrefix("127.") else {
      throw StrataError(
        .invalidInput, "--http listens on this machine only, and '\(host)' is not a loopback address",
        remedy: "use 127.0.0.1:\(port), and put a proxy with TLS in front of it")
    }
    return .tcp(host: host, port: port)
  }
}
