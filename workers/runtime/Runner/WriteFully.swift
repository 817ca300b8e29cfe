import Glibc

/// Writes all of `bytes` to a blocking descriptor, however many calls it takes; false if it cannot be written to.
@discardableResult
func writeFully(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + written }, bytes.count - written)
    }
    if count < 0 && errno != EINTR { return false }
    written += max(0, count)
  }
  return true
}
