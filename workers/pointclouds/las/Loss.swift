/// Points that could not be read from a damaged file, when what is left was asked for.
public struct Loss: Hashable, Sendable {
  /// Which compressed chunk, counted from 0; nil when the points were not compressed, or their chunks are unknown.
  public let chunk: Int?
  /// Which points, counted from 0 as they lay in the file.
  public let points: Range<Int>
  /// Where they lie in the file, in bytes from its start.
  public let bytes: Range<Int>
  /// What is wrong there.
  public let reason: String
}

extension PointRecords {
  /// The records without those of some ranges, which are in order. Moves what follows them within the same block.
  func removing(_ ranges: [Range<Int>]) -> PointRecords {
    var kept = ranges.first?.lowerBound ?? count
    for (index, range) in ranges.enumerated() {
      let end = index + 1 < ranges.count ? ranges[index + 1].lowerBound : count
      let moved = end - range.upperBound
      unsafe (block.base + start + kept * length).copyMemory(
        from: block.base + start + range.upperBound * length, byteCount: moved * length)
      kept += moved
    }
    return PointRecords(block: block, start: start, length: length, count: kept)
  }

  /// The records that `isKept` answers true for, in order. Moves them within the same block.
  func filtered(_ isKept: (UnsafeRawPointer) -> Bool) -> PointRecords {
    var kept = 0
    let first = unsafe block.base + start
    for index in 0..<count {
      let record = unsafe first + index * length
      guard unsafe isKept(record) else { continue }
      if kept != index { unsafe (first + kept * length).copyMemory(from: record, byteCount: length) }
      kept += 1
    }
    return PointRecords(block: block, start: start, length: length, count: kept)
  }
}
