extension PointCloud {
  /// Writes the cloud as uncompressed LAS, each point with its new class and every other bit as it was.
  ///
  /// Version, format, header fields, variable length records and extended ones are kept; only the record that tells of
  /// compression goes. The file appears under its name once it is complete.
  ///
  /// - Precondition: `classifications` has one element per point. Classes above 31 do not fit formats 0–3 and are cut
  ///   to their low five bits.
  public func write(path: String, classifications: [UInt8]) throws(PointCloudError) {
    precondition(classifications.count == count)
    var file = try AtomicFile(path)
    try file.write(prefix())
    try writePoints(classifications, to: file)
    for record in extendedRecords { try file.write(record.bytes) }
    try file.commit()
  }

  /// Everything before the points.
  private func prefix() -> [UInt8] {
    let body = records.flatMap(\.bytes) + gap
    let start = headerBytes.count + body.count
    var bytes = headerBytes
    bytes.put(UInt32(start), at: 96)
    bytes.put(UInt32(records.count), at: 100)
    bytes.put(UInt8(format.number), at: 104)
    if header.minorVersion >= 4 {
      let end = UInt64(start) + UInt64(points.count) * UInt64(points.length)
      bytes.put(extendedRecords.isEmpty ? 0 : end, at: 235)
      bytes.put(UInt32(extendedRecords.count), at: 243)
    }
    return bytes + body
  }

  private func writePoints(_ classifications: [UInt8], to file: borrowing AtomicFile) throws(PointCloudError) {
    let (length, place, mask) = (points.length, format.classificationOffset, format.classMask)
    let pointsPerPart = max(1, (4 << 20) / length)
    var part: [UInt8] = []
    for first in stride(from: 0, to: count, by: pointsPerPart) {
      let last = min(count, first + pointsPerPart)
      part.removeAll(keepingCapacity: true)
      unsafe part.append(contentsOf: points.bytes[first * length..<last * length])
      for index in first..<last {
        let byte = (index - first) * length + place
        part[byte] = part[byte] & ~mask | classifications[index] & mask
      }
      try file.write(part)
    }
  }
}

extension [UInt8] {
  /// Overwrites the bytes at `offset` with a number, least significant byte first.
  mutating func put(_ number: some FixedWidthInteger, at offset: Int) {
    for index in 0..<number.bitWidth / 8 {
      self[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
    }
  }
}
