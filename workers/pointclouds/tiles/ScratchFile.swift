import Glibc

/// A file without a name, for what does not fit in memory: it is gone with its process, however that ends.
@safe final class ScratchFile: Sendable {
  private let descriptor: Int32
  private let folder: String

  /// - Parameter folder: on whose disk it lies.
  init(in folder: String) throws(PointCloudError) {
    self.folder = folder
    var path = Array("\(folder)/.scratch-XXXXXX".utf8CString)
    descriptor = unsafe mkstemp(&path)
    guard descriptor >= 0 else { throw .fileAccess("create a scratch file in", folder) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unsafe unlink(path)
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(PointCloudError) {
    guard unsafe PositionedIO.write(descriptor, bytes, at: offset) else {
      throw .fileAccess("write a scratch file in", folder)
    }
  }

  /// Fills `target` with what was written there.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(PointCloudError) {
    guard unsafe PositionedIO.read(descriptor, into: target, at: offset) == target.count else {
      throw .fileAccess("read a scratch file in", folder)
    }
  }
}
