/// A LAS or LAZ file whose points are read part by part, in memory that does not grow with their number.
///
/// LAS and LAZ 1.0–1.4, point formats 0–10.
public struct PointFile: Sendable {
  public let header: LASHeader
  let headerBytes: [UInt8]
  let list: RecordList
  let parts: PointParts
  /// The points that the file lacks or that no chunk could be found for.
  let missing: Loss?

  /// Reads all but the points.
  ///
  /// - Parameter isSalvaging: whether to go on without the points that a file lacks, and to look for chunks where they must lie when
  ///   their table cannot be read.
  /// - Throws: `fileAccess`, `limitExceeded`, and what a damaged header or chunk table ends in.
  public init(
    path: String, limits: ReadLimits = ReadLimits(), isSalvaging: Bool = false
  ) throws(PointCloudError) {
    try self.init(InputFile(path, sizeMax: limits.fileBytesMax), limits, isSalvaging: isSalvaging)
  }

  /// Bytes that surely hold all of a header: its size is said in 16 bits.
  static let headerBytesMax = 1 << 16

  init(_ file: InputFile, _ limits: ReadLimits, isSalvaging: Bool) throws(PointCloudError) {
    let start = try file.reader(0..<min(file.byteCount, Self.headerBytesMax), for: "a LAS header")
    header = try LASHeader(start)
    headerBytes = start.bytes(0..<header.headerSize)
    try limits.checkPoints(header.pointCount)
    var list = try RecordList(file, header, limits)
    guard header.isCompressed else {
      parts = PointParts(uncompressed: file, header)
      missing = try Self.missing(file, header, parts.count, isSalvaging)
      self.list = list
      return
    }
    let compression = try LASzipRecord.find(in: list.records, header)
    do {
      let chunks = try ChunkTable(file, header, limits).chunks(chunkSize: compression.chunkSize)
      parts = PointParts(file, header, compression, chunks: chunks)
      missing = nil
    } catch {
      guard isSalvaging, error.code == .corrupt || error.code == .truncated else { throw error }
      list.warnings.append("the chunks were found without their table: \(error.message)")
      let found = try ChunkScan(file, header, compression, limits).chunks()
      parts = PointParts(file, header, compression, chunks: found.chunks)
      missing = Self.missing(file, header, found)
    }
    self.list = list
    try limits.checkExpansion(
      of: file.byteCount, to: parts.count * header.recordLength, "the file", at: header.pointDataOffset)
  }

  /// Variable length records, those about compression and the octree of COPC left out.
  public var records: [VariableLengthRecord] { list.records.filter { !$0.isAboutStorage } }
  public var extendedRecords: [VariableLengthRecord] { list.extended.filter { !$0.isAboutStorage } }
  /// What was odd in the file and could be read nevertheless.
  public var warnings: [String] { list.warnings }

  /// What lies around the points, for a file that is written with some of them.
  package var frame: LASFrame {
    let extended = extendedRecords
    return LASFrame(
      headerBytes: headerBytes, records: records, gap: list.gap, extendedRecords: extended,
      waveformIndex: extended.count == list.extended.count ? list.waveformIndex : nil)
  }

  /// A cloud of none of the points, with what lies around them; its header is still about all of them.
  func withoutPoints() throws(PointCloudError) -> PointCloud {
    let none = PointRecords(block: try ByteBlock(count: 1), start: 0, length: header.recordLength, count: 0)
    return PointCloud(header, headerBytes, list, none, isCounted: false)
  }

  private static func missing(
    _ file: InputFile, _ header: LASHeader, _ count: Int, _ isSalvaging: Bool
  ) throws(PointCloudError) -> Loss? {
    let (start, length) = (header.pointDataOffset, UInt64(header.recordLength))
    guard count < header.pointCount else { return nil }
    guard isSalvaging else {
      throw .truncated(
        "\(header.pointCount) points", at: start, needs: header.pointCount * length, has: file.byteCount - start)
    }
    return Loss(
      chunk: nil, points: count..<Int(header.pointCount), bytes: start + count * header.recordLength..<file.byteCount,
      reason: "the file ends here")
  }

  private static func missing(
    _ file: InputFile, _ header: LASHeader, _ found: (chunks: [Chunk], reason: String)
  ) -> Loss? {
    let (point, byte) = (
      found.chunks.last?.points.upperBound ?? 0, found.chunks.last?.bytes.upperBound ?? header.pointDataOffset
    )
    guard point < header.pointCount else { return nil }
    return Loss(
      chunk: found.chunks.count, points: point..<Int(header.pointCount), bytes: byte..<file.byteCount,
      reason: found.reason)
  }
}
