import Numerics

/// Makes surfaces over parts of a zone of a scan, each from no more of the ground around it than decides on it.
///
/// A triangle is one of the whole scan's if no point of it lies in the triangle's circle. So a surface is made of the ground in the part and a
/// narrow rim; where the circle of a triangle that touches the part reaches farther, one point of the ground in there is put in, and so on with
/// the new triangles, until no circle holds any. Beside a lake that takes some points of its other shore.
struct ZoneSurface: Sendable {
  let zone: TilePoints
  let lattice: LatticeFrame
  /// What is known of the ground at first.
  let ground: GroundAround
  /// Cells along the side of a part.
  let partSide: Int
  private let reach: Double
  /// How far from a part all ground is put in from the beginning, in cells: farther than most circles reach.
  private let rim: Int

  /// The ground of a part: its triangles fit a cache of the second level, and its rim is no large share of it.
  private static let groundOfPart = 1 << 13
  /// The rim, in mean distances between points.
  private static let rimDistances = 4.0
  private static let rims = 1.0...64
  private static let partSideMin = 16.0
  /// Whether to go on is asked once for so many triangles.
  private static let stretch = 256

  /// - Parameter classes: those of all points, instead of those in the file.
  init(_ scan: TiledScan, zone: TilePoints, classes: ByteColumn?, reach: Double) throws(PointCloudError) {
    (self.zone, self.reach) = (zone, reach)
    lattice = try scan.corners.lattice(scan.header)
    let cells = Self.cells(reach: reach, cell: scan.cell)
    ground = GroundAround(
      scan, zone: zone, classes: classes, region: zone.region.expanded(by: cells).intersection(scan.cells),
      lattice: lattice)
    let perCell = Double(max(1, ground.count)) / Double(zone.region.columns * zone.region.rows)
    partSide = Int(max(Self.partSideMin, min(0x1p20, (Double(Self.groundOfPart) / perCell).squareRoot())))
    let distances = (Self.rimDistances / perCell.squareRoot()).rounded(.up)
    rim = Int(min(max(distances, Self.rims.lowerBound), Self.rims.upperBound))
  }

  /// How many cells around a zone decide on its surface.
  static func cells(reach: Double, cell: Double) -> Int {
    // No triangle whose circle's radius is within reach depends on more than is within twice the reach.
    Int(min(1e9, (2 * reach / cell).rounded(.up))) + 1
  }

  struct Part {
    let surface: TriangulatedSurface
    /// The points that the surface was made of at first, and which corner each of them is.
    let ground: [GroundPlace]
    let corners: [Int32]
  }

  /// - Parameters:
  ///   - part: in cells from the zone's first.
  ///   - around: the ground of this zone, of which more may be known after that.
  /// - Returns: nil where there is no ground within reach.
  /// - Throws: what reading does; `unsupported` where the file's steps along x or y are 0; `cancelled`.
  func make(
    _ part: CellRectangle, from around: inout GroundAround, keepGoing: () -> Bool
  ) throws(PointCloudError) -> Part? {
    let cells = CellRectangle(low: zone.region.low &+ part.low, high: zone.region.low &+ part.high)
    let box = lattice.box(cells, cell: zone.cell)
    let isUpsideDown = zone.positions.scale.z < 0
    var rim = rim
    while true {
      let isAll = cells.expanded(by: rim).contains(around.region)
      let known = isAll ? .everything : lattice.opened(lattice.box(cells.expanded(by: rim), cell: zone.cell))
      let points = try around.points(in: known)
      var surface = try GrowingSurface.make(points, isUpsideDown: isUpsideDown, keepGoing: keepGoing)
      // Without triangles everything matters.
      if surface.triangles.isEmpty, !isAll {
        rim *= 2
        continue
      }
      if points.isEmpty { return nil }
      if !isAll { try complete(&surface, from: &around, beyond: known, on: box, keepGoing) }
      let corners = surface.corners
      return Part(
        surface: TriangulatedSurface(surface.finish(), [], zone.positions, lattice, reach: reach), ground: points,
        corners: corners)
    }
  }

  /// Puts in what the circles of triangles that touch a part hold.
  private func complete(
    _ surface: inout GrowingSurface, from around: inout GroundAround, beyond known: PlaneBox, on box: PlaneBox,
    _ keepGoing: () -> Bool
  ) throws(PointCloudError) {
    var open = surface.triangles.trianglesReaching(beyond: known, on: box)
    var looked = 0
    while let triangle = open.popLast() {
      looked += 1
      if looked % Self.stretch == 0, !keepGoing() { throw .cancelled }
      guard let found = try around.point(within: triangle, of: surface.triangles, beyond: known) else { continue }
      surface.insert(found, within: triangle)
      surface.triangles.forEachNewest(reachingBeyond: known, on: box) { open.append($0) }
    }
  }
}

extension LatticeFrame {
  /// What holds the places of all points of some cells, in steps.
  fileprivate func box(_ cells: CellRectangle, cell: Double) -> PlaneBox {
    let (one, other) = (
      steps((SIMD2<Double>(cells.low) - 0.5) * cell), steps((SIMD2<Double>(cells.high) - 0.5) * cell)
    )
    // Where the lattice has the finer of two steps, places were rounded.
    let (low, high) = ((one - 1).rounded(.down), (other + 1).rounded(.up))
    return PlaneBox(low: pointwiseMax(low, .zero), high: pointwiseMin(high, extent))
  }

  /// A box with all that lies beyond its sides which no place lies beyond.
  fileprivate func opened(_ box: PlaneBox) -> PlaneBox {
    PlaneBox(
      low: box.low.replacing(with: -.infinity, where: box.low .<= 0),
      high: box.high.replacing(with: .infinity, where: box.high .>= extent))
  }
}
