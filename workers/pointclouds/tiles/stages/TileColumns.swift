import Numerics

/// What a stage says of the points of a tile that are left.
struct TileColumns: Sendable {
  var told: StageAccount
  /// Of each of the tile's own points, block by block, as many numbers as the stage has columns.
  var rows: [Float]
  /// Where rows are heights.
  var ground: TileGround?

  /// What the heights of points that no triangle is below follow from.
  struct TileGround: Sendable {
    /// Where the tile's own points lie that are left.
    var corners: ScanCorners
    /// Whether there is any ground within reach.
    var hasGround: Bool
    /// The bare earth in the tile's cells; NaN where there is no triangle.
    var terrain: [Float]
  }

  /// What was found of a tile, as bytes: what is told of the stage as JSON, and the rows; where those are heights, the least and greatest steps of
  /// the points, whether there is ground, and its map.
  ///
  /// - Parameter states: in which the stage finds the points.
  static func pass(
    _ name: TilePassName, _ scan: TiledScan, _ stage: any ColumnStage, _ states: PointStates?
  ) -> TilePass<TileColumns> {
    let (width, hasGround) = (stage.columns.count, stage is HeightAboveGroundStage)
    return TilePass(
      name: name,
      encode: { (_, found) throws(PointCloudError) in
        var bytes: [UInt8] = []
        try StageAccount.append([found.told], to: &bytes)
        bytes.append(floats: found.rows)
        if let ground = found.ground { ground.append(to: &bytes) }
        return bytes
      },
      decode: { (tile, bytes) throws(PointCloudError) in
        let told = try StageAccount.read(stages: 1, points: scan.pointCount(tile), from: &bytes)
        let left = try scan.leftCount(tile, states)
        guard told[0].pointsBefore == left, told[0].pointsAfter == left else {
          throw bytes.corrupt("columns of \(told[0].pointsAfter) points, of which \(left) are left")
        }
        // No height is infinite; what is without one is not a number.
        let rows = try hasGround ? bytes.floats(width * left) : bytes.anyFloats(width * left)
        return TileColumns(
          told: told[0], rows: rows, ground: hasGround ? try TileGround(tile, scan, left: left, from: &bytes) : nil)
      })
  }
}

extension TileColumns.TileGround {
  fileprivate func append(to bytes: inout [UInt8]) {
    for corner in [corners.low, corners.high] {
      for axis in 0..<3 { bytes.append(corner[axis]) }
    }
    bytes.append(UInt8(hasGround ? 1 : 0))
    bytes.append(floats: terrain)
  }

  fileprivate init(
    _ tile: TiledScan.Tile, _ scan: TiledScan, left: Int, from bytes: inout FindingReader
  ) throws(PointCloudError) {
    var steps: [Int32] = []
    for _ in 0..<6 { steps.append(try bytes.number(Int32.self)) }
    corners = ScanCorners(low: SIMD3(steps[0], steps[1], steps[2]), high: SIMD3(steps[3], steps[4], steps[5]))
    let isSound = left == 0 ? corners == .none : !corners.isEmpty && scan.corners.contains(corners)
    guard isSound else { throw bytes.corrupt("points where the scan has none") }
    hasGround = try bytes.number(UInt8.self) != 0
    terrain = try bytes.floats(tile.cells.columns * tile.cells.rows)
  }
}
