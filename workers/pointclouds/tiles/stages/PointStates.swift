/// What stages have left of the points of a scan, and given for classes.
struct PointStates: Sendable {
  /// 1 for each point that is left.
  let kept: ByteColumn
  /// A class for each point; 0 for those that are gone.
  let classes: ByteColumn

  init(_ scan: TiledScan) throws(PointCloudError) { (kept, classes) = (try scan.column(), try scan.column()) }
}

extension TiledScan {
  /// The points of a tile, and of what lies around it, that are left.
  ///
  /// - Parameter states: nil for all points, as they are in the file.
  func load(_ tile: Tile, margin: Int, _ states: PointStates?) throws(PointCloudError) -> TilePoints {
    try load(tile, margin: margin, classes: states?.classes, kept: states?.kept)
  }

  /// How many points of a tile are left.
  func leftCount(_ tile: Tile, _ states: PointStates?) throws(PointCloudError) -> Int {
    guard let states else { return pointCount(tile) }
    return try read(tile, from: states.kept).count { $0 != 0 }
  }

  /// Values of the points of a tile that are left, with zeros for the others between them.
  ///
  /// - Parameter width: how many values each point has.
  func spread(
    _ values: [UInt8], width: Int = 1, over tile: Tile, _ states: PointStates?
  ) throws(PointCloudError) -> [UInt8] {
    guard let states else { return values }
    let kept = try read(tile, from: states.kept)
    guard kept.contains(0) else { return values }
    var spread = [UInt8](repeating: 0, count: kept.count * width)
    var next = 0
    for (place, flag) in kept.enumerated() where flag != 0 {
      for byte in 0..<width { spread[place * width + byte] = values[next + byte] }
      next += width
    }
    return spread
  }

  /// Of values of all points of a tile, those of the points that are left.
  func gathered(
    _ values: [UInt8], width: Int, of tile: Tile, _ states: PointStates?
  ) throws(PointCloudError) -> [UInt8] {
    guard let states else { return values }
    let kept = try read(tile, from: states.kept)
    guard kept.contains(0) else { return values }
    var gathered: [UInt8] = []
    gathered.reserveCapacity(values.count)
    for (place, flag) in kept.enumerated() where flag != 0 { gathered += values[place * width..<(place + 1) * width] }
    return gathered
  }

  /// Of the points that are left.
  struct Left: Sendable {
    var count = 0
    /// Those of class 2.
    var ground = 0
    var corners = ScanCorners.none
    /// Of those that are not noise.
    var shown = ScanCorners.none

    mutating func add(_ other: Left) {
      count += other.count
      ground += other.ground
      corners.add(other.corners)
      shown.add(other.shown)
    }
  }

  /// What there is to be said of the points that are left.
  ///
  /// - Complexity: reads all that is kept of points once.
  func left(
    _ states: PointStates?, threads: Int, keepGoing: (Double) -> Bool
  ) throws(PointCloudError) -> Left {
    var all = Left()
    try forEachTile(
      threads: threads, keepGoing: keepGoing,
      { (tile, _, _) throws(PointCloudError) in
        var left = Left()
        for block in tile.blocks {
          for point in try points(ofBlock: block, classes: states?.classes, kept: states?.kept) {
            let place = SIMD3(point.x, point.y, point.z)
            left.count += 1
            left.ground += point.classification == PointClass.ground ? 1 : 0
            left.corners.add(place)
            if !PointClass.isNoise(point.classification) { left.shown.add(place) }
          }
        }
        return left
      },
      { (_, left) in all.add(left) })
    return all
  }

  /// The cells that hold points between corners.
  func cells(of corners: ScanCorners) -> CellRectangle {
    let (one, other) = (cell(x: corners.low.x, y: corners.low.y), cell(x: corners.high.x, y: corners.high.y))
    return CellRectangle(low: pointwiseMin(one, other), high: pointwiseMax(one, other) &+ 1).intersection(cells)
  }
}
