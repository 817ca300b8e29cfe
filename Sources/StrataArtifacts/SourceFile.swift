import Glibc
import StrataCore

/// A regular file to be put into the store.
struct SourceFile: ~Copyable {
  let path: String
  let size: Int
  let hasOneName: Bool
  private let descriptor: Int32

  init(_ path: String) throws(StrataError) {
    // A job could leave a link to what it may not read, or a pipe that would block.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw .storage("open \(path)") }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw StrataError(.invalidInput, "\(path) is not a regular file")
    }
    self.path = path
    size = Int(status.st_size)
    hasOneName = status.st_nlink == 1
  }

  deinit { close(descriptor) }

  /// Calls `body` with the content in pieces of at most 1 MiB.
  func readAll(_ body: (UnsafeRawBufferPointer) throws(StrataError) -> Void) throws(StrataError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { unsafe buffer.deallocate() }
    var offset = off_t(0)
    while true {
      let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .storage("read \(path)") }
      guard count > 0 else { return }
      try unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += off_t(count)
    }
  }

  /// Puts the file on the disk.
  func synchronize() throws(StrataError) {
    guard fsync(descriptor) == 0 else { throw .storage("write \(path)") }
  }

  /// Makes the file read-only and puts it on the disk.
  func seal() throws(StrataError) {
    guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0 else { throw .storage("write \(path)") }
  }
}
