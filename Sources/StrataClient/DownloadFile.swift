import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A file that takes the place of another when it is complete, and is removed otherwise.
final class DownloadFile: Sendable {
  private let path: String
  private let draft: String
  private let descriptor: Int32
  private let error = Mutex<ClientError?>(nil)
  private let isKept = Atomic(false)

  init(_ path: String) throws(ClientError) {
    var status = stat()
    if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw .local(StrataError(.invalidInput, "\(path) is there and is not a file, so it is not replaced"))
    }
    self.path = path
    draft = "\(path).\(getpid()).part"
    descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .local(.system("write \(draft)")) }
  }

  deinit {
    close(descriptor)
    if !isKept.load(ordering: .relaxed) { unsafe unlink(draft) }
  }

  /// False after an error, which `takeError` then gives.
  func write(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let failure = StrataError.system("write \(draft)")
        error.withLock { $0 = .local(failure) }
        return false
      }
      rest = rest.dropFirst(count)
    }
    return true
  }

  func takeError() -> ClientError? { error.withLock { $0.take() } }

  func keep() throws(ClientError) {
    guard unsafe rename(draft, path) == 0 else { throw .local(.system("write \(path)")) }
    isKept.store(true, ordering: .relaxed)
  }
}
