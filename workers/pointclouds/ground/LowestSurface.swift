import Numerics

/// The lowest candidate of each cell, NaN where there is none.
struct LowestSurface {
  let frame: GridFrame
  /// Heights above `base`, so that single precision is enough.
  var heights: Grid<Float>
  let base: Double

  init(_ positions: Positions, _ isCandidate: [Bool], _ parameters: GroundParameters) throws(PointCloudError) {
    try self.init(
      positions, isCandidate, cell: parameters.cell, limit: parameters.cellsLimit(points: positions.count))
  }

  init(
    _ positions: Positions, _ isCandidate: [Bool], cell: Double, limit: (cells: Int, name: String)
  ) throws(PointCloudError) {
    let (low, high, base) = try Self.extent(positions, isCandidate)
    let frame = try GridFrame(low, high, cell: cell, limit: limit)
    var heights = Grid(columns: frame.columns, rows: frame.rows, repeating: Float.nan)
    for index in 0..<positions.count where isCandidate[index] {
      let plane = positions.plane(index)
      let cell = frame.index(frame.place(plane.x, plane.y))
      let height = Float(positions.height(index) - base)
      // False for NaN, so that the first height is taken.
      if !(heights.values[cell] <= height) { heights.values[cell] = height }
    }
    (self.frame, self.heights, self.base) = (frame, heights, base)
  }

  /// How far a point lies above a terrain on the same grid.
  @inline(__always) func residual(_ positions: Positions, _ index: Int, _ terrain: Grid<Float>) -> Float {
    let plane = positions.plane(index)
    let place = frame.place(plane.x, plane.y)
    return Float(positions.height(index) - base) - terrain.interpolated(place.column, place.row)
  }

  private static func extent(
    _ positions: Positions, _ isCandidate: [Bool]
  ) throws(PointCloudError) -> (low: SIMD2<Double>, high: SIMD2<Double>, base: Double) {
    var (low, high) = (SIMD2(repeating: Double.infinity), SIMD2(repeating: -Double.infinity))
    var base = Double.infinity
    for index in 0..<positions.count where isCandidate[index] {
      let plane = positions.plane(index)
      low = pointwiseMin(low, plane)
      high = pointwiseMax(high, plane)
      base = min(base, positions.height(index))
    }
    guard (high - low).x.isFinite, (high - low).y.isFinite, base.isFinite else {
      throw noCandidates
    }
    return (low, high, base)
  }

  static let noCandidates = PointCloudError(
    .empty, "the cloud has no point that could be ground",
    remedy: "Give a file with points; with `returns` = `all`, points other than last returns count too.")

  /// The distance between neighbouring candidates, typically: that of a square lattice as dense as the median of
  /// those blocks of the scan that have any. Lakes and what lies around a scan of odd shape thus count for nothing.
  func spacing(_ positions: Positions, _ isCandidate: [Bool]) -> Double {
    let count = isCandidate.count { $0 }
    let size = SIMD2(Double(frame.columns), Double(frame.rows)) * frame.cell
    let side = (Self.pointsPerBlock * size.x * size.y / Double(count)).squareRoot()
    let columns = Int(size.x / side) + 1
    var counts = [Int](repeating: 0, count: columns * (Int(size.y / side) + 1))
    let corner = SIMD2(frame.x, frame.y) - frame.cell / 2
    for index in isCandidate.indices where isCandidate[index] {
      let block = (positions.plane(index) - corner) / side
      counts[min(counts.count - 1, max(0, Int(block.y) * columns + Int(block.x)))] += 1
    }
    let known = counts.filter { $0 > 0 }.sorted()
    return side / Double(known[known.count / 2]).squareRoot()
  }

  /// Enough that chance changes the spacing of a block by no more than an eighth.
  private static let pointsPerBlock = 16.0
}
