// Scans too large to be in memory, and parts of scans.
extension StagesRun {
  /// A scan whose points are sorted into tiles.
  private struct Opened {
    let file: PointFile
    /// What lies around the points of the result.
    let frame: TiledFrame
    let plan: StagePlan
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

  /// The scan of the result, where the scan is so large that it is worked on in tiles, and can be.
  func runTiled() throws(PointCloudError) -> StagesSummary? {
    guard let (file, plan) = try fileForTiles(), let opened = try open(file, plan) else { return nil }
    return try run(opened)
  }

  /// The file, where it is so large that it is worked on in tiles, or in parts, and can be.
  /// - Throws: `unsupported` where it is to be worked on in parts and cannot be.
  private func fileForTiles() throws(PointCloudError) -> (PointFile, StagePlan)? {
    let plan: StagePlan
    do throws(WholeNeeded) { plan = try StagePlan(stages, labels: labels, format: parameters.format) } catch {
      guard sharing.isSplit else { return nil }
      throw Self.noParts(error.why)
    }
    guard try ScanFormat(ofFile: input).isLAS else {
      guard sharing.isSplit else { return nil }
      throw Self.noParts("the scan is not LAS or LAZ")
    }
    let file = try PointFile(path: input, limits: limits)
    let fits = file.header.pointCount <= UInt32.max
    guard sharing.isSplit else { return fits && file.header.pointCount > wholeMax ? (file, plan) : nil }
    guard fits else { throw Self.noParts("it has more points than are worked on in tiles") }
    return (file, plan)
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
  private func open(_ file: PointFile, _ plan: StagePlan) throws(PointCloudError) -> Opened? {
    var scan = try StagesInput(file)
    let context = try context(&scan, from: 0)
    let frame = try TiledFrame(
      file, plan.columnStages, labels: zip(stages, labels).filter { $0.0 is any ColumnStage }.map(\.1))
    // What is worked on as a whole, otherwise, is one tile.
    let tilePointsMax = plan.tilePointsMax(file.header.pointCount > wholeMax ? tilePointsMax : 2 * tilePointsMax)
    let points: TiledScan
    do throws(PointCloudError) {
      points = try reporter.stage(.read(share: readShare)) { (going) throws(PointCloudError) in
        try TiledScan(
          file, cell: TiledStages.cell(for: file.header, plan, context),
          limit: TiledStages.cellsLimit(file.header, plan), folder: outputDirectory, tilePointsMax: tilePointsMax,
          threads: threads, keepGoing: going)
      }
    } catch  where error.code == .limitExceeded {
      // In memory there would be as many cells.
      if let place = plan.mapsOfAll { throw RasterStage.tooLarge(error).at(labels[place]) }
      guard sharing.isSplit else { return nil }
      throw Self.noParts(error.message)
    }
    let tiles = try SharedTiles(
      points, sharing, columnBytes: plan.columnBytes,
      outputPath: { path($0.fileName(stem: stem(of: input))) }, limits: limits
    ) { () throws(PointCloudError) in
      try TileKey(
        "pipeline", points, tilePointsMax: tilePointsMax,
        parameters: Key(
          stages: stages.map { StageRequest(type(of: $0).definition.name, $0.values.all) },
          metresPerUnit: context.metresPerUnit, heightFactor: context.heightFactor))
    }
    tiles.warnOfMissing(.stages(plan.passes.count - 1))
    return Opened(file: file, frame: frame, plan: plan, scan: scan, context: context, tiles: tiles)
  }

  private func runStages(_ opened: Opened) throws(PointCloudError) -> TiledStages {
    try reporter.stage(.tiles(share: 1 - readShare - writeShare)) { (going) throws(PointCloudError) in
      try TiledStages(
        opened.plan, of: opened.tiles, opened.context, threads: threads, labels: labels, keepGoing: going)
    }
  }

  func run(_ part: TilePart) throws(PointCloudError) -> TilePartSummary {
    guard let (file, plan) = try fileForTiles(), let opened = try open(file, plan) else {
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
    zip(labels, made.told).flatMap { label, told in told.warnings.map { "\(label): \($0)" } }
  }

  private func run(_ opened: Opened) throws(PointCloudError) -> StagesSummary {
    let points = opened.tiles.scan
    var scan = opened.scan
    let made = try runStages(opened)
    scan.warnings += warnings(made)
    var (isDrawn, maps) = (false, [String]())
    let header = try reporter.stage(.write(share: writeShare)) { (going) throws(PointCloudError) in
      // Drawn while it is written: what is compressed need not be read again.
      let picture = try picture(opened, made) { going(0.1 * $0) }
      let header = try write(opened, made, picture) { going(0.1 + 0.8 * $0) }
      for files in made.maps { maps += try files.finish(threads: threads) { going(0.9 + 0.05 * $0) } }
      if let picture {
        try picture.write(path: path("\(name).png"), threads: threads)
        isDrawn = true
      } else {
        scan.warnings.append(PointCloud.nothingDrawn)
      }
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
        scan, opened.frame.cloud, Int(header.pointCount), bounds, steps, tiles: opened.tiles,
        worked: opened.tiles.pointsWorked(.stages(opened.plan.passes.count - 1)), maps: maps, isDrawn: isDrawn))
  }

  /// Whether points are left out, so that the header's counts and bounds are others.
  private var isCounted: Bool { stages.contains { $0.change == .points } }

  private func write(
    _ opened: Opened, _ made: TiledStages, _ picture: RecordsPicture?, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> LASHeader {
    let (frame, states) = (opened.frame, made.states)
    var writer = try StreamWriter(
      path: path(output), frame: frame.cloud.frame, isCompressed: parameters.format == .laz,
      summary: isCounted ? .counted : .asGiven, threads: threads)
    if let picture { writer.observer = { picture.add($0) } }
    let format = opened.file.header.pointFormat
    let known = states.map { [$0.kept, $0.classes] } ?? []
    try opened.tiles.scan.forEachPart(known + made.columns.map(\.values), threads: threads, keepGoing: going) {
      (records, values) throws(PointCloudError) in
      var records = frame.filled(records, values.dropFirst(known.count))
      if states != nil { records = records.reclassified(values[1][...], format).keeping(values[0]) }
      try writer.append(records) { going(1) }
    }
    return try writer.finish { going(1) }
  }

  /// The picture of what will be written; nil where there is nothing to be shown.
  private func picture(
    _ opened: Opened, _ made: TiledStages, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> RecordsPicture? {
    let left = try opened.tiles.scan.left(made.states, threads: threads, keepGoing: going)
    guard !left.shown.isEmpty else { return nil }
    let header = opened.frame.cloud.header
    let bounds = header.box(left.shown.low, left.shown.high)
    var parameters = PictureParameters(
      coloring: header.pointFormat.usualColoring, pixels: PictureParameters.pixels(suiting: left.count))
    var valueOffset: Int?
    switch stages.lazy.compactMap(\.shown).last {
    case .classes: parameters.coloring = .classification
    case .values(let name):
      valueOffset = opened.frame.offset(ofColumn: name)
      if valueOffset != nil { parameters.coloring = .value }
    case .labels, nil: break
    }
    return try RecordsPicture(
      PicturePointReader(header, parameters, valueOffset: valueOffset), low: bounds.low, high: bounds.high)
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
