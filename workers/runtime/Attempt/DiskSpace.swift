import Glibc

enum DiskSpace {
  /// What this user may still write on the file system of `path`; nil if it cannot be said.
  static func freeBytes(at path: String) -> Int64? {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
  }
}
