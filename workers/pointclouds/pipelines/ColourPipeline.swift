/// A scan with the colours of an orthophoto: all that the capability `pointcloud.colourise` does.
public struct ColourPipeline {
  public enum Stage: String, PipelineStage {
    case read, colour, write, picture

    public var share: Double {
      switch self {
      case .read: 0.25
      case .colour: 0.3
      case .write: 0.3
      case .picture: 0.15
      }
    }
  }

  /// Reads the scan `inputs[0]` (LAS or LAZ) and the picture `inputs[1]` (any raster that GDAL reads), and writes
  /// `<stem>-coloured.laz` (or `.las`), a picture `<stem>-coloured.png` and `summary.json` into `outputDirectory`, which
  /// must exist, each complete or not at all.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`; `invalidParameter` for more or fewer than 2 inputs; `unsupported` where their
  ///   coordinate systems differ; `empty` without points, or where none lies on a pixel with data.
  /// - Complexity: O(points + pixels near points); all points are held in memory twice.
  public static func run(
    inputs: [String], outputDirectory: String, parameters: ColourParameters = ColourParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> ColourSummary {
    try requireLAS(parameters.format)
    try requireInputs(inputs, in: 2...2)
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try ColourRun(
        scan: inputs[0], photo: inputs[1], outputDirectory: outputDirectory, parameters: parameters,
        threads: max(1, threads), limits: limits, reporter: reporter
      ).run()
    }
  }
}

/// What `ColourPipeline` is to do.
public struct ColourParameters: Hashable, Codable, Sendable {
  /// How a place between pixels gets its colour.
  public var sampling: PixelSampling
  /// LAZ or LAS.
  public var format: ScanFormat

  public init(sampling: PixelSampling = .nearest, format: ScanFormat = .laz) {
    (self.sampling, self.format) = (sampling, format)
  }
}

/// What `ColourPipeline` did: the content of `summary.json`.
public struct ColourSummary: Hashable, Codable, PipelineSummary {
  /// Points written.
  public var points: Int
  /// Points that got a colour of the picture.
  public var coloured: Int
  /// Points outside the picture, which kept the colour that they had (black where there was none)...
  public var outside: Int
  /// ...and those in a pixel without data.
  public var withoutData: Int
  public var input: InputSummary
  public var photo: Photo
  /// Such as `LAS 1.4, point format 7`.
  public var outputFormat: String
  /// The corners of the box around all points.
  public var minimum: Vector3
  public var maximum: Vector3
  public var parameters: ColourParameters
  /// The most threads used at a time.
  public var threads: Int
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd and was worked around.
  public var warnings: [String]

  /// The orthophoto.
  public struct Photo: Hashable, Codable, Sendable {
    /// Without its folder.
    public var name: String
    public var columns: Int
    public var rows: Int
  }

  enum CodingKeys: String, CodingKey {
    case points, coloured, outside, input, photo, minimum, maximum, parameters, threads, stages, outputs, warnings
    case withoutData = "without_data"
    case outputFormat = "output_format"
  }

  public var pointsWorked: Int { points }
}

/// One run of the pipeline.
private struct ColourRun {
  let scan: String
  let photo: String
  let outputDirectory: String
  let parameters: ColourParameters
  let threads: Int
  let limits: ReadLimits
  let reporter: ProgressReporter<ColourPipeline.Stage>

  func run() throws(PointCloudError) -> ColourSummary {
    var (told, warnings): (InputSummary?, [String]) = (nil, [])
    let found = try readAndColour(&told, &warnings)
    let (cloud, name) = (found.cloud, "\(stem(of: scan))-coloured")
    let file = "\(name).\(parameters.format.rawValue)"
    try reporter.stage(.write) { (going) throws(PointCloudError) in
      try cloud.write(path: path(file), isCompressed: parameters.format == .laz, threads: threads, keepGoing: going)
    }
    let isDrawn = try reporter.stage(.picture) { (_) throws(PointCloudError) in
      try cloud.writePictureIfAny(
        path("\(name).png"), PictureParameters(coloring: .color), threads: threads, warnings: &warnings)
    }
    let bounds = cloud.box(threads: threads)
    let picture = try Orthophoto(path: photo)
    guard let told else { throw .cancelled }
    let summary = ColourSummary(
      points: cloud.count, coloured: cloud.count - found.outside - found.withoutData, outside: found.outside,
      withoutData: found.withoutData, input: told,
      photo: ColourSummary.Photo(name: fileName(of: photo), columns: picture.columns, rows: picture.rows),
      outputFormat: cloud.formatDescription(as: parameters.format),
      minimum: bounds.low, maximum: bounds.high,
      parameters: parameters, threads: threads, stages: reporter.times,
      outputs: [file] + (isDrawn ? ["\(name).png"] : []) + ["summary.json"], warnings: warnings)
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  /// What was read is let go of when it is coloured.
  private func readAndColour(
    _ told: inout InputSummary?, _ warnings: inout [String]
  ) throws(PointCloudError) -> ColouredCloud {
    let cloud = try reporter.stage(.read) { (going) throws(PointCloudError) in
      // A picture that is none is told of before the scan is read.
      if try understanding({ () throws(PointCloudError) in try Orthophoto(path: photo) }).wkt == nil {
        warnings.append("the picture names no coordinate reference system; that of the scan is assumed")
      }
      do throws(PointCloudError) {
        let cloud = try PointCloud.read(path: scan, threads: threads, limits: limits, keepGoing: going)
        guard cloud.count > 0 else {
          throw PointCloudError(.empty, "the file has no points", remedy: "Give a file with points.")
        }
        let before = warnings.count
        let system = try cloud.knownSystem(&warnings)
        if system == nil, warnings.count == before {
          warnings.append("the scan names no coordinate reference system; that of the picture is assumed")
        }
        told = InputSummary(
          name: fileName(of: scan), points: cloud.count, format: cloud.formatDescription, coordinateSystem: system)
        warnings += cloud.warnings
        return cloud
      } catch { throw error.of(scan) }
    }
    let found = try reporter.stage(.colour) { (going) throws(PointCloudError) in
      try understanding { () throws(PointCloudError) in
        try cloud.coloured(byPicture: photo, sampling: parameters.sampling, threads: threads) { going(0) }
      }
    }
    guard found.outside + found.withoutData < cloud.count else {
      throw PointCloudError(
        .empty, "no point lies on a pixel with data: \(found.outside) are outside the picture",
        remedy: "Give the picture of the scan's place, in the same coordinate reference system.")
    }
    return found
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}
