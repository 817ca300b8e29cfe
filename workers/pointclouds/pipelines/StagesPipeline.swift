/// From a scan through a list of stages to another: all that the capabilities of single stages and
/// `pointcloud.pipeline` do.
public struct StagesPipeline {
  /// Reads `input` (LAS, LAZ, COPC, PLY, PCD, or text with named columns) and writes `<stem>-<suffix>.<format>`, a picture
  /// `<stem>-<suffix>.png` and `summary.json` into `outputDirectory`, which must exist, each complete or not at all.
  ///
  /// A LAS or LAZ file of more than twice `tilePointsMax` points is worked on tile by tile, in memory that does not grow with it, where all
  /// stages do no more than to leave points out and to give them classes by what lies near: the result is the same. All else is in memory
  /// as a whole.
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

/// A step of one run: reading, writing, or a stage by its place, counted from 1, and its name.
struct PlannedStep: ReportedStage {
  let name: String
  let share: Double

  static func read(share: Double) -> PlannedStep { PlannedStep(name: "read", share: share) }
  /// All stages over all tiles.
  static func tiles(share: Double) -> PlannedStep { PlannedStep(name: "stages", share: share) }
  static func write(share: Double) -> PlannedStep { PlannedStep(name: "write", share: share) }
}

/// One run of the pipeline.
private struct StagesRun {
  let input: String
  let outputDirectory: String
  let parameters: StagesParameters
  let stages: [any CloudStage]
  let threads: Int
  let limits: ReadLimits
  let tilePointsMax: Int
  let sharing: TileSharing
  let reporter: ProgressReporter<PlannedStep>

  private let readShare = 0.2
  private let writeShare = 0.2

  func run() throws(PointCloudError) -> StagesSummary {
    if let file = try fileForTiles(), let opened = try open(file) { return try run(opened) }
    return try runWhole()
  }

  private var name: String { "\(stem(of: input))-\(parameters.suffix)" }
  private var output: String { "\(name).\(parameters.format.rawValue)" }
  private func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }

  private func runWhole() throws(PointCloudError) -> StagesSummary {
    // What was read is let go of with the first stage that makes another cloud of it.
    var (cloud, scan) = try reporter.stage(.read(share: readShare)) { (going) throws(PointCloudError) in
      try StagesInput.read(path: input, threads: threads, limits: limits, keepGoing: going)
    }
    guard cloud.count > 0 else {
      throw PointCloudError(.empty, "the file has no points", remedy: "Give a file with points.")
    }
    var context = try context(&scan, from: 0)
    var steps: [StagesSummary.Step] = []
    for (place, stage) in stages.enumerated() {
      let result = try run(stage, place, cloud, context)
      steps.append(
        StagesSummary.Step(
          stage: type(of: stage).definition.name, parameters: stage.values.all, pointsBefore: cloud.count,
          pointsAfter: result.cloud.count, facts: result.facts, seconds: reporter.times.last?.seconds ?? 0))
      scan.warnings += result.warnings.map { "\(label(stage, place)): \($0)" }
      cloud = result.cloud
      if let system = result.system {
        scan.system = system
        context = try self.context(&scan, from: place + 1)
      }
    }
    let isDrawn = try reporter.stage(.write(share: writeShare)) { [cloud] (going) throws(PointCloudError) in
      scan.warnings += try cloud.write(
        path: path(output), as: parameters.format, threads: threads, keepGoing: { going(0.7 * $0) })
      guard going(0.7) else { throw .cancelled }
      return try draw(cloud, path("\(name).png"), &scan.warnings)
    }
    return try finish(summarize(scan, cloud, cloud.count, cloud.box(threads: threads), steps, isDrawn: isDrawn))
  }

  private func finish(_ summary: StagesSummary) throws(PointCloudError) -> StagesSummary {
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func label(_ stage: any CloudStage, _ place: Int) -> String {
    "stage \(place + 1) (\(type(of: stage).definition.name))"
  }

  private func run(
    _ stage: any CloudStage, _ place: Int, _ cloud: PointCloud, _ context: StageContext
  ) throws(PointCloudError) -> StageResult {
    let label = label(stage, place)
    let share = (1 - readShare - writeShare) / Double(stages.count)
    do throws(PointCloudError) {
      let result = try reporter.stage(PlannedStep(name: label, share: share)) { (going) throws(PointCloudError) in
        try stage.run(cloud, context, progress: going)
      }
      guard result.cloud.count > 0 else {
        throw PointCloudError(.empty, "no points are left", remedy: "Let it keep some.")
      }
      return result
    } catch {
      throw error.code == .cancelled ? error : error.at(label)
    }
  }

  /// What the stages from one on are to know, up to the one that changes the coordinate system. Lengths need a projected system.
  private func context(_ scan: inout StagesInput, from place: Int) throws(PointCloudError) -> StageContext {
    let end = stages[place...].firstIndex(where: \.changesSystem) ?? stages.count
    let measuring = stages[place..<end].firstIndex(where: \.needsLengths)
    if let system = scan.system, system.isGeographic, let index = measuring {
      throw PointCloudError(
        .geographicCoordinates,
        "x and y are degrees (\(system.name)), and \(label(stages[index], index)) needs lengths",
        remedy: "Project the file first, for example to its UTM zone.")
    }
    let metresPerUnit = measuring == nil ? 1 : parameters.lengthUnit.metresPerUnit(of: scan.system, &scan.warnings)
    return StageContext(
      threads: threads, metresPerUnit: metresPerUnit, heightFactor: scan.system?.heightFactor ?? 1,
      system: scan.system)
  }

  /// Draws the cloud, coloured by what the last stage found that finds something to colour it by.
  /// - Returns: whether there is anything to be shown.
  private func draw(
    _ cloud: PointCloud, _ path: String, _ warnings: inout [String]
  ) throws(PointCloudError) -> Bool {
    var picture = PictureParameters(coloring: cloud.usualColoring)
    var values: [Float]?
    switch stages.lazy.compactMap(\.shown).last {
    case .classes: picture.coloring = .classification
    case .values(let name): values = cloud.extraValues(named: name, threads: threads)?.map(Float.init)
    case .labels(let name): values = cloud.extraValues(named: name, threads: threads)?.map(Self.shade)
    case nil: break
    }
    if values != nil { picture.coloring = .value }
    return try cloud.writePictureIfAny(path, picture, values: values, threads: threads, warnings: &warnings)
  }

  /// Labels that follow each other get shades far apart: multiples of the golden ratio are spread evenly.
  private static func shade(_ label: Double) -> Float {
    guard label >= 0 else { return 0 }
    let turn = (label + 1) * 0.618_033_988_749_895
    return 0.1 + 0.9 * Float(turn - turn.rounded(.down))
  }

  /// - Parameter cloud: what was written, or what lies around its points.
  private func summarize(
    _ scan: StagesInput, _ cloud: PointCloud, _ count: Int, _ bounds: (low: Vector3, high: Vector3),
    _ steps: [StagesSummary.Step], tiles: SharedTiles? = nil, isDrawn: Bool
  ) -> StagesSummary {
    StagesSummary(
      pointsRead: scan.points, points: count, inputFormat: scan.format,
      outputFormat: cloud.formatDescription(as: parameters.format),
      inputOrigin: scan.origin, coordinateSystem: scan.system, unit: scan.system?.unit ?? "unknown",
      minimum: bounds.low, maximum: bounds.high,
      extraDimensions: cloud.extraNames, steps: steps, parameters: parameters, threads: threads,
      tiles: tiles?.scan.tiles.count ?? 1, tilesTaken: tiles?.taken ?? [:],
      pointsWorked: tiles?.pointsWorked(.stages) ?? scan.points, stages: reporter.times,
      outputs: [output] + (isDrawn ? ["\(name).png"] : []) + ["summary.json"],
      warnings: scan.warnings)
  }
}

// Scans too large to be in memory, and parts of scans.
extension StagesRun {
  /// A scan whose points are sorted into tiles.
  private struct Opened {
    let file: PointFile
    var scan: StagesInput
    let context: StageContext
    let tiles: SharedTiles
  }

  /// What becomes of the points of a tile depends on this beside them.
  private struct Key: Encodable {
    let stages: [StageRequest]
    let metresPerUnit: Double
    let heightFactor: Double
  }

  /// The file, where it is so large that it is worked on in tiles, or in parts, and can be.
  /// - Throws: `unsupported` where it is to be worked on in parts and cannot be.
  private func fileForTiles() throws(PointCloudError) -> PointFile? {
    let whole: String?
    if !parameters.format.isLAS {
      whole = "'\(parameters.format.rawValue)' is written of a whole scan"
    } else if let place = stages.firstIndex(where: { !TiledStages.canRun([$0]) }) {
      whole = "\(label(stages[place], place)) needs the whole scan"
    } else {
      whole = try ScanFormat(ofFile: input).isLAS ? nil : "the scan is not LAS or LAZ"
    }
    if let whole {
      guard sharing.isSplit else { return nil }
      throw Self.noParts(whole)
    }
    let file = try PointFile(path: input, limits: limits)
    let fits = file.header.pointCount <= UInt32.max
    guard sharing.isSplit else { return fits && file.header.pointCount > wholeMax ? file : nil }
    guard fits else { throw Self.noParts("it has more points than are worked on in tiles") }
    return file
  }

  private static func noParts(_ why: String) -> PointCloudError {
    PointCloudError(
      .unsupported, "the scan cannot be worked on in parts: \(why)",
      remedy:
        "Leave out `part` and the files of parts, choose laz or las, or do what needs the whole in a job of its own after this."
    )
  }

  /// Scans of no more points are in memory as a whole.
  private var wholeMax: UInt64 { 2 * UInt64(tilePointsMax) }

  /// - Returns: nil where the scan cannot be cut up, as with stray points far away from all others.
  private func open(_ file: PointFile) throws(PointCloudError) -> Opened? {
    var scan = try StagesInput(file)
    let context = try context(&scan, from: 0)
    // What is worked on as a whole, otherwise, is one tile.
    let tilePointsMax = file.header.pointCount > wholeMax ? tilePointsMax : 2 * tilePointsMax
    let points: TiledScan
    do throws(PointCloudError) {
      points = try reporter.stage(.read(share: readShare)) { (going) throws(PointCloudError) in
        try TiledScan(
          file, cell: TiledStages.cell(for: file.header), limit: TiledStages.cellsLimit, folder: outputDirectory,
          tilePointsMax: tilePointsMax, threads: threads, keepGoing: going)
      }
    } catch  where error.code == .limitExceeded {
      guard sharing.isSplit else { return nil }
      throw Self.noParts(error.message)
    }
    let tiles = try SharedTiles(
      points, sharing, outputPath: { path($0.fileName(stem: stem(of: input))) }, limits: limits
    ) { () throws(PointCloudError) in
      try TileKey(
        "pipeline", points, tilePointsMax: tilePointsMax,
        parameters: Key(
          stages: stages.map { StageRequest(type(of: $0).definition.name, $0.values.all) },
          metresPerUnit: context.metresPerUnit, heightFactor: context.heightFactor))
    }
    tiles.warnOfMissing(.stages)
    return Opened(file: file, scan: scan, context: context, tiles: tiles)
  }

  private func runStages(_ opened: Opened) throws(PointCloudError) -> TiledStages {
    let (share, labels) = (1 - readShare - writeShare, stages.indices.map { label(stages[$0], $0) })
    return try reporter.stage(.tiles(share: share)) { (going) throws(PointCloudError) in
      try TiledStages(stages, of: opened.tiles, opened.context, threads: threads, labels: labels, keepGoing: going)
    }
  }

  func run(_ part: TilePart) throws(PointCloudError) -> TilePartSummary {
    guard let file = try fileForTiles(), let opened = try open(file) else {
      throw Self.noParts("it is worked on whole")
    }
    let made = try runStages(opened)
    let summary = try opened.tiles.finish(
      part, stem: stem(of: input), in: outputDirectory, threads: threads, times: reporter.times,
      warnings: opened.scan.warnings + warnings(made))
    reporter.finish()
    return summary
  }

  private func warnings(_ made: TiledStages) -> [String] {
    zip(stages.indices, made.told).flatMap { place, told in
      told.warnings.map { "\(label(stages[place], place)): \($0)" }
    }
  }

  private func run(_ opened: Opened) throws(PointCloudError) -> StagesSummary {
    let (file, points) = (opened.file, opened.tiles.scan)
    var scan = opened.scan
    let made = try runStages(opened)
    scan.warnings += warnings(made)
    var isDrawn = false
    let header = try reporter.stage(.write(share: writeShare)) { (going) throws(PointCloudError) in
      let header = try write(points, made, file) { going(0.6 * $0) }
      isDrawn = try draw(&scan.warnings) { going(0.6 + 0.4 * $0) }
      return header
    }
    scan.warnings += opened.tiles.warnings
    let steps = zip(stages, made.told).map { stage, told in
      StagesSummary.Step(
        stage: type(of: stage).definition.name, parameters: stage.values.all, pointsBefore: told.pointsBefore,
        pointsAfter: told.pointsAfter, facts: told.facts, seconds: told.seconds)
    }
    // A header that is as it was may not be true.
    let bounds = isCounted ? (header.minimum, header.maximum) : points.bounds
    return try finish(
      summarize(
        scan, file.withoutPoints(), Int(header.pointCount), bounds, steps, tiles: opened.tiles,
        isDrawn: isDrawn))
  }

  /// Whether points are left out, so that the header's counts and bounds are others.
  private var isCounted: Bool { stages.contains { $0.change == .points } }

  private func write(
    _ points: TiledScan, _ made: TiledStages, _ file: PointFile, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> LASHeader {
    var writer = try StreamWriter(
      path: path(output), frame: file.frame, isCompressed: parameters.format == .laz,
      summary: isCounted ? .counted : .asGiven, threads: threads)
    let format = file.header.pointFormat
    try points.forEachPart([made.kept, made.classes], threads: threads, keepGoing: going) {
      (records, values) throws(PointCloudError) in
      try writer.append(records.reclassified(values[1][...], format).keeping(values[0])) { going(1) }
    }
    return try writer.finish { going(1) }
  }

  private func draw(
    _ warnings: inout [String], _ going: (Double) -> Bool
  ) throws(PointCloudError) -> Bool {
    let file = try PointFile(path: path(output), limits: limits)
    let isByClass = stages.contains { $0.shown == .classes }
    let coloring = isByClass ? .classification : file.header.pointFormat.usualColoring
    let pixels = PictureParameters.pixels(suiting: Int(file.header.pointCount))
    do throws(PointCloudError) {
      try file.writePicture(
        path: path("\(name).png"), parameters: PictureParameters(coloring: coloring, pixels: pixels),
        threads: threads, keepGoing: going)
      return true
    } catch  where error.code == .empty {
      warnings.append(PointCloud.nothingDrawn)
      return false
    }
  }
}

extension [UInt8] {
  /// The records for which there is no 0.
  fileprivate func keeping(_ kept: [UInt8]) -> [UInt8] {
    guard kept.contains(0) else { return self }
    let length = count / kept.count
    var left: [UInt8] = []
    left.reserveCapacity(kept.count { $0 != 0 } * length)
    for (index, flag) in kept.enumerated() where flag != 0 { left += self[index * length..<(index + 1) * length] }
    return left
  }
}

/// What there is to know of a scan beside its points.
private struct StagesInput {
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
