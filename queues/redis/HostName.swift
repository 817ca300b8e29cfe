import Glibc
import StrataRuntime

/// Finds the numbers of hosts that are named, on threads of their own: a name server that does not answer holds up a
/// connection, and not the loop that all others live on.
enum HostName {
  private static let threads = Result { try BlockingPool(label: "names", threads: 2) }

  /// The same address with a number for its host; itself where it has one already.
  static func resolve(_ address: RedisEndpoint.Address) async throws(QueueError) -> RedisEndpoint.Address {
    guard case .tcp(let host, let port) = address, !NumericHost.isOne(host) else { return address }
    guard case .success(let threads) = threads else { throw .disconnected("no thread to find the host '\(host)' by") }
    guard let number = await threads.run({ Self.number(of: host) }) else {
      throw .disconnected("no address is known of the host '\(host)'")
    }
    return .tcp(host: number, port: port)
  }

  /// The first of version 4, else the first at all.
  private static func number(of host: String) -> String? {
    for family in [AF_INET, AF_UNSPEC] {
      var hints = unsafe addrinfo()
      unsafe (hints.ai_family, hints.ai_socktype) = (family, Int32(SOCK_STREAM.rawValue))
      var found: UnsafeMutablePointer<addrinfo>?
      guard unsafe getaddrinfo(host, nil, &hints, &found) == 0, let found = unsafe found else { continue }
      defer { unsafe freeaddrinfo(found) }
      if let text = unsafe NumericHost.text(found.pointee.ai_addr, found.pointee.ai_addrlen) { return text }
    }
    return nil
  }
}
