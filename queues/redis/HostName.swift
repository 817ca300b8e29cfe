import Glibc
import StrataRuntime

/// Finds the numbers of hosts that are named, on threads of their own: a name server that does not answer holds up a
/// connection, and not the loop that all others live on.
enum HostName {
  private static let threads = Result { try BlockingPool(label: "names", threads: 2) }

  /// The same address with a number for its host; itself where it has one already.
  static func resolve(_ address: RedisEndpoint.Address) async throws(QueueError) -> RedisEndpoint.Address {
    guard case .tcp(let host, let port) = address, !isNumeric(host) else { return address }
    guard case .success(let threads) = threads else { throw .disconnected("no thread to find the host '\(host)' by") }
    guard let number = await threads.run({ Self.number(of: host) }) else {
      throw .disconnected("no address is known of the host '\(host)'")
    }
    return .tcp(host: number, port: port)
  }

  private static func isNumeric(_ host: String) -> Bool {
    var space = in6_addr()
    return unsafe inet_pton(AF_INET, host, &space) == 1 || inet_pton(AF_INET6, host, &space) == 1
  }

  /// The first of version 4, else the first at all.
  private static func number(of host: String) -> String? {
    for family in [AF_INET, AF_UNSPEC] {
      var hints = unsafe addrinfo()
      unsafe (hints.ai_family, hints.ai_socktype) = (family, Int32(SOCK_STREAM.rawValue))
      var found: UnsafeMutablePointer<addrinfo>?
      guard unsafe getaddrinfo(host, nil, &hints, &found) == 0, let found = unsafe found else { continue }
      defer { unsafe freeaddrinfo(found) }
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let status = unsafe getnameinfo(
        found.pointee.ai_addr, found.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      if status == 0 { return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) }
    }
    return nil
  }
}
