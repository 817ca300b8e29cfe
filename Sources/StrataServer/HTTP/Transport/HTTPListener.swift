import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// A listening socket. Touched on its loop only.
final class HTTPListener {
  /// Where it listens, with the port that the system chose.
  let address: HTTPAddress
  private let descriptor: Int32
  private let socketFile: SocketFile?
  private var loop: EventLoop?

  init(_ address: HTTPAddress) throws(StrataError) {
    switch address {
    case .tcp(let host, let port):
      descriptor = unsafe try SocketAddress.withTCP(host: host, port: port) { address, length throws(StrataError) in
        unsafe try Self.bind("listen on \(host):\(port)", address, length)
      }
      socketFile = nil
      self.address = .tcp(host: host, port: SocketAddress.port(of: descriptor) ?? port)
    case .unix(let path):
      (descriptor, socketFile) = try SocketFile.listen(at: path)
      self.address = address
    }
  }

  static func bind(
    _ action: String, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
  ) throws(StrataError) -> Int32 {
    let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = unsafe socket(Int32(address.pointee.sa_family), flags, 0)
    guard descriptor >= 0 else { throw .system(action) }
    SocketAddress.set(SO_REUSEADDR, of: descriptor, level: SOL_SOCKET)
    guard unsafe Glibc.bind(descriptor, address, length) == 0, Glibc.listen(descriptor, 1024) == 0 else {
      let error = StrataError.system(action, remedy: "choose another address, or stop what listens there")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// Hands each new connection, non-blocking, to `accept`.
  func start(on loop: EventLoop, accept: @escaping (Int32) -> Void) throws(StrataError) {
    self.loop = loop
    try loop.watch(descriptor, .readable) { [self] _ in acceptAll(accept) }
  }

  private func acceptAll(_ accept: (Int32) -> Void) {
    // Bounded, so that a flood of connections does not starve those that exist.
    for _ in 0..<64 {
      let connection = strata_accept(descriptor)
      guard connection >= 0 else {
        if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { pause() }
        return
      }
      if socketFile == nil { SocketAddress.set(TCP_NODELAY, of: connection, level: Int32(IPPROTO_TCP)) }
      accept(connection)
    }
  }

  /// Without a free descriptor the socket stays readable: look again in a while instead of spinning.
  private func pause() {
    try? loop?.rewatch(descriptor, [])
    loop?.schedule(after: .milliseconds(100)) { [weak self] in
      guard let self else { return }
      try? loop?.rewatch(descriptor, .readable)
    }
  }

  func stop() {
    guard let loop else { return }
    self.loop = nil
    loop.unwatch(descriptor)
    close(descriptor)
    socketFile?.remove()
  }
}
