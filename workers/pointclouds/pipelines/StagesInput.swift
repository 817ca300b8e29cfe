/// What there is to know of a scan beside its points.
struct StagesInput {
  let points: Int
  let format: String
  /// Who made the file, in its own words.
  let origin: String
  /// Nil where the file does not say, or not so that it is understood.
  var system: CoordinateSystem?
  var warnings: [String]

  /// Reads a scan of any format whole.
  static func read(
    path: String, threads: Int, limits: ReadLimits, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (cloud: PointCloud, input: StagesInput) {
    switch try ScanContent.read(path: path, threads: threads, limits: limits, keepGoing: keepGoing) {
    case .cloud(let cloud): return (cloud, try StagesInput(cloud, cloud.formatDescription, cloud.warnings))
    case .table(let table, let format):
      let made = try CloudFromTable(table, scale: nil)
      return (made.cloud, try StagesInput(made.cloud, format.rawValue, made.warnings))
    }
  }

  private init(_ cloud: PointCloud, _ format: String, _ warnings: [String]) throws(PointCloudError) {
    try self.init(cloud.header, cloud.count, format, warnings) { () throws(PointCloudError) in
      try cloud.coordinateSystem()
    }
  }

  /// Of a file whose points stay there.
  init(_ file: PointFile) throws(PointCloudError) {
    try self.init(file.header, Int(file.header.pointCount), file.header.formatDescription, file.warnings) {
      () throws(PointCloudError) in try file.coordinateSystem()
    }
  }

  private init(
    _ header: LASHeader, _ count: Int, _ format: String, _ warnings: [String],
    _ coordinateSystem: () throws(PointCloudError) -> CoordinateSystem?
  ) throws(PointCloudError) {
    (points, self.format, self.warnings) = (count, format, warnings)
    origin = header.originDescription
    do throws(PointCloudError) {
      let found = try coordinateSystem()
      system = found
      if found == nil {
        self.warnings.append("the file names no coordinate reference system; lengths are in its own unit")
      }
    } catch  where error.code == .raster {
      system = nil
      self.warnings.append("\(error.message); the unit of lengths is not known")
    }
  }
}

extension PointCloudError {
  /// The same error, saying where in a pipeline.
  func at(_ place: String) -> PointCloudError {
    PointCloudError(code, "\(place): \(message)", remedy: remedy, offset: offset, chunk: chunk)
  }
}
