import Glibc

/// Reads and writes of all that is asked for, wherever it lies in a file, however many calls the system makes of it.
enum PositionedIO {
  /// - Returns: the bytes that were read, fewer where the file ends before; nil with `errno` where reading failed.
  static func read(_ descriptor: Int32, into target: UnsafeMutableRawBufferPointer, at offset: Int) -> Int? {
    var done = 0
    while done < target.count {
      let count = unsafe pread(
        descriptor, target.baseAddress.unsafelyUnwrapped + done, target.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  /// - Returns: whether all was written; `errno` tells why not.
  static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return false }
      done += count
    }
    return true
  }
}
