import FoundationEssentials
import Numerics

/// What stages make of a scan, found tile by tile.
///
/// A tile is run through the stages as a small cloud, with so much around it as they reach together; of its own points there is then known
/// which are kept, and of what class. All else of a point stays as it is in the file.
struct TiledStages: Sendable {
  /// 1 for each point that is kept.
  let kept: ByteColumn
  /// A class for each point.
  let classes: ByteColumn
  /// What there is to tell of each stage.
  let told: [Told]

  struct Told: Codable, Sendable {
    var pointsBefore = 0
    var pointsAfter = 0
    var facts: [String: StageValue] = [:]
    var warnings: [String] = []
    /// Over all threads.
    var seconds = 0.0
  }

  /// What is found of one tile: of each of its own points, as `kept` and `classes`, and what there is to tell of each stage.
  struct Found: Sendable {
    var kept: [UInt8]
    var classes: [UInt8]
    var told: [Told]
  }

  /// Whether stages can be run so.
  static func canRun(_ stages: [any CloudStage]) -> Bool {
    stages.allSatisfy { $0.reach != .whole && $0.change != .more }
  }

  /// The side of a cell of tiles for stages, which have no raster of their own: of some points each.
  static func cell(for header: LASHeader) -> Double {
    let area = (header.maximum.x - header.minimum.x) * (header.maximum.y - header.minimum.y)
    let cell = (area * pointsPerCell / Double(max(1, header.pointCount))).squareRoot()
    // What a header says may be no number.
    return cell.isNormal ? cell : 1
  }

  private static let pointsPerCell = 16.0
  /// Beyond that stray points lie far from all others.
  static let cellsLimit = (cells: 1 << 30, name: "cells of 16 points on average")

  /// Runs the stages over the tiles that a run answers for.
  ///
  /// - Parameter labels: what each stage is called in errors.
  /// - Throws: what stages throw, with their place; `empty` where one leaves no points of the whole; `cancelled`; `fileAccess`.
  /// - Complexity: that of the stages, for each tile and what lies around it; on each thread a tile is in memory.
  init(
    _ stages: [any CloudStage], of tiles: SharedTiles, _ context: StageContext, threads: Int,
    labels: [String], keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let scan = tiles.scan
    let (kept, classes) = (try scan.column(), try scan.column())
    let template = try TilePoints.emptyCloud(scan.header)
    let halo = stages.reduce(0.0) { $0 + $1.reach.halo }
    let margin = halo > 0 ? Int((context.length(halo) / scan.cell).rounded(.up)) + 1 : 0
    var told = [Told](repeating: Told(), count: stages.count)
    try tiles.forEachTile(
      tiles.own, Self.pass(scan, stages: stages.count), threads: threads, keepGoing: keepGoing,
      { (tile, threads, going) throws(PointCloudError) in
        guard !tile.blocks.isEmpty else {
          return Found(kept: [], classes: [], told: [Told](repeating: Told(), count: stages.count))
        }
        let points = try scan.load(tile, margin: margin)
        var run = try TileRun(points, scan, template, context, threads: threads)
        for (stage, label) in zip(stages, labels) {
          do throws(PointCloudError) { try run.apply(stage, going) } catch {
            throw error.code == .cancelled ? error : error.at(label)
          }
        }
        let own = run.own(points)
        return Found(kept: own.kept, classes: own.classes, told: run.told)
      },
      { (tile, found: Found) throws(PointCloudError) in
        try scan.write(found.kept, of: tile, to: kept)
        try scan.write(found.classes, of: tile, to: classes)
        for place in told.indices { told[place].add(found.told[place]) }
      })
    if tiles.part == nil, let place = told.firstIndex(where: { $0.pointsAfter == 0 }) {
      throw PointCloudError(.empty, "no points are left", remedy: "Let it keep some.").at(labels[place])
    }
    (self.kept, self.classes, self.told) = (kept, classes, told)
  }
}

extension TiledStages {
  /// Bytes of what one stage may have to tell of a tile, and how many warnings.
  private static let toldBytesMax = 1 << 14
  fileprivate static let warningsMax = 16

  /// What is found of a tile, as bytes: what is told of stages as JSON, which points are kept, and the classes of those.
  private static func pass(_ scan: TiledScan, stages: Int) -> TilePass<Found> {
    TilePass(
      name: .stages,
      encode: { (_, found) throws(PointCloudError) in
        let told = try summaryJSON(found.told)
        var bytes: [UInt8] = []
        bytes.append(UInt32(told.count))
        bytes += told
        PackedBytes.append(found.kept, to: &bytes)
        PackedBytes.append(zip(found.kept, found.classes).filter { $0.0 != 0 }.map(\.1), to: &bytes)
        return bytes
      },
      decode: { (tile, bytes) throws(PointCloudError) in
        let length = Int(try bytes.number(UInt32.self))
        guard length <= toldBytesMax * stages else { throw bytes.corrupt("\(length) bytes of what is told") }
        let json = try bytes.bytes(length)
        let count = scan.pointCount(tile)
        guard let told = try? JSONDecoder().decode([Told].self, from: Data(json)), told.count == stages,
          told.allSatisfy({ $0.isPlausible(points: count) })
        else { throw bytes.corrupt("no account of \(stages) stages") }
        let kept = try PackedBytes.read(count, from: &bytes)
        var left = try PackedBytes.read(kept.count { $0 != 0 }, from: &bytes)[...]
        return Found(kept: kept, classes: kept.map { $0 == 0 ? 0 : left.removeFirst() }, told: told)
      })
  }
}

extension TiledStages.Told {
  /// Thirty years.
  private static let secondsMax = 1e9

  /// Whether it can be of so many points: what is counted of many tiles is to be summed.
  fileprivate func isPlausible(points: Int) -> Bool {
    let counts =
      [pointsBefore, pointsAfter] + facts.values.compactMap { if case .integer(let count) = $0 { count } else { nil } }
    return counts.allSatisfy { (0...points).contains($0) } && (0...Self.secondsMax).contains(seconds)
      && warnings.count <= TiledStages.warningsMax
  }

  fileprivate mutating func add(_ other: Self) {
    pointsBefore += other.pointsBefore
    pointsAfter += other.pointsAfter
    seconds += other.seconds
    facts.merge(other.facts) { one, other in
      guard case .integer(let one) = one, case .integer(let other) = other else { return one }
      return .integer(one + other)
    }
    warnings += other.warnings.filter { !warnings.contains($0) }
  }
}

/// One tile on its way through the stages.
private struct TileRun {
  private var cloud: PointCloud
  private let context: StageContext
  /// The places of the tile's points, its own first, in the order of the file.
  private let order: [Int]
  private(set) var told: [TiledStages.Told] = []

  init(
    _ points: TilePoints, _ scan: TiledScan, _ template: PointCloud, _ context: StageContext, threads: Int
  ) throws(PointCloudError) {
    order = points.points.indices.sorted { points.points[$0].index < points.points[$1].index }
    cloud = try points.cloud(template, in: order)
    let tile = points.tile.cells
    // A scan that is one tile is worked on as one that is in memory: the same limits hold, and the same is no ground.
    guard scan.tiles.count > 1 else {
      self.context = context
      return
    }
    self.context = context.ofPart(threads: threads) { cloud in
      zip(cloud.integers(axis: 0), cloud.integers(axis: 1)).map { tile.contains(scan.cell(x: $0, y: $1)) }
    }
  }

  mutating func apply(_ stage: any CloudStage, _ going: (Double) -> Bool) throws(PointCloudError) {
    var step = TiledStages.Told()
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
    for place in order where next < left.count && points.points[place].index == left[next] {
      if place < points.ownCount { (kept[place], classes[place]) = (1, found[next]) }
      next += 1
    }
    return (kept, classes)
  }
}

extension StageReach {
  /// In the unit of the stage's lengths.
  fileprivate var halo: Double {
    if case .neighbourhood(let halo) = self { halo } else { 0 }
  }
}
