extension PointCloud {
  /// Writes the cloud as LAS or LAZ, every bit as it was but for the classes that are given.
  ///
  /// Version, format, header fields, variable length records and extended ones are kept; the record that tells of
  /// compression goes or comes. The file appears under its name once it is complete.
  ///
  /// - Parameters:
  ///   - classifications: one per point, nil to keep those there are. Classes above 31 do not fit formats 0–5 and are
  ///     cut to their low five bits.
  ///   - isCompressed: whether to write LAZ, in chunks of 50,000 points.
  ///   - threads: the most threads that compress, the caller's own among them.
  ///   - keepGoing: told on the caller's thread the share that is done; false ends the writing with `cancelled`, and
  ///     nothing is left behind.
  /// - Precondition: all fields have been read.
  /// - Throws: `fileAccess`; `cancelled`; `limitExceeded` for more extra bytes per record than LAZ is written with.
  public func write(
    path: String, classifications: [UInt8]? = nil, isCompressed: Bool = false, threads: Int = 1,
    keepGoing: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) {
    precondition(classifications.map { $0.count == count } ?? true)
    precondition(fields == .all, "a cloud of which only some fields were read cannot be written")
    var writer = try StreamWriter(
      path: path, frame: frame, isCompressed: isCompressed, summary: .asGiven, threads: threads)
    let pointsPerPart = max(1, Self.partBytes / points.length)
    for first in stride(from: 0, to: count, by: pointsPerPart) {
      let (range, share) = (first..<min(count, first + pointsPerPart), Double(first) / Double(count))
      guard keepGoing(share) else { throw .cancelled }
      let bytes = unsafe points.bytes[range.lowerBound * points.length..<range.upperBound * points.length]
      if let classifications {
        let changed = unsafe [UInt8](bytes).reclassified(classifications[range], format)
        try writer.append(changed) { keepGoing(share) }
      } else {
        try unsafe writer.append(UnsafeRawBufferPointer(rebasing: bytes)) { keepGoing(share) }
      }
    }
    try writer.finish { keepGoing(1) }
  }

  /// Points are handed to the writer in parts of about so many bytes.
  private static let partBytes = 1 << 20
}

extension [UInt8] {
  /// Records with other classes, one for each.
  func reclassified(_ classes: ArraySlice<UInt8>, _ format: PointFormat) -> [UInt8] {
    guard !classes.isEmpty else { return self }
    var (records, place) = (self, format.classificationOffset)
    let (length, mask) = (count / classes.count, format.classMask)
    for value in classes {
      records[place] = records[place] & ~mask | value & mask
      place += length
    }
    return records
  }

  /// Overwrites the bytes at `offset` with a number, least significant byte first.
  mutating func put(_ number: some FixedWidthInteger, at offset: Int) {
    for index in 0..<number.bitWidth / 8 {
      self[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
    }
  }
}
