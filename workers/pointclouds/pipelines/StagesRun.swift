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
struct StagesRun {
  let input: String
  let outputDirectory: String
  let parameters: StagesParameters
  let stages: [any CloudStage]
  let threads: Int
  let limits: ReadLimits
  let tilePointsMax: Int
  let sharing: TileSharing
  let reporter: ProgressReporter<PlannedStep>

  let readShare = 0.2
  let writeShare = 0.2

  func run() throws(PointCloudError) -> StagesSummary {
    if let summary = try runTiled() { return summary }
    return try runWhole()
  }

  var name: String { "\(stem(of: input))-\(parameters.suffix)" }
  var output: String { "\(name).\(parameters.format.rawValue)" }
  func path(_ name: String) -> String { "\(outputDirectory)/\(name)" }

  private func runWhole() throws(PointCloudError) -> StagesSummary {
    // What was read is let go of with the first stage that makes another cloud of it.
    var (cloud, scan) = try reporter.stage(.read(share: readShare)) { (going) throws(PointCloudError) in
      try StagesInput.read(path: input, threads: threads, limits: limits, keepGoing: going)
    }
    guard cloud.count > 0 else {
      throw PointCloudError(.empty, "the file has no points", remedy: "Give a file with points.")
    }
    var context = try context(&scan, from: 0).within(ScanCorners(cloud))
    var (steps, maps): ([StagesSummary.Step], [MapFiles]) = ([], [])
    for (place, stage) in stages.enumerated() {
      let result = try run(stage, place, cloud, context)
      steps.append(
        StagesSummary.Step(
          stage: type(of: stage).definition.name, parameters: stage.values.all, pointsBefore: cloud.count,
          pointsAfter: result.cloud.count, facts: result.facts, seconds: reporter.times.last?.seconds ?? 0))
      scan.warnings += result.warnings.map { "\(label(stage, place)): \($0)" }
      cloud = result.cloud
      if let made = result.maps { maps.append(made) }
      if let system = result.system {
        scan.system = system
        context = try self.context(&scan, from: place + 1).within(ScanCorners(cloud))
      }
    }
    var names: [String] = []
    let isDrawn = try reporter.stage(.write(share: writeShare)) { [cloud] (going) throws(PointCloudError) in
      scan.warnings += try cloud.write(
        path: path(output), as: parameters.format, threads: threads, keepGoing: { going(0.7 * $0) })
      for files in maps { names += try files.finish(threads: threads) { going(0.7 + 0.1 * $0) } }
      guard going(0.8) else { throw .cancelled }
      return try draw(cloud, path("\(name).png"), &scan.warnings)
    }
    return try finish(
      summarize(scan, cloud, cloud.count, cloud.box(threads: threads), steps, maps: names, isDrawn: isDrawn))
  }

  func finish(_ summary: StagesSummary) throws(PointCloudError) -> StagesSummary {
    try writeSummary(summary, in: outputDirectory)
    reporter.finish()
    return summary
  }

  private func label(_ stage: any CloudStage, _ place: Int) -> String {
    "stage \(place + 1) (\(type(of: stage).definition.name))"
  }

  /// What each stage is called in errors.
  var labels: [String] { stages.indices.map { label(stages[$0], $0) } }

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
  func context(_ scan: inout StagesInput, from place: Int) throws(PointCloudError) -> StageContext {
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
      system: scan.system, folder: outputDirectory, scanPoints: scan.points)
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
  func summarize(
    _ scan: StagesInput, _ cloud: PointCloud, _ count: Int, _ bounds: (low: Vector3, high: Vector3),
    _ steps: [StagesSummary.Step], tiles: SharedTiles? = nil, worked: Int? = nil, maps: [String], isDrawn: Bool
  ) -> StagesSummary {
    StagesSummary(
      pointsRead: scan.points, points: count, inputFormat: scan.format,
      outputFormat: cloud.formatDescription(as: parameters.format),
      inputOrigin: scan.origin, coordinateSystem: scan.system, unit: scan.system?.unit ?? "unknown",
      minimum: bounds.low, maximum: bounds.high,
      extraDimensions: cloud.extraNames, steps: steps, parameters: parameters, threads: threads,
      tiles: tiles?.scan.tiles.count ?? 1, tilesTaken: tiles?.taken ?? [:], pointsWorked: worked ?? scan.points,
      stages: reporter.times,
      outputs: [output] + (isDrawn ? ["\(name).png"] : []) + maps + ["summary.json"],
      warnings: scan.warnings)
  }
}
