import Numerics

/// As many bytes for each of many points, which several threads fill, each its own stretches. Many are kept in a scratch file.
struct ByteColumn: Sendable {
  /// Bytes of each point.
  let width: Int
  private let store: Store

  private enum Store: Sendable {
    case memory(SharedColumn<UInt8>)
    case scratch(ScratchFile)
  }

  /// - Parameter memoryMax: more bytes than these are not kept in memory.
  init(count: Int, width: Int, memoryMax: Int, folder: String) throws(PointCloudError) {
    self.width = width
    store =
      count * width <= memoryMax
      ? .memory(SharedColumn(repeating: 0, count: count * width)) : .scratch(try ScratchFile(in: folder))
  }

  /// - Parameter first: the first of the points that the values are of.
  func write(_ values: ArraySlice<UInt8>, at first: Int) throws(PointCloudError) {
    switch store {
    case .memory(let column):
      for (place, value) in zip((first * width)..., values) { column[place] = value }
    case .scratch(let file):
      let written = unsafe values.withUnsafeBytes { bytes in
        Result { () throws(PointCloudError) in try unsafe file.write(bytes, at: first * width) }
      }
      try written.get()
    }
  }

  /// What was written for a range of points.
  func read(_ range: Range<Int>) throws(PointCloudError) -> [UInt8] {
    let bytes = range.lowerBound * width..<range.upperBound * width
    switch store {
    case .memory(let column): return bytes.map { column[$0] }
    case .scratch(let file):
      var values = [UInt8](repeating: 0, count: bytes.count)
      let read = unsafe values.withUnsafeMutableBytes { target in
        Result { () throws(PointCloudError) in try unsafe file.read(into: target, at: bytes.lowerBound) }
      }
      try read.get()
      return values
    }
  }
}
