import Glibc

/// A block of memory that lives as long as something refers to it. Its pages count only once written.
@safe final class ByteBlock: @unchecked Sendable {
  /// Written only while one owner has it, read by any number of threads after that.
  let base: UnsafeMutableRawPointer
  let count: Int

  /// - Throws: `limitExceeded` when the system has no such memory left.
  init(count: Int) throws(PointCloudError) {
    guard let base = unsafe calloc(max(1, count), 1) else {
      throw PointCloudError(
        .limitExceeded, "no memory for \(count) bytes",
        remedy: "Split the file into tiles, or give the job more memory.")
    }
    unsafe self.base = unsafe base
    self.count = count
  }

  convenience init(copying bytes: [UInt8]) throws(PointCloudError) {
    try self.init(count: bytes.count)
    unsafe UnsafeMutableRawBufferPointer(start: base, count: count).copyBytes(from: bytes)
  }

  deinit { unsafe free(base) }

  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }
}

extension ByteBlock {
  /// Reads a whole file. A copy is made, not a mapping: a mapped file that another process shortens kills its reader.
  ///
  /// - Throws: `fileAccess`, or `limitExceeded` past `sizeMax` bytes.
  static func contents(ofFile path: String, sizeMax: Int) throws(PointCloudError) -> ByteBlock {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileAccess("open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .fileAccess("examine", path) }
    let size = Int(status.st_size)
    guard size <= sizeMax else {
      throw PointCloudError(
        .limitExceeded, "'\(path)' has \(size) bytes, more than the \(sizeMax) allowed",
        remedy: "Split the file into tiles, or raise the limit `fileBytesMax`.")
    }
    let block = try ByteBlock(count: size)
    try block.fill(from: descriptor, path: path)
    return block
  }

  private func fill(from descriptor: Int32, path: String) throws(PointCloudError) {
    var filled = 0
    while filled < count {
      let got = unsafe read(descriptor, base + filled, count - filled)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw .fileAccess("read", path) }
      filled += got
    }
  }
}

extension PointCloudError {
  /// The error that `errno` tells of, for an operation on a file.
  static func fileAccess(_ verb: String, _ path: String) -> Self {
    let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "unknown error"
    return Self(
      .fileAccess, "cannot \(verb) '\(path)': \(reason)",
      remedy: "Check that the path exists, that its rights allow it, and that the disk is not full.")
  }
}
