/// A simulated scan, and a picture of it: all that the capability `pointcloud.simulate` does.
public struct SimulationPipeline {
  public enum Stage: String, PipelineStage {
    case simulate, picture

    public var share: Double {
      switch self {
      case .simulate: 0.7
      case .picture: 0.3
      }
    }
  }

  /// Writes into `outputDirectory`, which must exist: `simulated.laz` (or `.las`), `simulated.png`, which shows its classes, and `summary.json`,
  /// each complete or not at all.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: `invalidParameter`, `fileAccess`, `raster`, `libraryMissing`, `cancelled`.
  /// - Complexity: O(points) time; memory does not grow with them.
  public static func run(
    outputDirectory: String, parameters: SimulationParameters, threads: Int = 1,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> SimulationRunSummary {
    try parameters.validate()
    return try ProgressReporter<Stage>.whileReporting(to: progress, isCancelled) {
      (reporter) throws(PointCloudError) in
      let name = "simulated.\(parameters.isCompressed ? "laz" : "las")"
      let made = try reporter.stage(.simulate) { (going) throws(PointCloudError) in
        try ScanSimulator(parameters).write(path: "\(outputDirectory)/\(name)", threads: threads, keepGoing: going)
      }
      try reporter.stage(.picture) { (going) throws(PointCloudError) in
        try PointFile(path: "\(outputDirectory)/\(name)", limits: ReadLimits(fileBytesMax: .max, pointsMax: .max))
          .writePicture(
            path: "\(outputDirectory)/simulated.png", parameters: PictureParameters(coloring: .classification),
            threads: threads, keepGoing: going)
      }
      let summary = SimulationRunSummary(
        scan: made, parameters: parameters, threads: threads, stages: reporter.times,
        outputs: [name, "simulated.png", "summary.json"])
      try writeSummary(summary, in: outputDirectory)
      reporter.finish()
      return summary
    }
  }
}

/// What `SimulationPipeline` did: the content of `summary.json`.
public struct SimulationRunSummary: Hashable, Codable, PipelineSummary {
  public var scan: SimulationSummary
  public var parameters: SimulationParameters
  /// The most threads used at a time.
  public var threads: Int
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]

  public var pointsWorked: Int { scan.points }
  public var warnings: [String] { [] }
}
