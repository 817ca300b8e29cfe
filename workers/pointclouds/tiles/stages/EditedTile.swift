import Numerics

/// What stages that leave points out or give them classes have made of a tile: of each of its own points, whether it is left, and its class.
struct EditedTile: Sendable {
  var kept: [UInt8]
  var classes: [UInt8]
  /// Of each stage.
  var told: [StageAccount]

  /// What was found of a tile, as bytes: what is told of stages as JSON, which points are left, and the classes of those.
  static func pass(_ name: TilePassName, _ scan: TiledScan, stages: Int) -> TilePass<EditedTile> {
    TilePass(
      name: name,
      encode: { (_, found) throws(PointCloudError) in
        var bytes: [UInt8] = []
        try StageAccount.append(found.told, to: &bytes)
        PackedBytes.append(found.kept, to: &bytes)
        PackedBytes.append(zip(found.kept, found.classes).filter { $0.0 != 0 }.map(\.1), to: &bytes)
        return bytes
      },
      decode: { (tile, bytes) throws(PointCloudError) in
        let count = scan.pointCount(tile)
        let told = try StageAccount.read(stages: stages, points: count, from: &bytes)
        let kept = try PackedBytes.read(count, from: &bytes)
        var left = try PackedBytes.read(kept.count { $0 != 0 }, from: &bytes)[...]
        return EditedTile(kept: kept, classes: kept.map { $0 == 0 ? 0 : left.removeFirst() }, told: told)
      })
  }
}

/// Runs stages that leave points out or give them classes over tiles.
struct TileEditing: Sendable {
  let scan: TiledScan
  /// In which they find the points.
  let states: PointStates?
  let stages: [any CloudStage]
  /// What each stage is called in errors.
  let labels: [String]
  /// Cells around a tile that count.
  let margin: Int
  let template: PointCloud

  /// - Throws: what stages throw, with their place.
  func make(
    _ tile: TiledScan.Tile, _ context: StageContext, threads: Int, _ going: (Double) -> Bool
  ) throws(PointCloudError) -> EditedTile {
    guard !tile.blocks.isEmpty else {
      return EditedTile(kept: [], classes: [], told: [StageAccount](repeating: StageAccount(), count: stages.count))
    }
    let points = try scan.load(tile, margin: margin, states)
    var run = try TileRun(points, scan, template, context, threads: threads)
    for (stage, label) in zip(stages, labels) {
      do throws(PointCloudError) { try run.apply(stage, going) } catch {
        throw error.code == .cancelled ? error : error.at(label)
      }
    }
    let own = run.own(points)
    return EditedTile(
      kept: try scan.spread(own.kept, over: tile, states), classes: try scan.spread(own.classes, over: tile, states),
      told: run.told)
  }
}

/// One tile on its way through the stages.
private struct TileRun {
  private var cloud: PointCloud
  private let context: StageContext
  /// The places of the tile's points, its own first, in the order of the file.
  private let order: [Int32]
  private(set) var told: [StageAccount] = []

  init(
    _ points: TilePoints, _ scan: TiledScan, _ template: PointCloud, _ context: StageContext, threads: Int
  ) throws(PointCloudError) {
    order = points.inOrder(threads: threads)
    cloud = try points.cloud(template, in: order)
    // A scan that is one tile is worked on as one that is in memory: the same limits hold, and the same is no ground.
    self.context = scan.tiles.count > 1 ? context.ofPart(threads: threads) : context
  }

  mutating func apply(_ stage: any CloudStage, _ going: (Double) -> Bool) throws(PointCloudError) {
    var step = StageAccount()
    step.pointsBefore = context.count(cloud)
    // Where nothing is left there is nothing to be done.
    if step.pointsBefore > 0 {
      let start = ContinuousClock.now
      let result = try stage.run(cloud, context, progress: going)
      step.seconds = (ContinuousClock.now - start) / .seconds(1)
      (cloud, step.facts, step.warnings) = (result.cloud, result.facts, result.warnings)
    }
    step.pointsAfter = step.pointsBefore > 0 ? context.count(cloud) : 0
    told.append(step)
  }

  /// Which of the tile's own points are left, and their classes.
  func own(_ points: TilePoints) -> (kept: [UInt8], classes: [UInt8]) {
    var kept = [UInt8](repeating: 0, count: points.ownCount)
    var classes = kept
    guard told.last?.pointsAfter != 0 else { return (kept, classes) }
    let (left, found) = (cloud.fileIndices, cloud.classifications())
    // Both are in the order of the file.
    var next = 0
    for place in order.lazy.map(Int.init) where next < left.count && points.points[place].index == left[next] {
      if place < points.ownCount { (kept[place], classes[place]) = (1, found[next]) }
      next += 1
    }
    return (kept, classes)
  }
}
