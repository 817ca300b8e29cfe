/// How many points a file has, as its beginning says: none is read.
public struct PointCount: Hashable, Sendable {
  /// There are no more.
  public let most: Int
  /// Whether there are as many, as in a LAS file that is not damaged.
  public let isExact: Bool

  /// No line with a place is shorter: three digits, two gaps and an end, which the last may lack.
  private static let textBytesMin = 6
  /// What tells the format, and holds all of a LAS header that is looked at.
  private static let startBytes = 4_096
  /// No header of PLY or PCD is longer that is read here.
  private static let headerBytesMax = 1 << 16

  private init(_ most: Int, isExact: Bool) { (self.most, self.isExact) = (most, isExact) }

  /// - Parameter name: of the file, where its path ends otherwise; by the name's ending text is told.
  /// - Throws: `fileAccess`; `unsupported` for what is no file of points; `corrupt`, `truncated`, `limitExceeded` for a header that readers
  ///   would refuse, too.
  /// - Complexity: reads 4 KiB of LAS, 64 KiB at most of PLY and PCD.
  public init(ofFile path: String, named name: String, limits: ReadLimits = ReadLimits()) throws(PointCloudError) {
    let file = try InputFile(path, sizeMax: limits.fileBytesMax)
    let start = try file.read(0..<min(file.byteCount, Self.startBytes), for: "the file's start")
    let format = try ScanFormat(of: ByteReader(block: start), path: name)
    switch format {
    case .las, .laz:
      let count = try LASHeader(ByteReader(block: start, start: 0, count: file.byteCount)).pointCount
      try limits.checkPoints(count)
      self.init(Int(count), isExact: true)
    case .ply, .pcd:
      // Without the rest: a header ends here, or is none. Points that are no places are left out.
      let header = ByteReader(
        block: try file.read(0..<min(file.byteCount, Self.headerBytesMax), for: "the file's header"))
      let count = try format == .ply ? PLYHeader.vertices(header) : PCDReader.count(header, limits: limits)
      try limits.checkPoints(UInt64(count))
      self.init(count, isExact: false)
    case .xyz, .csv: self.init(min(file.byteCount / Self.textBytesMin + 1, limits.pointsMax), isExact: false)
    }
  }
}
