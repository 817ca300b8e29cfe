import Glibc
import StrataCore

/// A file on its way to become an artifact; removed when dropped.
///
/// Its writer holds a lock on it for as long as it lives, so that another process that sweeps the folder can tell it
/// from what a killed process left.
struct TemporaryFile: ~Copyable {
  let path: String
  private let descriptor: Int32

  static func folder(in root: String) -> String { root + "/incoming" }

  init(root: String) throws(StrataError) {
    while true {
      let name = String(UInt64.random(in: 0 ... .max), radix: 36)
      let path = "\(Self.folder(in: root))/\(name)"
      let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor < 0 && errno == EEXIST { continue }
      guard descriptor >= 0 else { throw .storage("begin an artifact in \(root)") }
      if Self.lock(descriptor) {
        self.path = path
        self.descriptor = descriptor
        return
      }
      // A sweeper came between the two calls, and has removed the file or is about to.
      close(descriptor)
    }
  }

  deinit {
    // The path has become an artifact's second name, or is of no use.
    unsafe unlink(path)
    close(descriptor)
  }

  /// Locks the file and sees that it still has its name.
  private static func lock(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe fstat(descriptor, &status) == 0 else { return false }
    return status.st_nlink > 0
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(StrataError) {
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
      let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .storage("write an artifact", errorNumber: count == 0 ? ENOSPC : errno) }
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Makes the file read-only and puts it on the disk.
  func seal() throws(StrataError) {
    guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0 else { throw .storage("write an artifact") }
  }

  /// Removes files whose writers are gone.
  static func sweep(_ root: String) throws(StrataError) {
    for path in try Folder.entries(of: folder(in: root)) {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unsafe unlink(path) }
    }
  }
}
