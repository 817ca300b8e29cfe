import Numerics

/// What stages make of a scan, found tile by tile, pass by pass: which points are left, of what class, and what is said of them in columns. All else
/// of a point stays as it is in the file.
struct TiledStages {
  /// Nil where no stage leaves points out or gives them classes.
  private(set) var states: PointStates?
  /// What each stage that adds columns says of all points, in their order.
  private(set) var columns: [(stage: any ColumnStage, values: ByteColumn)] = []
  /// What stages have made beside the points, in their order: not of a part.
  private(set) var maps: [MapFiles] = []
  /// What there is to tell of each stage.
  private(set) var told: [StageAccount]

  /// The side of a cell of tiles: of the map that a stage asks for, else of some points each.
  static func cell(for header: LASHeader, _ plan: StagePlan, _ context: StageContext) -> Double {
    if let cell = plan.mapCell { return context.length(cell) }
    let area = (header.maximum.x - header.minimum.x) * (header.maximum.y - header.minimum.y)
    let cell = (area * pointsPerCell / Double(max(1, header.pointCount))).squareRoot()
    // What a header says may be no number.
    return cell.isNormal ? cell : 1
  }

  private static let pointsPerCell = 16.0

  /// How many cells there may be. Beyond that stray points lie far from all others.
  static func cellsLimit(_ header: LASHeader, _ plan: StagePlan) -> (cells: Int, name: String) {
    guard plan.mapCell != nil else { return (1 << 30, "cells of 16 points on average") }
    return GroundParameters().cellsLimit(points: Int(clamping: header.pointCount))
  }

  /// Runs the stages over the tiles that a run answers for, and those before them in the list over as many more as they look at.
  ///
  /// - Parameter labels: what each stage is called in errors.
  /// - Throws: what stages throw, with their place; `empty` where one leaves no points of the whole, or finds no ground in it; `cancelled`;
  ///   `fileAccess`.
  /// - Complexity: that of the stages, for each tile and what lies around it; on each thread a tile is in memory.
  init(
    _ plan: StagePlan, of tiles: SharedTiles, _ context: StageContext, threads: Int, labels: [String],
    keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    told = [StageAccount](repeating: StageAccount(), count: plan.stages.count)
    let passes = Double(plan.passes.count)
    let numbers = plan.tiles(for: tiles.own, of: tiles.scan, context)
    for (number, pass) in plan.passes.enumerated() {
      let run = TiledPass(
        name: .stages(number), pass: pass, numbers: numbers[number], tiles: tiles,
        context: context.within(tiles.scan.corners), threads: threads, plan: plan, labels: labels)
      let going = { (share: Double) in keepGoing((Double(number) + share) / passes) }
      switch pass {
      case .editing(let places):
        let (states, found) = try run.edit(places, states, keepGoing: going)
        self.states = states
        told.replaceSubrange(places, with: found)
        if tiles.part == nil, let place = places.first(where: { told[$0].pointsAfter == 0 }) {
          throw PointCloudError(.empty, "no points are left", remedy: "Let it keep some.").at(labels[place])
        }
      case .column(let place):
        guard let stage = plan.stages[place] as? any ColumnStage else { continue }
        let (values, found) = try run.fill(stage, place, states, keepGoing: going)
        columns.append((stage, values))
        told[place] = found
      case .maps(let place):
        guard let stage = plan.stages[place] as? RasterStage else { continue }
        let (files, found) = try run.map(stage, place, states, keepGoing: going)
        if let files { maps.append(files) }
        told[place] = found
      }
    }
  }
}

/// One pass over the tiles of a scan.
private struct TiledPass {
  let name: TilePassName
  let pass: StagePlan.Pass
  /// The tiles that it is about.
  let numbers: [Int]
  let tiles: SharedTiles
  let context: StageContext
  let threads: Int
  let plan: StagePlan
  let labels: [String]

  private var scan: TiledScan { tiles.scan }

  /// Leaves points out, or gives them classes.
  func edit(
    _ places: Range<Int>, _ before: PointStates?, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (PointStates, [StageAccount]) {
    let states = try PointStates(scan)
    var told = [StageAccount](repeating: StageAccount(), count: places.count)
    let work = TileEditing(
      scan: scan, states: before, stages: Array(plan.stages[places]), labels: Array(labels[places]),
      margin: plan.margin(of: pass, scan, context) ?? 0, template: try TilePoints.emptyCloud(scan.header))
    try tiles.forEachTile(
      numbers, EditedTile.pass(name, scan, stages: places.count), threads: threads, keepGoing: keepGoing,
      { [context] (tile, threads, going) throws(PointCloudError) in
        try work.make(tile, context, threads: threads, going)
      },
      { (tile, found) throws(PointCloudError) in
        try scan.write(found.kept, of: tile, to: states.kept)
        try scan.write(found.classes, of: tile, to: states.classes)
        for place in told.indices { told[place].add(found.told[place]) }
      })
    return (states, told)
  }

  /// Says more of points.
  func fill(
    _ stage: any ColumnStage, _ place: Int, _ states: PointStates?, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (ByteColumn, StageAccount) {
    let values = try scan.column(width: stage.columnBytes)
    let (isWhole, label) = (tiles.part == nil, labels[place])
    var told = StageAccount()
    var tally = stage.tally([])
    var earth = stage is HeightAboveGroundStage && isWhole ? BareEarth(scan) : nil
    let make = TileColumns.maker(stage, scan, states, context)
    try tiles.forEachTile(
      numbers, TileColumns.pass(name, scan, stage, states), threads: threads, keepGoing: keepGoing,
      { (tile, threads, going) throws(PointCloudError) in
        do throws(PointCloudError) { return try make(tile, threads, going) } catch {
          throw error.code == .cancelled ? error : error.at(label)
        }
      },
      { (tile, found) throws(PointCloudError) in
        try scan.write(
          scan.spread(found.bytes, width: values.width, over: tile, states), of: tile, to: values)
        told.add(found.told)
        tally.add(stage.tally(found.rows[...]))
        if let ground = found.ground { earth?.add(tile, ground, found.rows) }
      })
    if let heights = stage as? HeightAboveGroundStage, let earth {
      do throws(PointCloudError) {
        tally.add(try earth.complete(values, heights, states) { keepGoing(1) })
      } catch {
        throw error.code == .cancelled ? error : error.at(label)
      }
    }
    told.facts = stage.facts(tally)
    return (values, told)
  }
}

extension TiledPass {
  /// Makes maps of points. Those of a part are kept with what was found of its tiles.
  fileprivate func map(
    _ stage: RasterStage, _ place: Int, _ states: PointStates?, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> (MapFiles?, StageAccount) {
    let start = ContinuousClock.now
    let maps = stage.maps(scan, states, context)
    var told = StageAccount()
    var files: MapFiles?
    do throws(PointCloudError) {
      if tiles.part == nil {
        let left = try scan.left(states, threads: threads, keepGoing: { keepGoing(0.1 * $0) })
        try stage.requireGround(left.ground)
        (told.pointsBefore, told.pointsAfter) = (left.count, left.count)
        files = try stage.files(of: maps, scan.cells(of: left.corners), context)
      }
      try maps.make(name, tiles, threads: threads, keepGoing: { keepGoing(0.1 + 0.9 * $0) }) {
        (tile, made) throws(PointCloudError) in try files?.write(made, of: tile)
      }
    } catch {
      throw error.code == .cancelled ? error : error.at(labels[place])
    }
    if let files { told.facts = RasterStage.facts(files) }
    told.seconds = (ContinuousClock.now - start) / .seconds(1)
    return (files, told)
  }
}

extension TileColumns {
  fileprivate typealias Maker =
    @Sendable (
      TiledScan.Tile, _ threads: Int, _ going: @escaping (Double) -> Bool
    ) throws(PointCloudError) -> TileColumns

  /// What makes the columns of a tile.
  fileprivate static func maker(
    _ stage: any ColumnStage, _ scan: TiledScan, _ states: PointStates?, _ context: StageContext
  ) -> Maker {
    let neighbours = (stage as? any NeighbourStage).map { stage in
      TileNeighbours(
        scan: scan, states: states, stage: stage,
        origin: scan.corners.origin(scan.header, heightFactor: context.heightFactor),
        heightFactor: context.heightFactor)
    }
    let heights = (stage as? HeightAboveGroundStage).map { stage in
      TileHeights(scan: scan, states: states, reach: context.length(stage.circleReach))
    }
    return { (tile, threads, going) throws(PointCloudError) in
      let start = ContinuousClock.now
      var made = TileColumns(told: StageAccount(), rows: [], ground: nil)
      if let neighbours {
        made.rows = try neighbours.rows(tile, threads: threads, going)
      } else if let heights {
        let (rows, ground) = try heights.find(tile, threads: threads, going)
        (made.rows, made.ground) = (rows, ground)
      }
      let count = made.rows.count / stage.columns.count
      (made.told.pointsBefore, made.told.pointsAfter) = (count, count)
      made.told.seconds = (ContinuousClock.now - start) / .seconds(1)
      return made
    }
  }

  fileprivate var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(floats: rows)
    return bytes
  }
}
