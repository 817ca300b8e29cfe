import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// Takes a socket's connections. Touched on its loop only.
final class HTTPListener {
  private let socket: ListeningSocket
  private var loop: EventLoop?
  private var descriptor: Int32 { socket.descriptor.raw }

  init(_ socket: ListeningSocket) { self.socket = socket }

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
      if case .tcp = socket.address { SocketAddress.set(TCP_NODELAY, of: connection, level: Int32(IPPROTO_TCP)) }
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
    socket.close()
  }
}
