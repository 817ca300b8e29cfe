/// What a LAS file has around its points: the header, the records before them and those after.
package struct LASFrame: Sendable {
  let headerBytes: [UInt8]
  /// Without that about compression.
  let records: [VariableLengthRecord]
  /// What lies between the last record and the points.
  let gap: [UInt8]
  let extendedRecords: [VariableLengthRecord]
  /// Which of the extended records has the samples of waveforms, if one has.
  let waveformIndex: Int?

  /// That of a new file, whose header has neither counts nor bounds yet.
  ///
  /// - Parameters:
  ///   - minorVersion: 2, 3 or 4; 4 for formats 6–10, at least 3 for 4 and 5.
  ///   - extraBytes: those of each record, beyond what the format has.
  ///   - scale: a coordinate is `offset + scale × integer`.
  ///   - systemIdentifier: at most 32 bytes, as `generatingSoftware`; what is longer is cut.
  ///   - records: those about compression and COPC are left out.
  /// - Throws: `invalidParameter`.
  package init(
    minorVersion: Int, format: PointFormat, extraBytes: Int = 0, scale: Vector3, offset: Vector3,
    systemIdentifier: String, generatingSoftware: String, records: [VariableLengthRecord] = [],
    extendedRecords: [VariableLengthRecord] = []
  ) throws(PointCloudError) {
    let needed = format.isExtended ? 4 : format.wavePacketOffset == nil ? 2 : 3
    guard (needed...4).contains(minorVersion) else {
      throw .invalidFrame("LAS 1.\(minorVersion) has no point format \(format.number)", "Choose LAS 1.\(needed)…1.4.")
    }
    guard minorVersion >= 4 || extendedRecords.isEmpty else {
      throw .invalidFrame("LAS 1.\(minorVersion) has no extended records", "Choose LAS 1.4.")
    }
    let length = format.baseLength + extraBytes
    guard extraBytes >= 0, length <= UInt16.max else {
      throw .invalidFrame("records cannot have \(extraBytes) extra bytes", "Give 0 to 65,000.")
    }
    let (steps, origin) = ([scale.x, scale.y, scale.z], [offset.x, offset.y, offset.z])
    guard steps.allSatisfy({ $0 > 0 && $0.isFinite }), origin.allSatisfy(\.isFinite) else {
      throw .invalidFrame("scales \(steps) or offsets \(origin) are no numbers to count by", "Give scales above 0.")
    }
    var header = PointCloud.newHeader(
      minorVersion: minorVersion, format: format.number, recordLength: length, scale.x, offset, systemIdentifier,
      generatingSoftware)
    for (axis, step) in steps.enumerated() { header.put(step.bitPattern, at: 131 + 8 * axis) }
    headerBytes = header
    self.records = records.filter { !$0.isAboutStorage }
    self.extendedRecords = extendedRecords.filter { !$0.isAboutStorage }
    (gap, waveformIndex) = ([], nil)
  }

  /// Parts of a file that was read; records about storage have been left out.
  init(
    headerBytes: [UInt8], records: [VariableLengthRecord], gap: [UInt8], extendedRecords: [VariableLengthRecord],
    waveformIndex: Int?
  ) {
    self.headerBytes = headerBytes
    self.records = records
    self.gap = gap
    self.extendedRecords = extendedRecords
    self.waveformIndex = waveformIndex
  }

  /// Everything before the points, as it is written.
  func prefix(_ compression: VariableLengthRecord?) throws(PointCloudError) -> (header: LASHeader, bytes: [UInt8]) {
    let records = records + [compression].compactMap { $0 }
    let body = records.flatMap(\.bytes) + gap
    var bytes = headerBytes
    bytes.put(UInt32(headerBytes.count + body.count), at: 96)
    bytes.put(UInt32(records.count), at: 100)
    bytes[104] = bytes[104] & 0x3F | (compression == nil ? 0 : 0x80)
    bytes += body
    return (try LASHeader(ByteReader(block: ByteBlock(copying: bytes))), bytes)
  }

  /// What the header says, from byte 227 on, of where the extended records are and that of waveforms; they begin at
  /// `end`.
  func places(_ header: LASHeader, end: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    guard header.minorVersion >= 3 else { return bytes }
    let before = waveformIndex.map { extendedRecords[..<$0].reduce(0) { $0 + $1.bytes.count } }
    bytes.append(before.map { UInt64(end + $0) } ?? 0)
    guard header.minorVersion >= 4 else { return bytes }
    bytes.append(UInt64(extendedRecords.isEmpty ? 0 : end))
    bytes.append(UInt32(extendedRecords.count))
    return bytes
  }
}

extension PointCloudError {
  fileprivate static func invalidFrame(_ message: String, _ remedy: String) -> Self {
    Self(.invalidParameter, message, remedy: remedy)
  }
}

extension PointCloud {
  /// What the cloud's file had around its points.
  package var frame: LASFrame {
    LASFrame(
      headerBytes: headerBytes, records: records, gap: gap, extendedRecords: extendedRecords,
      waveformIndex: waveformIndex)
  }
}
