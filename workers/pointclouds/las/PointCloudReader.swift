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
    let file = try PointFile(path: path, limits: limits, isSalvaging: isSalvaging)
    return try PointCloud(file, fields, threads, isSalvaging, keepGoing)
  }

  /// Reads a file that is already in memory.
  public static func read(
    bytes: [UInt8], fields: PointFields = .all, threads: Int = 1, limits: ReadLimits = ReadLimits(),
    isSalvaging: Bool = false
  ) throws(PointCloudError) -> PointCloud {
    let file = try PointFile(InputFile(ByteBlock(copying: bytes)), limits, isSalvaging: isSalvaging)
    return try PointCloud(file, fields, threads, isSalvaging) { _ in true }
  }

  init(
    _ file: PointFile, _ fields: PointFields, _ threads: Int, _ isSalvaging: Bool, _ keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let (points, losses) = try file.parts.read(
      fields, threads: threads, isSalvaging: isSalvaging, keepGoing: keepGoing)
    let compression = file.parts.compression
    self.init(
      file.header, file.headerBytes, file.list, points, losses: losses + [file.missing].compactMap { $0 },
      chunkCount: compression == nil ? 0 : file.parts.chunks.count,
      fields: compression?.isLayered == true ? fields : .all)
  }

  /// - Parameters:
  ///   - points: those that were read.
  ///   - isCounted: whether the header is changed to say so where they are fewer than it says.
  init(
    _ header: LASHeader, _ headerBytes: [UInt8], _ list: RecordList, _ points: PointRecords, losses: [Loss] = [],
    isCounted: Bool = true, chunkCount: Int = 0, fields: PointFields = .all
  ) {
    (self.header, self.headerBytes) =
      !isCounted || UInt64(points.count) == header.pointCount
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
