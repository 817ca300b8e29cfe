/// What a reader refuses to go beyond, so that no file can exhaust the machine.
public struct ReadLimits: Hashable, Sendable {
  public var fileBytesMax: Int
  public var pointsMax: Int

  public init(fileBytesMax: Int = 16 << 30, pointsMax: Int = 500_000_000) {
    self.fileBytesMax = fileBytesMax
    self.pointsMax = pointsMax
  }
}

extension PointCloud {
  /// Reads LAS and LAZ 1.0–1.4, point formats 0–10.
  ///
  /// - Parameters:
  ///   - fields: what is decoded of points compressed in layers (formats 6–10); other files give all of their fields.
  ///   - threads: the most threads used to decode chunks, the caller's own among them.
  ///   - keepGoing: told on the caller's thread, between chunks, the share that is done; false ends the reading with
  ///     `cancelled`.
  public static func read(
    path: String, fields: PointFields = .all, threads: Int = 1, limits: ReadLimits = ReadLimits(),
    keepGoing: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> PointCloud {
    let block = try ByteBlock.contents(ofFile: path, sizeMax: limits.fileBytesMax)
    return try read(block, fields, threads: threads, limits: limits, keepGoing: keepGoing)
  }

  /// Reads a file that is already in memory.
  public static func read(
    bytes: [UInt8], fields: PointFields = .all, threads: Int = 1, limits: ReadLimits = ReadLimits()
  ) throws(PointCloudError) -> PointCloud {
    try read(ByteBlock(copying: bytes), fields, threads: threads, limits: limits, keepGoing: { _ in true })
  }

  private static func read(
    _ block: ByteBlock, _ fields: PointFields, threads: Int, limits: ReadLimits, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> PointCloud {
    let file = ByteReader(block: block)
    let header = try LASHeader(file)
    guard header.pointCount <= UInt64(limits.pointsMax) else {
      throw PointCloudError(
        .limitExceeded, "the header announces \(header.pointCount) points, more than the \(limits.pointsMax) allowed",
        remedy: "Split the file into tiles, or raise the limit `pointsMax`.", offset: 107)
    }
    let list = RecordList(file, header)
    var chunkCount = 0
    var decoded = PointFields.all
    let points: PointRecords
    if header.isCompressed {
      let decoder = try LAZReader(file, header, list.records)
      points = try decoder.decode(fields, threads: threads, keepGoing: keepGoing)
      chunkCount = decoder.chunks.count
      if decoder.isLayered { decoded = fields }
    } else {
      points = try uncompressed(file, header)
    }
    return PointCloud(
      header: header, records: list.records.filter { !$0.isLASzip }, extendedRecords: list.extended,
      waveformIndex: list.waveformIndex, warnings: list.warnings, chunkCount: chunkCount, fields: decoded,
      headerBytes: file.bytes(0..<header.headerSize), gap: list.gap,
      points: points)
  }

  private static func uncompressed(_ file: ByteReader, _ header: LASHeader) throws(PointCloudError) -> PointRecords {
    let length = UInt64(header.recordLength)
    try file.require(header.pointCount * length, at: header.pointDataOffset, for: "\(header.pointCount) points")
    return PointRecords(
      block: file.block, start: header.pointDataOffset, length: header.recordLength, count: Int(header.pointCount))
  }
}
