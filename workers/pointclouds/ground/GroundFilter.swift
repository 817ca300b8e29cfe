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

  /// - Parameter isCandidate: for each point, whether it may be ground. Others shape nothing.
  /// - Throws: `empty` without candidates, `limitExceeded`, `cancelled`.
  func run(_ positions: Positions, isCandidate: [Bool]) throws(PointCloudError) -> FoundGround {
    let surface = try LowestSurface(positions, isCandidate, parameters)
    let terrain = try terrain(surface, positions, isCandidate)
    let isGround = compare(positions, isCandidate, surface, terrain)
    try report(1)
    return FoundGround(frame: surface.frame, isGround: isGround)
  }

  /// The provisional terrain: the surface without objects, pits and gaps.
  ///
  /// - Parameter removed: told after each disc how many cells with points were removed so far.
  /// - Throws: `cancelled`.
  func terrain(
    _ surface: LowestSurface, _ positions: Positions, _ isCandidate: [Bool], removed: ((Int) -> Void)? = nil
  ) throws(PointCloudError) -> Grid<Float> {
    let filled = surface.heights.filled { progress(0) }
    try report(0.1)
    var isGap = try objects(filled, slope: parameters.slope, radius: parameters.radius, progress: 0.1...0.8) {
      isObject in
      removed?(isObject.indices.count { isObject[$0] && !surface.heights.values[$0].isNaN })
    }
    let pits = try objects(filled.map { -$0 }, slope: Self.pitSlope, radius: 1, progress: 0.8...0.8)
    try takeBack(&isGap, pits, surface, positions, isCandidate)
    for index in isGap.indices where pits[index] || surface.heights.values[index].isNaN { isGap[index] = true }
    var terrain = filled
    for index in isGap.indices where isGap[index] { terrain.values[index] = .nan }
    terrain = terrain.filled { progress(0.8) }
    try report(0.9)
    return terrain
  }

  /// A cell lower than its neighbours by more than this slope is not ground but a false echo from below (the paper's
  /// value, 500 %).
  private static let pitSlope = 5.0

  private func report(_ fraction: Double) throws(PointCloudError) {
    guard progress(fraction) else { throw .cancelled }
  }

  /// Removed cells that go on from the ground around them are ground after all, where that is asked for.
  private func takeBack(
    _ isGap: inout [Bool], _ pits: [Bool], _ surface: LowestSurface, _ positions: Positions, _ isCandidate: [Bool]
  ) throws(PointCloudError) {
    guard parameters.growth > 0 else { return }
    let mayGrow = isGap.indices.map { !pits[$0] && !surface.heights.values[$0].isNaN }
    var isGround = isGap.indices.map { !isGap[$0] && mayGrow[$0] }
    let spacing = surface.spacing(positions, isCandidate)
    let growth = GroundGrowth(
      heights: surface.heights, cell: Float(parameters.cell), tolerance: Float(parameters.growth),
      reach: GroundGrowth.reach(spacing: spacing, cell: parameters.cell))
    guard growth.grow(&isGround, mayGrow: mayGrow, keepGoing: { progress(0.8) }) else { throw .cancelled }
    for index in isGap.indices { isGap[index] = !isGround[index] }
  }

  /// The cells that an opening by some disc lowers by more than the slope allows over its radius.
  private func objects(
    _ surface: Grid<Float>, slope: Double, radius: Int, progress span: ClosedRange<Double>,
    afterDisc: ([Bool]) -> Void = { _ in }
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
      afterDisc(isObject)
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
      let allowed = threshold + scalar * steepness.interpolated(place.column, place.row)
      return abs(surface.residual(positions, index, terrain)) <= allowed
    }
  }
}
