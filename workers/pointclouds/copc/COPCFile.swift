/// A cloud-optimised point cloud: layered LAZ whose chunks are the nodes of an octree, coarse to fine.
///
/// COPC 1.0 (copc.io). Of the file only what a query asks for is read. Each query reads and decodes anew.
public struct COPCFile: Sendable {
  public let header: LASHeader
  /// Variable length records, those of COPC itself and about compression left out.
  public let records: [VariableLengthRecord]
  private let file: InputFile
  private let headerBytes: [UInt8]
  private let info: COPCInfo
  private let compression: LASzipRecord
  private let warnings: [String]

  /// The distance between neighbouring points of the coarsest level, in the unit of the coordinates.
  public var spacing: Double { info.spacing }

  /// Reads what lies before the points.
  /// - Throws: `unsupported` for a file that is not COPC, and what `PointCloud.read` throws for headers.
  public init(path: String, limits: ReadLimits = ReadLimits()) throws(PointCloudError) {
    file = try InputFile(path, sizeMax: limits.fileBytesMax)
    let start = try file.reader(0..<min(file.byteCount, PointFile.headerBytesMax), for: "a LAS header")
    header = try LASHeader(start)
    let list = try RecordList(recordsOf: file, header, limits)
    guard header.isCompressed, header.pointFormat.isExtended else {
      throw PointCloudError(
        .unsupported, "COPC has compressed points of formats 6–8, not format \(header.pointFormat.number)",
        remedy: "Read the file whole, or export it as COPC.", offset: 104)
    }
    info = try COPCInfo(header, list.records)
    compression = try LASzipRecord.find(in: list.records, header)
    records = list.records.filter { !$0.isAboutStorage }
    headerBytes = start.bytes(0..<header.headerSize)
    warnings = list.warnings
  }

  /// Reads the points within `bounds`, as dense as `resolution` asks for.
  ///
  /// - Parameters:
  ///   - bounds: nil for all there is.
  ///   - resolution: the greatest distance between neighbouring points that is wanted, in the unit of the coordinates;
  ///     levels finer than that are left out. Nil for all points.
  ///   - fields: what is decoded; with bounds, heights always are.
  ///   - keepGoing: as in `PointCloud.read`.
  /// - Returns: a cloud that counts the points that it has, in the order of the file, without extended records.
  /// - Throws: `invalidParameter`, `limitExceeded`, `truncated`, or `corrupt` naming the node's place in the file.
  /// - Complexity: reads and decodes the nodes that touch the bounds, down to the level.
  public func read(
    bounds: Box? = nil, resolution: Double? = nil, fields: PointFields = .all, threads: Int = 1,
    limits: ReadLimits = ReadLimits(), keepGoing: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> PointCloud {
    let level = try deepestLevel(for: resolution)
    let nodes = try COPCHierarchy(file, header, info).nodes(in: bounds, downTo: level)
    let count = nodes.reduce(0) { $0 + $1.pointCount }
    guard count <= limits.pointsMax else {
      throw PointCloudError(
        .limitExceeded, "\(count) points match, more than the \(limits.pointsMax) allowed",
        remedy: "Ask for smaller bounds or a coarser resolution, or raise the limit `pointsMax`.")
    }
    let chunks = try chunks(of: nodes, limits)
    // Whether a point is within bounds depends on its height.
    let fields = bounds == nil ? fields : fields.union(.height)
    var points = try PointParts(file, header, compression, chunks: chunks)
      .read(fields, threads: threads, keepGoing: keepGoing).points
    if let bounds { points = within(bounds, points) }
    var list = RecordList()
    (list.records, list.warnings) = (records, warnings)
    return PointCloud(header, headerBytes, list, points, chunkCount: chunks.count, fields: fields)
  }

  /// How many points the nodes have that touch the bounds, down to the level: as many are decoded for a query.
  /// - Throws: as `read`.
  func pointCount(bounds: Box?, resolution: Double?) throws(PointCloudError) -> Int {
    let level = try deepestLevel(for: resolution)
    return try COPCHierarchy(file, header, info).nodes(in: bounds, downTo: level).reduce(0) { $0 + $1.pointCount }
  }

  private func deepestLevel(for resolution: Double?) throws(PointCloudError) -> Int {
    guard let resolution else { return COPCKey.levelMax }
    guard resolution > 0, resolution.isFinite else {
      throw PointCloudError(
        .invalidParameter, "a resolution of \(resolution) is no distance", remedy: "Give a number greater than 0.")
    }
    guard info.spacing > resolution else { return 0 }
    return (1...COPCKey.levelMax).first { info.spacing / Double(1 << $0) <= resolution } ?? COPCKey.levelMax
  }

  private func chunks(
    of nodes: [COPCHierarchy.Node], _ limits: ReadLimits
  ) throws(PointCloudError) -> [Chunk] {
    var (place, first, compressed) = (0, 0, 0)
    var chunks: [Chunk] = []
    for (index, node) in nodes.enumerated() {
      guard node.bytes.lowerBound >= place else {
        throw .corruptChunk(index, at: node.bytes.lowerBound, "it begins within the node before")
      }
      let chunk = Chunk(bytes: node.bytes, points: first..<first + node.pointCount)
      try chunk.check(index, recordLength: header.recordLength, limits)
      chunks.append(chunk)
      (place, first) = (chunk.bytes.upperBound, chunk.points.upperBound)
      compressed += node.bytes.count
    }
    try limits.checkExpansion(of: compressed, to: first * header.recordLength, "what is asked for", at: 0)
    return chunks
  }

  private func within(_ bounds: Box, _ points: PointRecords) -> PointRecords {
    let (scale, offset) = (header.scale, header.offset)
    return unsafe points.filtered { record in
      bounds.contains(
        unsafe Vector3(
          x: Double(record.loadUnaligned(as: Int32.self)) * scale.x + offset.x,
          y: Double(record.loadUnaligned(fromByteOffset: 4, as: Int32.self)) * scale.y + offset.y,
          z: Double(record.loadUnaligned(fromByteOffset: 8, as: Int32.self)) * scale.z + offset.z))
    }
  }
}
