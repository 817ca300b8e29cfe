import Numerics

/// The simple morphological filter (SMRF): tells ground from all else by opening the lowest surface with growing discs.
///
/// Pingel, Clarke, McBride: "An improved simple morphological filter for the terrain classification of airborne LIDAR
/// data", ISPRS Journal of Photogrammetry and Remote Sensing 77, 2013. Net cutting, an option there, is not done.
struct GroundFilter {
  let parameters: GroundParameters
  let threads: Int
  /// Told how far the filter is, 0 to 1; answers whether to go on.
  let progress: (Double) -> Bool

  /// Where the places of candidates lie, and what the filter found there.
  struct Result {
    let frame: GridFrame
    /// For each point, whether it is ground.
    let isGround: [Bool]
  }

  /// - Parameter isCandidate: for each point, whether it may be ground. Others shape nothing.
  /// - Throws: `empty` without candidates, `limitExceeded`, `cancelled`.
  func run(_ positions: Positions, isCandidate: [Bool]) throws(PointCloudError) -> Result {
    let surface = try LowestSurface(positions, isCandidate, parameters)
    let filled = surface.heights.filled { progress(0) }
    try report(0.1)
    var isGap = try objects(filled, slope: parameters.slope, radius: parameters.radius, progress: 0.1...0.8)
    let pits = try objects(filled.map { -$0 }, slope: Self.pitSlope, radius: 1, progress: 0.8...0.8)
    for index in isGap.indices where pits[index] || surface.heights.values[index].isNaN { isGap[index] = true }
    var terrain = filled
    for index in isGap.indices where isGap[index] { terrain.values[index] = .nan }
    terrain = terrain.filled { progress(0.8) }
    try report(0.9)
    let isGround = compare(positions, isCandidate, surface, terrain)
    try report(1)
    return Result(frame: surface.frame, isGround: isGround)
  }

  /// A cell lower than its neighbours by more than this slope is not ground but a false echo from below (the paper's
  /// value, 500 %).
  private static let pitSlope = 5.0

  private func report(_ fraction: Double) throws(PointCloudError) {
    guard progress(fraction) else { throw .cancelled }
  }

  /// The cells that an opening by some disc lowers by more than the slope allows over its radius.
  private func objects(
    _ surface: Grid<Float>, slope: Double, radius: Int, progress span: ClosedRange<Double>
  ) throws(PointCloudError) -> [Bool] {
    var isObject = [Bool](repeating: false, count: surface.values.count)
    var last = surface
    var reached = span.lowerBound
    for step in 1...max(1, radius) {
      // A large disc on a large grid takes long: whoever wants the work ended does not wait for the whole of it.
      let opened = last.opened(radius: step, threads: threads) { progress(reached) }
      try report(reached)
      let allowed = Float(slope * Double(step) * parameters.cell)
      for index in isObject.indices where last.values[index] - opened.values[index] > allowed { isObject[index] = true }
      last = opened
      // The work of a disc grows with its radius.
      let done = Double(step * step) / Double(radius * radius)
      reached = span.lowerBound + done * (span.upperBound - span.lowerBound)
      try report(reached)
    }
    return isObject
  }

  /// Points near the terrain, more loosely where it is steep, are ground.
  private func compare(
    _ positions: Positions, _ isCandidate: [Bool], _ surface: LowestSurface, _ terrain: Grid<Float>
  ) -> [Bool] {
    let steepness = terrain.steepness()
    let scalar = Float(parameters.scalar / parameters.cell)
    let threshold = Float(parameters.threshold)
    let frame = surface.frame
    return parallelMap(positions.count, threads: threads) { index in
      guard isCandidate[index] else { return false }
      let plane = positions.plane(index)
      let place = frame.place(plane.x, plane.y)
      let height = Float(positions.height(index) - surface.base)
      let allowed = threshold + scalar * steepness.interpolated(place.column, place.row)
      return abs(height - terrain.interpolated(place.column, place.row)) <= allowed
    }
  }
}

/// The lowest candidate of each cell, NaN where there is none.
struct LowestSurface {
  let frame: GridFrame
  /// Heights above `base`, so that single precision is enough.
  var heights: Grid<Float>
  let base: Double

  init(_ positions: Positions, _ isCandidate: [Bool], _ parameters: GroundParameters) throws(PointCloudError) {
    let (low, high, base) = try Self.extent(positions, isCandidate)
    let frame = try GridFrame(low, high, cell: parameters.cell, limit: parameters.cellsLimit(points: positions.count))
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
}
