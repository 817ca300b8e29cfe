import Numerics

/// How a surface has changed between two scans: all that the capability `pointcloud.change` does.
public struct ChangePipeline {
  public enum Stage: String, PipelineStage {
    case read, prepare, measure, write, picture

    public var share: Double {
      switch self {
      case .read: 0.2
      case .prepare: 0.15
      case .measure: 0.5
      case .write: 0.1
      case .picture: 0.05
      }
    }
  }

  /// Reads the earlier scan `inputs[0]` and the later one `inputs[1]` (LAS, LAZ), and writes `change.laz` (or `.las`),
  /// a picture `change.png` and `summary.json` into `outputDirectory`, which must exist, each complete or not at all.
  ///
  /// The points written are the core points, of the earlier scan, with the extra dimensions `Distance` and
  /// `LevelOfDetection` in the unit of x and y, NaN where nothing can be said, and `Significant`, 1 or 0.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them.
  ///   - progress: told the stage and the share of the whole that is done, growing from 0 to 1; on the caller's thread.
  ///   - isCancelled: asked on the caller's thread, now and then.
  /// - Throws: any `PointCloudError`; `invalidParameter` for more or fewer than 2 inputs; `unsupported` where their
  ///   coordinate systems differ; `geographicCoordinates` where x and y are degrees; `empty` without points, or where
  ///   there is no core point with points of both scans around it.
  /// - Complexity: O(core points × (log n + points near one)); both scans are held in memory, and a tree over each.
  public static func run(
    inputs: [String], outputDirectory: String, parameters: ChangeParameters = ChangeParameters(), threads: Int = 1,
    limits: ReadLimits = ReadLimits(), progress: (_ stage: String, _ fraction: Double) -> Void = { _, _ in },
    isCancelled: () -> Bool = { false }
  ) throws(PointCloudError) -> ChangeSummary {
    try parameters.validate()
    try requireInputs(inputs, in: 2...2)
    return try ProgressReporter.whileReporting(to: progress, isCancelled) { (reporter) throws(PointCloudError) in
      try ChangeRun(
        inputs: inputs, outputDirectory: outputDirectory, parameters: parameters, threads: max(1, threads),
        limits: limits, reporter: reporter
      ).run()
    }
  }
}

/// Both scans and what has to be known of them before they are measured.
private struct ScanPair {
  let scans: [Scan]
  let clouds: [PointCloud]
  var warnings: [String]
  var earlier: PointCloud { clouds[0] }
  /// The system of both: where one does not say, that of the other.
  var system: CoordinateSystem? { scans[0].system ?? scans[1].system }

  /// How many metres a step of one in x or y is where lengths are given in metres.
  mutating func metresPerUnit(_ unit: GroundParameters.LengthUnit) -> Double {
    var scan = scans[0].system == nil ? scans[1] : scans[0]
    let before = scan.warnings.count
    let metres = scan.metresPerUnit(unit)
    warnings += scan.warnings.dropFirst(before)
    return metres
  }

  /// Places of a scan in the unit of x and y along each axis.
  func coordinates(of index: Int, threads: Int) throws(PointCloudError) -> Coordinates {
    let factor = (scans[index].system ?? system)?.heightFactor ?? 1
    return try StageContext(threads: threads, heightFactor: factor).coordinates(clouds[index])
  }

  func summary(_ index: Int, _ path: String) -> InputSummary {
    InputSummary(
      name: fileName(of: path), points: clouds[index].count, format: clouds[index].formatDescription,
      coordinateSystem: scans[index].system)
  }
}

/// What was found at each core point.
private struct MeasuredChange {
  var distances: [Double] = []
  var levels: [Double] = []
  var significant: [UInt8] = []

  mutating func add(_ changes: Changes) {
    distances += changes.distances
    levels += changes.levelsOfDetection
    significant += (0..<changes.count).map { changes.isSignificant($0) ? 1 : 0 }
  }
}

/// One run of the pipeline.
private struct ChangeRun {
  let inputs: [String]
  let outputDirectory: String
  let parameters: ChangeParameters
  let threads: Int
  let limits: ReadLimits
  let reporter: ProgressReporter<ChangePipeline.Stage>

  /// So many core points are measured before progress is told.
  private static let coresAtOnce = 1 << 15

  func run() throws(PointCloudError) -> ChangeSummary {
    var pair = try reporter.stage(.read) { (going) throws(PointCloudError) in try read(going) }
    let metres = pair.metresPerUnit(parameters.lengthUnit)
    let (cores, found) = try measure(pair, metres)
    let measured = found.distances.filter { !$0.isNaN }
    guard !measured.isEmpty else {
      throw PointCloudError(
        .empty, "at none of \(cores.count) core points there are \(parameters.least) points of both scans",
        remedy: "Check that both scans are of the same place, or give a larger diameter, depth or normal_scale.")
    }
    let name = "change.\(parameters.format.rawValue)"
    let written = try cores.adding(
      [
        ExtraColumn("Distance", .float32(found.distances.map(Float.init)), description: "along the normal, M3C2"),
        ExtraColumn("LevelOfDetection", .float32(found.levels.map(Float.init)), description: "at 95 %, M3C2"),
        ExtraColumn("Significant", .uint8(found.significant), description: "change above its detection"),
      ], isReplacing: true, threads: threads)
    try reporter.stage(.write) { (going) throws(PointCloudError) in
      try written.write(path: path(name), isCompressed: parameters.format == .laz, threads: threads, keepGoing: going)
    }
    let range = Self.pictureRange(measured, found.levels.filter { !$0.isNaN })
    let isDrawn = try reporter.stage(.picture) { (_) throws(PointCloudError) in
      try written.writePictureIfAny(
        path("change.png"), PictureParameters(coloring: .value, range: -range...range),
        values: found.distances.map(Float.init), threads: threads, warnings: &pair.warnings)
    }
    let summary = summarize(pair, found, measured, range, [name] + (isDrawn ? ["change.png"] : []) + ["summary.json"])
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func read(_ going: (Double) -> Bool) throws(PointCloudError) -> ScanPair {
    var (scans, warnings): ([Scan], [String]) = ([], [])
    for input in inputs {
      do throws(PointCloudError) { scans.append(try Scan(path: input, limits: limits)) } catch { throw error.of(input) }
    }
    for (scan, input) in zip(scans, inputs) { warnings += scan.warnings.map { "\(fileName(of: input)): \($0)" } }
    if let earlier = scans[0].system, let later = scans[1].system, !earlier.isSame(as: later) {
      throw PointCloudError(
        .unsupported,
        "\(fileName(of: inputs[0])) is in \(earlier.name) and \(fileName(of: inputs[1])) in \(later.name)",
        remedy: "Reproject one of them first.")
    }
    var clouds: [PointCloud] = []
    for (place, scan) in scans.enumerated() {
      do throws(PointCloudError) {
        let cloud = try PointCloud(scan.file, place == 0 ? .all : .height, threads, false) {
          going((Double(place) + $0) / 2)
        }
        guard cloud.count > 0 else {
          throw PointCloudError(.empty, "the file has no points", remedy: "Give a file with points.")
        }
        clouds.append(cloud)
      } catch { throw error.of(inputs[place]) }
    }
    return ScanPair(scans: scans, clouds: clouds, warnings: warnings)
  }

  private func measure(
    _ pair: ScanPair, _ metres: Double
  ) throws(PointCloudError) -> (cores: PointCloud, found: MeasuredChange) {
    let detection = try parameters.detection(metresPerUnit: metres)
    var (cloud, cores): (PointCloud, Coordinates?) = (pair.earlier, nil)
    let (reference, later) = try reporter.stage(.prepare) { (going) throws(PointCloudError) in
      let places = try pair.coordinates(of: 0, threads: threads)
      cores = places
      if parameters.coreSize > 0 {
        let kept = try VoxelGrid(cell: parameters.coreSize / metres)
          .voxels(of: places, threads: threads, keepGoing: { going(0.1) })
          .representatives(.nearestToCentroid, of: places, threads: threads).sorted()
        cloud = try cloud.keeping(kept, threads: threads)
        cores = try Coordinates.checked(
          x: kept.map { places.x[Int($0)] }, y: kept.map { places.y[Int($0)] }, z: kept.map { places.z[Int($0)] })
      }
      guard going(0.3) else { throw .cancelled }
      let reference = KDTree(places, threads: threads)
      guard going(0.6) else { throw .cancelled }
      return (reference, KDTree(try pair.coordinates(of: 1, threads: threads), threads: threads))
    }
    guard let cores else { throw .cancelled }
    let found = try reporter.stage(.measure) { (going) throws(PointCloudError) in
      var found = MeasuredChange()
      for start in stride(from: 0, to: cores.count, by: Self.coresAtOnce) {
        let part = start..<min(cores.count, start + Self.coresAtOnce)
        let share = Double(start) / Double(cores.count)
        found.add(
          try detection.changes(
            at: Coordinates.checked(x: Array(cores.x[part]), y: Array(cores.y[part]), z: Array(cores.z[part])),
            from: reference, to: later, threads: threads, keepGoing: { going(share) }))
      }
      return found
    }
    return (cloud, found)
  }

  /// What all but the largest fiftieth of the changes lie within, but no less than what is only just noticed: noise
  /// alone is not to look like change.
  private static func pictureRange(_ distances: [Double], _ levels: [Double]) -> Double {
    let sizes = distances.map(abs).sorted()
    let mean = levels.reduce(0, +) / Double(max(1, levels.count))
    let range = max(sizes[(sizes.count - 1) * 49 / 50], mean)
    return range > 0 ? range : 1
  }

  private func summarize(
    _ pair: ScanPair, _ found: MeasuredChange, _ measured: [Double], _ range: Double, _ outputs: [String]
  ) -> ChangeSummary {
    let significant = found.significant.count { $0 == 1 }
    let levels = found.levels.filter { !$0.isNaN }
    return ChangeSummary(
      earlier: pair.summary(0, inputs[0]), later: pair.summary(1, inputs[1]),
      unit: pair.system?.unit ?? "unknown", corePoints: found.distances.count, measured: measured.count,
      significant: significant, significantShare: Double(significant) / Double(measured.count),
      distances: ChangeSummary.Distances(measured),
      meanLevelOfDetection: levels.reduce(0, +) / Double(max(1, levels.count)), pictureRange: range,
      parameters: parameters, threads: threads, stages: reporter.times, outputs: outputs, warnings: pair.warnings)
  }

  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }
}
