/// Several scans as one: all that the capability `pointcloud.merge` does.
public struct MergePipeline {
  public enum Stage: String, PipelineStage {
    case read, merge, write, picture

    public var share: Double {
      switch self {
      case .read: 0.35
      case .merge: 0.15
      case .write: 0.35
      case .picture: 0.15
      }
    }
  }

  /// Reads `inputs` (LAS or LAZ) and writes `merged.laz` (or `.las`), a picture `merged.png` and `summary.json` into
  /// `outputDirectory`, which must exist, each complete or not at all. Points come in the order of the inputs.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`; `invalidParameter` for fewer than 2 inputs or more than `inputsMax`; `unsupported`
  ///   where two of them do not go together (`PointCloud.merging`); `empty` without points.
  /// - Complexity: O(points); all of them are held in memory twice.
  public static func run(
    inputs: [String], outputDirectory: String, parameters: MergeParameters = MergeParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> MergeSummary {
    try requireLAS(parameters.format)
    try requireInputs(inputs, in: 2...max(2, parameters.inputsMax))
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try MergeRun(
        inputs: inputs, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        limits: limits, reporter: reporter
      ).run()
    }
  }
}

/// What `MergePipeline` is to do.
public struct MergeParameters: Hashable, Codable, Sendable {
  /// LAZ or LAS.
  public var format: ScanFormat
  /// The most scans of one run.
  public var inputsMax: Int

  public init(format: ScanFormat = .laz, inputsMax: Int = 64) { (self.format, self.inputsMax) = (format, inputsMax) }

  enum CodingKeys: String, CodingKey {
    case format
    case inputsMax = "inputs_max"
  }
}

/// What `MergePipeline` did: the content of `summary.json`.
public struct MergeSummary: Hashable, Codable, PipelineSummary {
  /// Points written.
  public var points: Int
  /// In the order in which their points come.
  public var inputs: [InputSummary]
  /// Such as `LAS 1.4, point format 7`.
  public var outputFormat: String
  /// Nil when no file says.
  public var coordinateSystem: CoordinateSystem?
  /// The unit of x and y in words.
  public var unit: String
  /// The corners of the box around all points.
  public var minimum: Vector3
  public var maximum: Vector3
  /// The step of coordinates along x, y and z.
  public var scale: Vector3
  /// How far a coordinate was moved at most to fit common steps, in the unit of the coordinates.
  public var largestRounding: Double
  public var parameters: MergeParameters
  /// The most threads used at a time.
  public var threads: Int
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd and was worked around.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case points, inputs, unit, minimum, maximum, scale, parameters, threads, stages, outputs, warnings
    case outputFormat = "output_format"
    case coordinateSystem = "coordinate_system"
    case largestRounding = "largest_rounding"
  }

  public var pointsWorked: Int { points }
}

/// One run of the pipeline.
private struct MergeRun {
  let inputs: [String]
  let outputDirectory: String
  let parameters: MergeParameters
  let threads: Int
  let limits: ReadLimits
  let reporter: ProgressReporter<MergePipeline.Stage>

  func run() throws(PointCloudError) -> MergeSummary {
    var (told, warnings) = ([InputSummary](), [String]())
    let merged = try readAndMerge(&told, &warnings)
    let name = "merged.\(parameters.format.rawValue)"
    try reporter.stage(.write) { (going) throws(PointCloudError) in
      try merged.cloud.write(
        path: path(name), isCompressed: parameters.format == .laz, threads: threads, keepGoing: going)
    }
    let isDrawn = try reporter.stage(.picture) { (_) throws(PointCloudError) in
      try merged.cloud.writePictureIfAny(
        path("merged.png"), PictureParameters(coloring: merged.cloud.usualColoring), threads: threads,
        warnings: &warnings)
    }
    let outputs = [name] + (isDrawn ? ["merged.png"] : []) + ["summary.json"]
    let summary = try summarize(merged, told, outputs, warnings)
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  /// The clouds that were read are let go of when they are merged.
  private func readAndMerge(
    _ told: inout [InputSummary], _ warnings: inout [String]
  ) throws(PointCloudError) -> MergedCloud {
    let clouds = try reporter.stage(.read) { (going) throws(PointCloudError) in
      var clouds: [PointCloud] = []
      for (place, input) in inputs.enumerated() {
        do throws(PointCloudError) {
          let cloud = try PointCloud.read(path: input, threads: threads, limits: limits) {
            going((Double(place) + $0) / Double(inputs.count))
          }
          var own = cloud.warnings
          let system = try cloud.knownSystem(&own)
          warnings += own.map { "\(fileName(of: input)): \($0)" }
          told.append(
            InputSummary(
              name: fileName(of: input), points: cloud.count, format: cloud.formatDescription,
              coordinateSystem: system))
          clouds.append(cloud)
        } catch { throw error.of(input) }
      }
      return clouds
    }
    guard clouds.contains(where: { $0.count > 0 }) else {
      throw PointCloudError(.empty, "the files have no points", remedy: "Give files with points.")
    }
    let merged = try reporter.stage(.merge) { (going) throws(PointCloudError) in
      do throws(PointCloudError) {
        var done = 0.0
        return try understanding { () throws(PointCloudError) in
          try PointCloud.merging(clouds, threads: threads) {
            defer { done += 1 }
            return going(done / Double(clouds.count))
          }
        }
      } catch  where error.code == .unsupported {
        throw PointCloudError(error.code, "\(error.message) (\(numbered))", remedy: error.remedy)
      }
    }
    warnings += merged.warnings.map { "\($0) (\(numbered))" }
    return merged
  }

  /// What the numbers mean by which clouds are told apart.
  private var numbered: String {
    inputs.enumerated().map { "\($0) is \(fileName(of: $1))" }.joined(separator: ", ")
  }

  private func summarize(
    _ merged: MergedCloud, _ told: [InputSummary], _ outputs: [String], _ warnings: [String]
  ) throws(PointCloudError) -> MergeSummary {
    let cloud = merged.cloud
    let bounds = cloud.box(threads: threads)
    // What is not understood of it, the inputs' warnings have told.
    var known: [String] = []
    let system = try cloud.knownSystem(&known)
    return MergeSummary(
      points: cloud.count, inputs: told,
      outputFormat: cloud.formatDescription(as: parameters.format),
      coordinateSystem: system, unit: system?.unit ?? "unknown", minimum: bounds.low,
      maximum: bounds.high, scale: cloud.header.scale,
      largestRounding: merged.largestRounding, parameters: parameters, threads: threads, stages: reporter.times,
      outputs: outputs, warnings: warnings)
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}
