import Numerics

/// A byte for each of many points, which several threads fill, each its own stretches. Many are kept in a scratch file.
enum ByteColumn: Sendable {
  case memory(SharedColumn<UInt8>)
  case scratch(ScratchFile)

  /// - Parameter memoryMax: more than these are not kept in memory.
  init(count: Int, memoryMax: Int, folder: String) throws(PointCloudError) {
    self =
      count <= memoryMax ? .memory(SharedColumn(repeating: 0, count: count)) : .scratch(try ScratchFile(in: folder))
  }

  func write(_ values: ArraySlice<UInt8>, at first: Int) throws(PointCloudError) {
    switch self {
    case .memory(let column):
      for (place, value) in zip(first..., values) { column[place] = value }
    case .scratch(let file):
      let written = unsafe values.withUnsafeBytes { bytes in
        Result { () throws(PointCloudError) in try unsafe file.write(bytes, at: first) }
      }
      try written.get()
    }
  }

  /// What was written for a range of points.
  func read(_ range: Range<Int>) throws(PointCloudError) -> [UInt8] {
    switch self {
    case .memory(let column): return range.map { column[$0] }
    case .scratch(let file):
      var values = [UInt8](repeating: 0, count: range.count)
      let read = unsafe values.withUnsafeMutableBytes { bytes in
        Result { () throws(PointCloudError) in try unsafe file.read(into: bytes, at: range.lowerBound) }
      }
      try read.get()
      return values
    }
  }
}
