import CLinux
import Glibc
public import StrataCore
public import StrataRuntime

/// A socket that listens, apart from the server that takes its connections: it can be opened by a process that outlives
/// its servers and be passed to each of them. Connections that come while none of them takes any wait in its backlog.
///
/// ```swift
/// let socket = try ListeningSocket(.tcp(host: "127.0.0.1", port: 0))
/// specification.extraDescriptors[3] = socket.descriptor   // there: ListeningSocket(inherited: 3)
/// ```
public final class ListeningSocket: Sendable {
  /// Where it listens, with the port that the system chose. Of a unix socket that was inherited it is the path that it was
  /// bound to, whatever name its file has now.
  public let address: HTTPAddress
  /// Non-blocking and close-on-exec.
  public let descriptor: Descriptor
  private let file: SocketFile?

  /// Opens it.
  ///
  /// - Throws: `conflict` if another listens there, else what the system refused.
  public init(_ address: HTTPAddress) throws(StrataError) {
    switch address {
    case .tcp(let host, let port):
      let number = unsafe try SocketAddress.withTCP(host: host, port: port) { address, length throws(StrataError) in
        unsafe try Self.listen("listen on \(host):\(port)", address, length)
      }
      descriptor = Descriptor(owning: number)
      file = nil
      self.address = .tcp(host: host, port: SocketAddress.port(of: number) ?? port)
    case .unix(let path):
      let (number, file) = try SocketFile.listen(at: path)
      descriptor = Descriptor(owning: number)
      self.file = file
      self.address = address
    }
  }

  /// Takes one over that the process which started this one has opened. Its file is that one's to remove.
  ///
  /// - Throws: `invalid_input` if descriptor `number` is no socket that listens.
  public init(inherited number: Int32) throws(StrataError) {
    guard let address = SocketAddress.listening(at: number) else {
      throw StrataError(
        .invalidInput, "descriptor \(number) is no socket that listens", remedy: "open one, and pass its number")
    }
    _ = strata_fcntl(number, F_SETFD, FD_CLOEXEC)
    descriptor = Descriptor(owning: number)
    self.address = address
    file = nil
    try descriptor.makeNonblocking()
  }

  /// Listens no more, as far as this process is concerned, and removes the file it has made. Safe to call twice.
  public func close() {
    file?.remove()
    descriptor.close()
  }

  static func listen(
    _ action: String, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
  ) throws(StrataError) -> Int32 {
    let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = unsafe socket(Int32(address.pointee.sa_family), flags, 0)
    guard descriptor >= 0 else { throw .system(action) }
    SocketAddress.set(SO_REUSEADDR, of: descriptor, level: SOL_SOCKET)
    guard unsafe Glibc.bind(descriptor, address, length) == 0, Glibc.listen(descriptor, 1024) == 0 else {
      let error = StrataError.system(action, remedy: "choose another address, or stop what listens there")
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }
}
