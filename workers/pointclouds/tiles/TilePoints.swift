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
      (returns == .all || point.returns.isLast) && !PointClass.isNoise(point.classification)
    }
  }

  var classification: GroundClassification {
    let classes = points.map(\.classification)
    return GroundClassification(classes: classes, groundCount: classes.count { $0 == PointClass.ground }, frame: frame)
  }

  /// A map of the region, without what lies outside of the tile.
  func cropped(_ grid: Grid<Float>) -> Grid<Float> { grid.cropped(to: tile.cells, of: region) }
}

// As clouds, for stages.
extension TilePoints {
  /// Behind each record, which point of the file it is, and whether it is the tile's own.
  fileprivate static let extraBytes = 5

  /// A cloud of no points whose records have room for what is kept of points, their indices, and whose they are.
  static func emptyCloud(_ header: LASHeader) throws(PointCloudError) -> PointCloud {
    // The formats of the fewest bytes that have the file's room for classes and returns.
    let format = header.pointFormat.isExtended ? PointFormat.extended(6) : .least
    let frame = try LASFrame(
      minorVersion: format.isExtended ? 4 : 2, format: format, extraBytes: extraBytes, scale: header.scale,
      offset: header.offset, systemIdentifier: "", generatingSoftware: "")
    return try PointCloud.read(bytes: frame.prefix(nil).bytes)
  }

  /// The places of the points in the order of the file.
  func inOrder(threads: Int) -> [Int32] {
    RadixSort.order(of: points.map { UInt64($0.index) }, bits: UInt32.bitWidth, threads: threads)
  }

  /// The points in an order, as a cloud.
  func cloud(_ template: PointCloud, in order: [Int32]) throws(PointCloudError) -> PointCloud {
    let (format, length) = (template.format, template.header.recordLength)
    let block = try ByteBlock(count: max(1, order.count * length))
    for (number, place) in order.enumerated() {
      let (point, record) = unsafe (points[Int(place)], block.base + number * length)
      let returns = point.returns
      unsafe record.storeBytes(of: point.x, as: Int32.self)
      unsafe record.storeBytes(of: point.y, toByteOffset: 4, as: Int32.self)
      unsafe record.storeBytes(of: point.z, toByteOffset: 8, as: Int32.self)
      unsafe record.storeBytes(of: point.intensity, toByteOffset: 12, as: UInt16.self)
      unsafe record.storeBytes(
        of: returns.number | returns.count << (format.isExtended ? 4 : 3), toByteOffset: format.returnsOffset,
        as: UInt8.self)
      unsafe record.storeBytes(of: point.classification, toByteOffset: format.classificationOffset, as: UInt8.self)
      unsafe record.storeBytes(of: point.index, toByteOffset: length - Self.extraBytes, as: UInt32.self)
      unsafe record.storeBytes(of: place < ownCount ? 1 : 0, toByteOffset: length - 1, as: UInt8.self)
    }
    let records = PointRecords(block: block, start: 0, length: length, count: order.count)
    return try PointCloud(changing: template, points: records, isCounted: false)
  }
}

extension PointCloud {
  /// Which points of the file those of a tile's cloud are.
  var fileIndices: [UInt32] {
    points.column(at: points.length - TilePoints.extraBytes, threads: 1) { (index: UInt32) in index }
  }

  /// Which of the points of a tile's cloud are its own.
  var ownFlags: [Bool] { points.column(at: points.length - 1, threads: 1) { (flag: UInt8) in flag != 0 } }
}
