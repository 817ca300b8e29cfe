import Numerics

/// Which points of a scan are ground, found tile by tile.
struct TiledGround {
  /// A class for each point: ground 2, noise as it was, all others 1.
  let classes: ByteColumn
  let count: Int
  /// The parameters that were chosen, and why; nil where they were given.
  private(set) var chosen: AutomaticGround?

  /// Finds the ground of some tiles; the classes of others are 0.
  ///
  /// - Parameters:
  ///   - numbers: of the tiles.
  ///   - method: with lengths in the unit of the coordinates. Automatic parameters are one set for the whole scan; where it has several
  ///     tiles, they follow from the one with the most points.
  ///   - heightFactor: what heights are multiplied by to be measured as x and y are.
  /// - Throws: `empty` where no point of the whole can be ground; `limitExceeded`, `cancelled`, `fileAccess`.
  /// - Complexity: O(points + cells × window / cell) time; about 60 bytes for each point and each cell of a tile, on each thread.
  init(
    finding numbers: [Int], of tiles: SharedTiles, _ method: GroundMethod, heightFactor: Double, threads: Int,
    keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let scan = tiles.scan
    let classes = try scan.column()
    var (count, candidates) = (0, 0)
    // The limits on cells are those of the whole scan, which has kept them.
    let given = method.withoutLimitsByPoints
    let chosen = try Self.choose(given, scan, heightFactor, threads) { keepGoing(0.2 * $0) }
    let method = chosen.map { GroundMethod.simple($0.parameters).withoutLimitsByPoints } ?? given
    let margin = Int((method.reach / scan.cell).rounded(.up))
    let done = chosen == nil ? 0.0 : 0.2
    try tiles.forEachTile(
      numbers, Self.pass(scan), threads: threads, keepGoing: { keepGoing(done + (1 - done) * $0) },
      { (tile, threads, going) throws(PointCloudError) in
        try Self.find(scan.load(tile, margin: margin), method, heightFactor, threads, going)
      },
      { (tile, found: Found) throws(PointCloudError) in
        try scan.write(found.classes, of: tile, to: classes)
        count += found.groundCount
        candidates += found.candidates
      })
    guard candidates > 0 || numbers.count < scan.tiles.count else { throw LowestSurface.noCandidates }
    (self.classes, self.count, self.chosen) = (classes, count, chosen)
  }

  /// - Returns: nil where nothing is to be chosen.
  private static func choose(
    _ method: GroundMethod, _ scan: TiledScan, _ heightFactor: Double, _ threads: Int, _ keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> AutomaticGround? {
    guard case .automatic(let rule) = method else { return nil }
    for tile in scan.tilesByCount {
      let points = try scan.load(tile, margin: 0)
      let isCandidate = points.candidates(rule.selection.returns)
      guard isCandidate.contains(true) else { continue }
      return try withoutActuallyEscaping(keepGoing) { (going) throws(PointCloudError) in
        try GroundMeasurement(rule: rule, threads: threads, progress: going)
          .measure(points.positions.withHeights(times: heightFactor), isCandidate: isCandidate)
      }
    }
    throw LowestSurface.noCandidates
  }

  /// What is found of one tile.
  struct Found: Sendable {
    /// Of its own points.
    var classes: [UInt8]
    /// So many of them can be ground.
    var candidates: Int

    var groundCount: Int { classes.count { $0 == PointClass.ground } }
  }

  private static func pass(_ scan: TiledScan) -> TilePass<Found> {
    TilePass(
      name: .ground,
      encode: { (_, found) in
        var bytes: [UInt8] = []
        bytes.append(UInt32(found.candidates))
        PackedBytes.append(found.classes, to: &bytes)
        return bytes
      },
      decode: { (tile, bytes) throws(PointCloudError) in
        let count = scan.pointCount(tile)
        let candidates = try bytes.count(atMost: count)
        return Found(classes: try PackedBytes.read(count, from: &bytes), candidates: candidates)
      })
  }

  private static func find(
    _ points: TilePoints, _ method: GroundMethod, _ heightFactor: Double, _ threads: Int,
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> Found {
    let isCandidate = points.candidates(method.returns)
    let own = points.points[..<points.ownCount]
    func other(_ point: StoredPoint) -> UInt8 {
      PointClass.isNoise(point.classification) ? point.classification : PointClass.unclassified
    }
    guard isCandidate.contains(true) else { return Found(classes: own.map(other), candidates: 0) }
    let result = try withoutActuallyEscaping(going) { (going) throws(PointCloudError) in
      try method.find(
        points.positions.withHeights(times: heightFactor), isCandidate, threads: threads, progress: going)
    }
    let classes = zip(own, result.isGround).map { $1 ? PointClass.ground : other($0) }
    return Found(classes: classes, candidates: isCandidate[..<points.ownCount].count { $0 })
  }

  /// Takes the classes that the file has for the points of some tiles; those of others are 0.
  init(
    classified numbers: [Int], of scan: TiledScan, threads: Int, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let classes = try scan.column()
    try scan.forEachTile(
      numbers, threads: threads, keepGoing: keepGoing,
      { (tile, _, _) throws(PointCloudError) in
        let points = try scan.load(tile, margin: 0)
        return points.points[..<points.ownCount].map(\.classification)
      }, { (tile, found: [UInt8]) throws(PointCloudError) in try scan.write(found, of: tile, to: classes) })
    (self.classes, count) = (classes, scan.groundCount)
  }
}
