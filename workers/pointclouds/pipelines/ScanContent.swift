/// What a file of points holds: LAS as it is, all else as a table.
enum ScanContent {
  case cloud(PointCloud)
  case table(PointTable, ScanFormat)

  /// How text is read, which says little of itself.
  struct TextForm {
    var columns: [String] = []
    var delimiter: Delimiter?
  }

  /// Reads a file of any format whole.
  static func read(
    path: String, text: TextForm = TextForm(), threads: Int, limits: ReadLimits, isSalvaging: Bool = false,
    keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> ScanContent {
    let format = try ScanFormat(ofFile: path)
    if format.isLAS {
      return .cloud(
        try PointCloud.read(
          path: path, threads: threads, limits: limits, isSalvaging: isSalvaging, keepGoing: keepGoing))
    }
    let file = ByteReader(block: try ByteBlock.contents(ofFile: path, sizeMax: limits.fileBytesMax))
    var table =
      switch format {
      case .ply: try PLYReader.read(file, limits: limits, keepGoing: keepGoing)
      case .pcd: try PCDReader.read(file, limits: limits, keepGoing: keepGoing)
      default:
        try DelimitedReader.read(
          file, names: text.columns, delimiter: text.delimiter, limits: limits, keepGoing: keepGoing)
      }
    table.warnOfRounding()
    return .table(table, format)
  }
}

extension ScanFormat {
  /// The format of a file, of which no more is read than tells it.
  init(ofFile path: String) throws(PointCloudError) {
    let file = try InputFile(path)
    try self.init(of: file.reader(0..<min(file.byteCount, 128), for: "the file's start"), path: path)
  }
}

extension PointCloud {
  /// Writes the cloud in any format.
  /// - Returns: what was left out, in words.
  func write(
    path: String, as format: ScanFormat, threads: Int, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> [String] {
    guard !format.isLAS else {
      try write(path: path, isCompressed: format == .laz, threads: threads, keepGoing: keepGoing)
      return []
    }
    let table = PointTable(self, threads: threads)
    return table.warnings + (try TableWriter(table: table, format: format).write(path, keepGoing: keepGoing))
  }

  /// Such as `LAS 1.2, point format 3, compressed`, of the cloud as it is written.
  func formatDescription(as format: ScanFormat) -> String {
    format.isLAS ? header.formatDescription(isCompressed: format == .laz) : format.rawValue
  }

  /// The corners of the box around all points; without any, what the header says.
  func box(threads: Int) -> (low: Vector3, high: Vector3) {
    Positions(self, threads: threads).bounds() ?? (header.minimum, header.maximum)
  }
}
