/// From a scan through a list of stages to another: all that the capabilities of single stages and
/// `pointcloud.pipeline` do.
public struct StagesPipeline {
  /// Reads `input` (LAS, LAZ, COPC, PLY, PCD, or text with named columns) and writes `<stem>-<suffix>.<format>`, a picture
  /// `<stem>-<suffix>.png` and `summary.json` into `outputDirectory`, which must exist, each complete or not at all.
  ///
  /// A LAS or LAZ file of more than twice `tilePointsMax` points is worked on tile by tile, in memory that does not grow with it, where all
  /// stages leave points out, give them classes by what lies near, or say more of them in columns that follow from their nearest
  /// neighbours or the ground: the result is the same. All else is in memory as a whole, and so is the map of the bare earth for
  /// `height_above_ground`. Stages `raster` write their maps beside the result; of what is in memory, from a LAS file that lies there while they
  /// are made.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - finished: files that parts of the same work have written (`runPart`), whose tiles are taken instead of worked on again; the result
  ///     is the same.
  ///   - checkpointFolder: where tiles that are finished are kept, and taken by another attempt at the same.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`, that of a stage with its place; `empty` where there are no points, or none are
  ///   left; `geographicCoordinates` where x and y are degrees and a stage measures; `invalidParameter`, naming the file and what
  ///   differs, where others have worked on something else; `unsupported` where they cannot have worked on parts of this.
  public static func run(
    input: String, outputDirectory: String, parameters: StagesParameters, threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax, finished: [String] = [],
    checkpointFolder: String? = nil,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> StagesSummary {
    let stages = try parameters.resolved()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try StagesRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, stages: stages,
        threads: max(1, threads), limits: limits, tilePointsMax: max(1, tilePointsMax),
        sharing: TileSharing(finished: finished, checkpointFolder: checkpointFolder), reporter: reporter
      ).run()
    }
  }

  /// Runs the stages over a part of the scan's tiles, and writes what becomes of their points as `<stem>-part-<k>-of-<n>.tiles` for a run
  /// that is given all parts (`finished`), and `summary.json`. The parameters are those of `run`.
  ///
  /// - Throws: as `run`, but that a part may leave no points; `unsupported` where a stage or a format needs the whole scan.
  /// - Complexity: reads and sorts the whole file once, however many parts there are; the rest is shared.
  public static func runPart(
    _ part: TilePart, input: String, outputDirectory: String, parameters: StagesParameters, threads: Int = 1,
    limits: ReadLimits = ReadLimits(), tilePointsMax: Int = defaultTilePointsMax, checkpointFolder: String? = nil,
    progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> TilePartSummary {
    let stages = try parameters.resolved()
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try StagesRun(
        input: input, outputDirectory: outputDirectory, parameters: parameters, stages: stages,
        threads: max(1, threads), limits: limits, tilePointsMax: max(1, tilePointsMax),
        sharing: TileSharing(part: part, checkpointFolder: checkpointFolder), reporter: reporter
      ).run(part)
    }
  }
}
