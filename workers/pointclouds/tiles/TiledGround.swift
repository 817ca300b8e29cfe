import Numerics

/// Which points of a scan are ground, found tile by tile.
struct TiledGround {
  /// A class for each point: ground 2, noise as it was, all others 1.
  let classes: ByteColumn
  let count: Int

  /// Cells beyond the largest disc of the filter on either side of a tile, so that what fills gaps is settled too.
  private static let marginCells = 16

  /// Finds the ground by the simple morphological filter.
  ///
  /// - Parameters:
  ///   - parameters: with lengths in the unit of the coordinates.
  ///   - heightFactor: what heights are multiplied by to be measured as x and y are.
  /// - Throws: `empty` where no point can be ground; `limitExceeded`, `cancelled`, `fileAccess`.
  /// - Complexity: O(points + cells × window / cell) time; about 60 bytes for each point and each cell of a tile, on each thread.
  init(
    finding scan: TiledScan, _ parameters: GroundParameters, heightFactor: Double, threads: Int,
    keepGoing: (Double) -> Bool
  ) throws(PointCloudError) {
    let classes = try scan.column()
    var (count, candidates) = (0, 0)
    let margin = 2 * parameters.radius + Self.marginCells
    try scan.forEachTile(
      threads: threads, keepGoing: keepGoing,
      { (tile, threads, going) throws(PointCloudError) in
        let points = try scan.load(tile, margin: margin)
        let found = try Self.find(points, parameters, heightFactor, threads, going)
        try scan.write(found.classes, of: tile, to: classes)
        return (found.groundCount, found.candidates)
      },
      { (_, found) in
        count += found.0
        candidates += found.1
      })
    guard candidates > 0 else { throw LowestSurface.noCandidates }
    (self.classes, self.count) = (classes, count)
  }

  /// The classes of a tile's own points.
  private static func find(
    _ points: TilePoints, _ parameters: GroundParameters, _ heightFactor: Double, _ threads: Int,
    _ going: (Double) -> Bool
  ) throws(PointCloudError) -> (classes: [UInt8], groundCount: Int, candidates: Int) {
    let isCandidate = points.candidates(parameters.returns)
    let own = points.points[..<points.ownCount]
    func other(_ point: StoredPoint) -> UInt8 {
      PointClass.isNoise(point.classification) ? point.classification : PointClass.unclassified
    }
    guard isCandidate.contains(true) else { return (own.map(other), 0, 0) }
    // The limits on cells are those of the whole scan, which has kept them.
    var parameters = parameters
    parameters.cellsAlwaysAllowed = parameters.cellsMax
    let result = try withoutActuallyEscaping(going) { (going) throws(PointCloudError) in
      try GroundFilter(parameters: parameters, threads: threads, progress: going)
        .run(points.positions.withHeights(times: heightFactor), isCandidate: isCandidate)
    }
    let classes = zip(own, result.isGround).map { $1 ? PointClass.ground : other($0) }
    return (
      classes, classes.count { $0 == PointClass.ground }, isCandidate[..<points.ownCount].count { $0 }
    )
  }

  /// Takes the classes that the file has.
  init(classified scan: TiledScan, threads: Int, keepGoing: (Double) -> Bool) throws(PointCloudError) {
    let classes = try scan.column()
    try scan.forEachTile(
      threads: threads, keepGoing: keepGoing,
      { (tile, _, _) throws(PointCloudError) in
        let points = try scan.load(tile, margin: 0)
        try scan.write(points.points[..<points.ownCount].map(\.classification), of: tile, to: classes)
      }, { (_, _) in })
    (self.classes, count) = (classes, scan.groundCount)
  }
}
