import CLinux
import Glibc
public import StrataCore
import Synchronization

/// A file descriptor with one owner: it is closed when the owner lets go of it, and never twice.
///
/// `read` and `write` suspend the task, not the thread. One task at a time may wait on a descriptor; where reading and
/// writing overlap (a socket), give each side its own `duplicate()`.
public final class Descriptor: Sendable {
  private let number: Mutex<Int32>

  /// Takes ownership of `number`, which must be open.
  public init(owning number: Int32) { self.number = Mutex(number) }

  deinit { close() }

  /// The number, for a system call; -1 once closed.
  public var raw: Int32 { number.withLock { $0 } }

  /// Closes it now. Safe to call twice. A task waiting on it is not woken: end the wait first.
  public func close() {
    let open = number.withLock { number in
      defer { number = -1 }
      return number
    }
    if open >= 0 { _ = Glibc.close(open) }
  }

  /// Gives the number away; the receiver must close it.
  public func release() -> Int32 {
    number.withLock { number in
      defer { number = -1 }
      return number
    }
  }

  /// Another descriptor of the same open file, close-on-exec.
  public func duplicate() throws(StrataError) -> Descriptor {
    let copy = strata_fcntl(raw, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .system("duplicate a descriptor") }
    return Descriptor(owning: copy)
  }

  /// Whether a read would return at once, be it with bytes, the end or an error.
  public var isReadable: Bool {
    var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, 0) == 1
  }

  /// Makes reads and writes return at once when they cannot proceed, as `read` and `write` below require.
  public func makeNonblocking() throws(StrataError) {
    let flags = strata_fcntl(raw, F_GETFL, 0)
    guard flags >= 0, strata_fcntl(raw, F_SETFL, flags | O_NONBLOCK) == 0 else {
      throw .system("make a descriptor non-blocking")
    }
  }
}

extension Descriptor {
  /// Opens `path`, close-on-exec.
  ///
  /// - Parameter flags: of open(2), such as `O_RDONLY` or `O_WRONLY | O_CREAT | O_APPEND`.
  public static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(StrataError) -> Descriptor {
    let number = unsafe strata_open(path, flags | O_CLOEXEC, mode)
    guard number >= 0 else { throw .system("open \(path)") }
    return Descriptor(owning: number)
  }

  /// A pipe: what is written to `write` comes out of `read`. Both blocking and close-on-exec.
  public static func pipe() throws(StrataError) -> (read: Descriptor, write: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard unsafe strata_pipe(&ends) == 0 else { throw .system("create a pipe") }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }

  /// Two connected unix stream sockets, blocking and close-on-exec.
  public static func socketPair() throws(StrataError) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .system("create a socket pair") }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }
}
