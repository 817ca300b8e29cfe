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
  ///   - isSalvaging: whether to keep what can be read of damaged points and say in `losses` what cannot, instead of
  ///     throwing. The cloud then counts the points that it has.
  ///   - keepGoing: told on the caller's thread, between chunks, the share that is done; false ends the reading with
  ///     `cancelled`.
  public static func read(
    path: String, fields: PointFields = .all, threads: Int = 1, limits: ReadLimits = ReadLimits(),
    isSalvaging: Bool = false, keepGoing: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> PointCloud {
    let block = try ByteBlock.contents(ofFile: path, sizeMax: limits.fileBytesMax)
    return try read(block, fields, threads, limits, isSalvaging, keepGoing)
  }

  /// Reads a file that is already in memory.
  public static func read(
    bytes: [UInt8], fields: PointFields = .all, threads: Int = 1, limits: ReadLimits = ReadLimits(),
    isSalvaging: Bool = false
  ) throws(PointCloudError) -> PointCloud {
    try read(ByteBlock(copying: bytes), fields, threads, limits, isSalvaging) { _ in true }
  }

  private static func read(
    _ block: ByteBlock, _ fields: PointFields, _ threads: Int, _ limits: ReadLimits, _ isSalvaging: Bool,
    _ keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> PointCloud {
    let file = ByteReader(block: block)
    let header = try LASHeader(file)
    guard header.pointCount <= UInt64(limits.pointsMax) else {
      throw PointCloudError(
        .limitExceeded, "the header announces \(header.pointCount) points, more than the \(limits.pointsMax) allowed",
        remedy: "Split the file into tiles, or raise the limit `pointsMax`.", offset: 107)
    }
    var list = RecordList(file, header)
    let bytes = file.bytes(0..<header.headerSize)
    guard header.isCompressed else {
      let (points, losses) = try uncompressed(file, header, isSalvaging)
      return PointCloud(header, bytes, list, points, losses: losses)
    }
    let reader = try LAZReader(file, header, list.records, isSalvaging: isSalvaging)
    list.warnings += [reader.tableFault].compactMap { $0 }
    let (points, losses) = try reader.decode(
      fields, threads: threads, isSalvaging: isSalvaging, keepGoing: keepGoing)
    return PointCloud(
      header, bytes, list, points, losses: losses, chunkCount: reader.chunks.count,
      fields: reader.isLayered ? fields : .all)
  }

  private static func uncompressed(
    _ file: ByteReader, _ header: LASHeader, _ isSalvaging: Bool
  ) throws(PointCloudError) -> (PointRecords, [Loss]) {
    let (start, length) = (header.pointDataOffset, header.recordLength)
    let count = isSalvaging ? min(Int(header.pointCount), (file.count - start) / length) : Int(header.pointCount)
    try file.require(UInt64(count) * UInt64(length), at: start, for: "\(count) points")
    let lost = Loss(
      chunk: nil, points: count..<Int(header.pointCount), bytes: start + count * length..<file.count,
      reason: "the file ends here")
    let points = PointRecords(block: file.block, start: start, length: length, count: count)
    return (points, lost.points.isEmpty ? [] : [lost])
  }

  /// - Parameter points: those that were read. Where they are fewer than the header says, it is changed to say so.
  init(
    _ header: LASHeader, _ headerBytes: [UInt8], _ list: RecordList, _ points: PointRecords, losses: [Loss] = [],
    chunkCount: Int = 0, fields: PointFields = .all
  ) {
    (self.header, self.headerBytes) =
      UInt64(points.count) == header.pointCount
      ? (header, headerBytes) : Recount(points, header.pointFormat).applied(to: header, headerBytes)
    records = list.records.filter { !$0.isAboutStorage }
    extendedRecords = list.extended.filter { !$0.isAboutStorage }
    // COPC, which alone has extended records about storage, has no waveforms.
    waveformIndex = extendedRecords.count == list.extended.count ? list.waveformIndex : nil
    warnings = list.warnings
    gap = list.gap
    self.points = points
    self.losses = losses
    self.chunkCount = chunkCount
    self.fields = fields
  }
}
