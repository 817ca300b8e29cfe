import Glibc
import StrataCore
import StrataRuntime

/// The file of a listening unix socket, remembered by its inode so that another server's is never removed.
struct SocketFile: Sendable {
  private let path: String
  private let inode: ino_t
  private let device: dev_t

  private init(path: String, status: stat) {
    self.path = path
    inode = status.st_ino
    device = status.st_dev
  }

  /// Listens at `path` with mode 0600. A file left by a server that is gone is replaced.
  ///
  /// The socket is bound under another name and renamed, so that it is never there with a wider mode or before it
  /// listens.
  static func listen(at path: String) throws(StrataError) -> (descriptor: Int32, file: SocketFile) {
    try checkIsFree(path)
    let draft = "\(path).\(getpid())"
    unsafe unlink(draft)
    let descriptor = unsafe try SocketAddress.withUnix(path: draft) { address, length throws(StrataError) in
      try unsafe ListeningSocket.listen("listen on \(draft)", address, length)
    }
    var status = stat()
    guard unsafe chmod(draft, 0o600) == 0, unsafe rename(draft, path) == 0, unsafe stat(path, &status) == 0 else {
      let error = StrataError.system("place the socket \(path)")
      close(descriptor)
      unsafe unlink(draft)
      throw error
    }
    return (descriptor, SocketFile(path: path, status: status))
  }

  private static func checkIsFree(_ path: String) throws(StrataError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw StrataError(.conflict, "\(path) is there and is not a socket", remedy: "remove it or choose another path")
    }
    guard try !isAnswered(path) else {
      throw StrataError(.conflict, "another server listens on \(path)", remedy: "stop it or choose another path")
    }
  }

  private static func isAnswered(_ path: String) throws(StrataError) -> Bool {
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard probe >= 0 else { throw .system("create a socket") }
    defer { close(probe) }
    return unsafe try SocketAddress.withUnix(path: path) { address, length in
      // A full backlog (EAGAIN) is somebody's backlog.
      unsafe connect(probe, address, length) == 0 || errno == EAGAIN
    }
  }

  /// Removes the file if it is still this server's.
  func remove() {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_ino == inode, status.st_dev == device else { return }
    unsafe unlink(path)
  }
}
