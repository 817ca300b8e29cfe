/// From one format to another: all that the capability `pointcloud.convert` does.
public struct ConvertPipeline {
  public enum Stage: String, PipelineStage {
    case read, convert, write

    public var share: Double {
      switch self {
      case .read: 0.4
      case .convert: 0.2
      case .write: 0.4
      }
    }
  }

  /// Reads `input` (LAS, LAZ, COPC, PLY, PCD, or text) and writes `<stem>.<format>` and `summary.json` into
  /// `outputDirectory`, which must exist, each complete or not at all.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError` of reading and writing; `empty` without points.
  /// - Complexity: O(points × columns); between other formats than LAS and LAZ 8 bytes for each number.
  public static func run(
    input: String, outputDirectory: String, parameters: ConvertParameters = ConvertParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> ConvertSummary {
    try parameters.validate()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try ConvertRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        limits: limits, reporter: reporter
      ).run()
    }
  }
}

/// One run of the pipeline.
private struct ConvertRun {
  let input: String
  let outputDirectory: String
  let parameters: ConvertParameters
  let threads: Int
  let limits: ReadLimits
  let reporter: ProgressReporter<ConvertPipeline.Stage>

  func run() throws(PointCloudError) -> ConvertSummary {
    let (content, worked) = try reporter.stage(.read) { (going) throws(PointCloudError) in
      try parameters.isQuery ? query(going) : (content: readAll(going), worked: nil)
    }
    let made = try reporter.stage(.convert) { (_) throws(PointCloudError) -> CloudFromTable? in
      guard case .table(let table, _) = content else { return nil }
      return try CloudFromTable(table, scale: parameters.scale)
    }
    var (cloud, inputFormat) = (made?.cloud, "")
    switch content {
    case .cloud(let read): (cloud, inputFormat) = (read, read.formatDescription)
    case .table(_, let format): inputFormat = format.rawValue
    }
    guard let cloud, cloud.count > 0 else {
      throw PointCloudError(
        .empty, "\(parameters.isQuery ? "what is asked for" : "the file") has no points",
        remedy: parameters.isQuery ? "Give other bounds." : "Give a file with points.")
    }
    let output = "\(stem(of: input)).\(parameters.format.rawValue)"
    let left = try reporter.stage(.write) { (going) throws(PointCloudError) in
      try cloud.write(
        path: "\(outputDirectory)/\(output)", as: parameters.format, threads: threads, keepGoing: going)
    }
    let summary = summarize(
      cloud, made, worked ?? cloud.count, inputFormat, output, cloud.warnings + (made?.warnings ?? []) + left)
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func readAll(_ going: (Double) -> Bool) throws(PointCloudError) -> ScanContent {
    try ScanContent.read(
      path: input, text: ScanContent.TextForm(columns: parameters.columns, delimiter: parameters.delimiter),
      threads: threads, limits: limits, isSalvaging: parameters.salvage, keepGoing: going)
  }

  /// Reads what is asked for of a COPC file, and no more.
  private func query(
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> (content: ScanContent, worked: Int?) {
    guard try ScanFormat(ofFile: input) == .laz else { throw Self.noQuery }
    let file: COPCFile
    do throws(PointCloudError) { file = try COPCFile(path: input, limits: limits) } catch {
      throw error.code == .unsupported ? Self.noQuery : error
    }
    let bounds = parameters.bounds.isEmpty ? nil : try Box(parameters.bounds)
    let cloud = try file.read(
      bounds: bounds, resolution: parameters.resolution, threads: threads, limits: limits, keepGoing: going)
    return (.cloud(cloud), try file.pointCount(bounds: bounds, resolution: parameters.resolution))
  }

  private static let noQuery = PointCloudError(
    .unsupported, "bounds and resolution are for COPC files, and this is none",
    remedy: "Convert it whole, and crop or thin it (pointcloud.crop, pointcloud.thin).")

  private func summarize(
    _ cloud: PointCloud, _ made: CloudFromTable?, _ worked: Int, _ inputFormat: String, _ output: String,
    _ warnings: [String]
  ) -> ConvertSummary {
    let bounds = cloud.box(threads: threads)
    return ConvertSummary(
      points: cloud.count, pointsWorked: worked, pointsLost: cloud.losses.reduce(0) { $0 + $1.points.count },
      pointsWithoutPlace: made?.withoutPlace ?? 0, inputFormat: inputFormat, outputFormat: parameters.format,
      minimum: bounds.low, maximum: bounds.high,
      scale: cloud.header.scale, largestRounding: made?.largestRounding ?? 0,
      losses: cloud.losses.map {
        ConvertSummary.LossSummary(
          chunk: $0.chunk, firstPoint: $0.points.lowerBound, points: $0.points.count, reason: $0.reason)
      }, parameters: parameters, stages: reporter.times, outputs: [output, "summary.json"], warnings: warnings)
  }
}
