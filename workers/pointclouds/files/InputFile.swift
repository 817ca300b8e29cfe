import Glibc

/// A file of which parts are read, wherever they lie.
@safe final class InputFile: Sendable {
  let path: String
  let byteCount: Int
  private let descriptor: Int32

  /// - Throws: `fileAccess`.
  init(_ path: String) throws(PointCloudError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileAccess("open", path) }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else {
      close(descriptor)
      throw .fileAccess("examine", path)
    }
    byteCount = Int(end)
  }

  deinit { close(descriptor) }

  /// - Throws: `truncated`, naming `what`, when the range is not within the file; `fileAccess`.
  func read(_ range: Range<Int>, for what: String) throws(PointCloudError) -> ByteBlock {
    let block = try ByteBlock(count: try checked(range, what).count)
    try read(range, into: block, at: 0)
    return block
  }

  private func checked(_ range: Range<Int>, _ what: String) throws(PointCloudError) -> Range<Int> {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else {
      throw .truncated(
        what, at: range.lowerBound, needs: UInt64(range.count), has: max(0, byteCount - max(0, range.lowerBound)))
    }
    return range
  }

  /// Reads a range of the file to a place of a block that has room for it.
  func read(_ range: Range<Int>, into block: ByteBlock, at place: Int) throws(PointCloudError) {
    precondition(place >= 0 && place + range.count <= block.count)
    var filled = 0
    while filled < range.count {
      let got = unsafe pread(
        descriptor, block.base + place + filled, range.count - filled, off_t(range.lowerBound + filled))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw .fileAccess("read", path) }
      filled += got
    }
  }
}
