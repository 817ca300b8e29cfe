import Glibc
import StrataCore
import StrataRuntime

/// Addresses as the system's calls take them.
enum SocketAddress {
  /// - Parameter host: digits; names are not looked up.
  static func withTCP<Value>(
    host: String, port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(StrataError) -> Value
  ) throws(StrataError) -> Value {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0, let found = unsafe found else {
      throw StrataError(
        .invalidInput, "\(host):\(port) is not an address to listen on",
        remedy: "give digits, such as 127.0.0.1, and a port from 0 to 65535")
    }
    defer { unsafe freeaddrinfo(found) }
    return try unsafe body(found.pointee.ai_addr, found.pointee.ai_addrlen)
  }

  static func withUnix<Value>(
    path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(StrataError) -> Value
  ) throws(StrataError) -> Value {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw StrataError(.invalidInput, "the socket path \(path) is too long", remedy: "use a shorter data folder")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        Result { () throws(StrataError) in try unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size)) }
      }
    }
    return try result.get()
  }

  /// The port that a socket is bound to.
  static func port(of descriptor: Int32) -> Int? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let failure = unsafe withUnsafeMutablePointer(to: &storage) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    guard failure == 0 else { return nil }
    // The port lies at the same place in the addresses of both families.
    return unsafe withUnsafeBytes(of: &storage) { unsafe Int($0[2]) << 8 | Int($0[3]) }
  }

  /// Where the socket `descriptor` listens; nil for whatever else it may be.
  static func listening(at descriptor: Int32) -> HTTPAddress? {
    var isListening: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening == 1,
      let port = port(of: descriptor)
    else { return nil }
    var storage = sockaddr_storage()
    length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutablePointer(to: &storage) { storage in
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard unsafe getsockname(descriptor, address, &length) == 0 else { return nil }
        if unsafe Int32(address.pointee.sa_family) == AF_UNIX { return unsafe unixPath(address, length) }
        return unsafe NumericHost.text(address, length).map { .tcp(host: $0, port: port) }
      }
    }
  }

  private static func unixPath(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> HTTPAddress {
    let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    let bytes = unsafe UnsafeRawBufferPointer(start: address, count: Int(length)).dropFirst(start)
    return unsafe .unix(path: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
  }

  static func set(_ option: Int32, of descriptor: Int32, level: Int32) {
    var on: Int32 = 1
    unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
  }
}
