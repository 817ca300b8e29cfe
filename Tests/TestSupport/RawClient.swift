import Glibc
import StrataRuntime
package import StrataServer

/// A client that sends exactly the bytes it is given, and blocks: use it off the loop.
package struct RawClient: ~Copyable {
  package let descriptor: Int32

  package init(_ address: HTTPAddress) throws {
    switch address {
    case .tcp(_, let port):
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      try Self.connect(descriptor, &address)
    case .unix(let path):
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      try Self.connect(descriptor, &address)
    }
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) throws {
    let failure = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard failure == 0 else { throw Failure(action: "connect", errorNumber: errno) }
  }

  deinit { close(descriptor) }

  package struct Failure: Error {
    package let action: String
    package let errorNumber: Int32

    package init(action: String, errorNumber: Int32) {
      self.action = action
      self.errorNumber = errorNumber
    }
  }

  /// False once the server has gone.
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + start, bytes.count - start, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      start += count
    }
    return true
  }

  @discardableResult
  package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What the server sends next, at most 64 KiB; empty at the end. Nil if the connection broke or nothing came.
  package func receive() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return count >= 0 ? Array(bytes.prefix(count)) : nil
  }

  /// Everything until the server closes.
  package func receiveToEnd() -> String {
    var all: [UInt8] = []
    while let more = receive(), !more.isEmpty { all += more }
    return String(decoding: all, as: UTF8.self)
  }

  /// Everything until `mark` has come, or the end.
  package func receive(until mark: String) -> String {
    var all = ""
    while !all.contains(mark), let more = receive(), !more.isEmpty { all += String(decoding: more, as: UTF8.self) }
    return all
  }
}

/// Runs `body`, which blocks, on a thread of its own, so that the test's pool stays free.
package func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { done in
    do {
      try Thread.start(name: "test-client") { done.resume(with: Result { try body() }) }
    } catch {
      done.resume(throwing: error)
    }
  }
}
