import Glibc

/// What this user may still put on a file system.
package struct DiskSpace: Hashable, Sendable {
  package let freeBytes: Int64
  /// Inodes; nil where the file system makes as many as it is asked for.
  package let freeFiles: Int64?

  package init(freeBytes: Int64, freeFiles: Int64?) {
    self.freeBytes = freeBytes
    self.freeFiles = freeFiles
  }

  /// Of the file system of `path`; nil if it cannot be said.
  init?(at path: String) {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    freeBytes = Int64(clamping: UInt64(status.f_bavail)).multipliedUpToMax(by: Int64(clamping: status.f_frsize))
    freeFiles = status.f_files == 0 ? nil : Int64(clamping: status.f_favail)
  }

  /// Whether what fails here may have failed for want of room.
  package func isShort(_ limits: AttemptLimits) -> Bool {
    freeBytes < limits.diskReserveBytes || freeFiles.map { $0 < limits.diskReserveFiles } ?? false
  }
}
