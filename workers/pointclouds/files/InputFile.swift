import Glibc

/// A file of which parts are read, wherever they lie.
@safe final class InputFile: Sendable {
  private enum Content: Sendable {
    case descriptor(Int32)
    case memory(ByteBlock)
  }

  /// As it was given; empty for a file in memory.
  let path: String
  let byteCount: Int
  private let content: Content

  /// - Throws: `fileAccess`; `limitExceeded`, naming the limit, past `sizeMax` bytes.
  init(_ path: String, sizeMax: Int = .max) throws(PointCloudError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileAccess("open", path) }
    content = .descriptor(descriptor)
    let end = lseek(descriptor, 0, SEEK_END)
    byteCount = Int(max(0, end))
    guard end >= 0 else { throw .fileAccess("examine", path) }
    guard byteCount <= sizeMax else {
      throw PointCloudError(
        .limitExceeded, "'\(path)' has \(byteCount) bytes, more than the \(sizeMax) allowed",
        remedy: "Split the file into tiles, or raise the limit `fileBytesMax`.")
    }
  }

  /// A file that is in memory already.
  init(_ block: ByteBlock) {
    path = ""
    byteCount = block.count
    content = .memory(block)
  }

  deinit {
    if case .descriptor(let descriptor) = content { close(descriptor) }
  }

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
  /// - Throws: `fileAccess`, also where the file has become shorter meanwhile.
  func read(_ range: Range<Int>, into block: ByteBlock, at place: Int) throws(PointCloudError) {
    precondition(place >= 0 && place + range.count <= block.count && range.upperBound <= byteCount)
    switch content {
    case .memory(let memory):
      guard !range.isEmpty else { return }
      unsafe (block.base + place).copyMemory(from: memory.base + range.lowerBound, byteCount: range.count)
    case .descriptor(let descriptor):
      let target = unsafe UnsafeMutableRawBufferPointer(start: block.base + place, count: range.count)
      guard let got = unsafe PositionedIO.read(descriptor, into: target, at: range.lowerBound) else {
        throw .fileAccess("read", path)
      }
      guard got == range.count else {
        throw PointCloudError(
          .fileAccess, "'\(path)' has become shorter while it is read", remedy: "Read it when nobody writes to it.")
      }
    }
  }

  /// A reader of a range of the file, which speaks of places as they are in the file.
  func reader(_ range: Range<Int>, for what: String) throws(PointCloudError) -> ByteReader {
    ByteReader(block: try read(range, for: what), start: range.lowerBound, count: byteCount)
  }
}
