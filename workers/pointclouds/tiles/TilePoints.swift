import Numerics

/// The points of a tile, its own first, and those around it.
struct TilePoints: Sendable {
  let tile: TiledScan.Tile
  /// The cells that points were taken from.
  let region: CellRectangle
  let points: [StoredPoint]
  /// So many are the tile's own.
  let ownCount: Int
  let positions: Positions
  let cell: Double

  init(
    tile: TiledScan.Tile, region: CellRectangle, points: [StoredPoint], ownCount: Int, header: LASHeader, cell: Double
  ) {
    (self.tile, self.region, self.points, self.ownCount) = (tile, region, points, ownCount)
    self.cell = cell
    positions = Positions(points, scale: header.scale, offset: header.offset)
  }

  var frame: GridFrame { region.frame(cell: cell) }

  /// Which points may be ground.
  func candidates(_ returns: GroundParameters.Returns) -> [Bool] {
    points.map { point in
      (returns == .all || point.returns.contains(.last)) && !PointClass.isNoise(point.classification)
    }
  }

  var classification: GroundClassification {
    let classes = points.map(\.classification)
    return GroundClassification(classes: classes, groundCount: classes.count { $0 == PointClass.ground }, frame: frame)
  }

  /// A map of the region, without what lies outside of the tile.
  func cropped(_ grid: Grid<Float>) -> Grid<Float> {
    let (cells, offset) = (tile.cells, tile.cells.low &- region.low)
    guard cells != region else { return grid }
    var values: [Float] = []
    values.reserveCapacity(cells.columns * cells.rows)
    for row in offset.y..<offset.y + cells.rows {
      let start = row * grid.columns + offset.x
      values += grid.values[start..<start + cells.columns]
    }
    return Grid(columns: cells.columns, rows: cells.rows, values: values)
  }
}
