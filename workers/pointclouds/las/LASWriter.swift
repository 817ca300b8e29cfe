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
  /// - Precondition: all fields have been read.
  /// - Throws: `fileAccess`; `limitExceeded` for more extra bytes per record than LAZ is written with.
  public func write(
    path: String, classifications: [UInt8]? = nil, isCompressed: Bool = false, threads: Int = 1
  ) throws(PointCloudError) {
    precondition(classifications.map { $0.count == count } ?? true)
    precondition(fields == .all, "a cloud of which only some fields were read cannot be written")
    var file = try AtomicFile(path)
    let compression = isCompressed ? try LAZWriter(header) : nil
    let prefix = prefix(records + [compression?.record.variableLengthRecord].compactMap { $0 }, isCompressed)
    try file.write(prefix)
    let end =
      if let compression {
        try compression.write(count: count, at: prefix.count, to: file, threads: max(1, threads)) {
          recordBytes($0, classifications)
        }
      } else {
        try writePoints(classifications, at: prefix.count, to: file)
      }
    for record in extendedRecords { try file.write(record.bytes) }
    try writePlaces(end, to: file)
    try file.commit()
  }

  /// Everything before the points.
  private func prefix(_ records: [VariableLengthRecord], _ isCompressed: Bool) -> [UInt8] {
    let body = records.flatMap(\.bytes) + gap
    var bytes = headerBytes
    bytes.put(UInt32(headerBytes.count + body.count), at: 96)
    bytes.put(UInt32(records.count), at: 100)
    bytes.put(UInt8(format.number) | (isCompressed ? 0x80 : 0), at: 104)
    return bytes + body
  }

  /// Says in the header where the extended records are and that of waveforms; they begin at `end`.
  private func writePlaces(_ end: Int, to file: borrowing AtomicFile) throws(PointCloudError) {
    var bytes: [UInt8] = []
    if header.minorVersion >= 3 {
      let before = waveformIndex.map { extendedRecords[..<$0].reduce(0) { $0 + $1.bytes.count } }
      bytes.append(before.map { UInt64(end + $0) } ?? 0)
    }
    if header.minorVersion < 4 { return bytes.isEmpty ? () : try file.overwrite(bytes, at: 227) }
    bytes.append(UInt64(extendedRecords.isEmpty ? 0 : end))
    bytes.append(UInt32(extendedRecords.count))
    try file.overwrite(bytes, at: 227)
  }

  /// - Returns: where the points end.
  private func writePoints(
    _ classifications: [UInt8]?, at start: Int, to file: borrowing AtomicFile
  ) throws(PointCloudError) -> Int {
    let pointsPerPart = max(1, (4 << 20) / points.length)
    for first in stride(from: 0, to: count, by: pointsPerPart) {
      try file.write(recordBytes(first..<min(count, first + pointsPerPart), classifications))
    }
    return start + count * points.length
  }

  /// Some of the records, with the classes that are given.
  private func recordBytes(_ range: Range<Int>, _ classifications: [UInt8]?) -> [UInt8] {
    let length = points.length
    var part = unsafe [UInt8](points.bytes[range.lowerBound * length..<range.upperBound * length])
    guard let classifications else { return part }
    let (place, mask) = (format.classificationOffset, format.classMask)
    for index in range {
      let byte = (index - range.lowerBound) * length + place
      part[byte] = part[byte] & ~mask | classifications[index] & mask
    }
    return part
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
