import Numerics

/// The progressive morphological filter: points far above what an opening leaves of the lowest surface are not
/// ground.
///
/// Zhang, Chen, Whitman, Shyu, Yan, Zhang: "A progressive morphological filter for removing nonground measurements
/// from airborne LIDAR data", IEEE Transactions on Geoscience and Remote Sensing 41(4), 2003. Each opening goes on
/// from the last, and allows a height by how much wider its window is. Windows are discs here, squares there; every
/// point is judged, as PCL and PDAL do, not only the lowest of its cell.
///
/// - Complexity: O(points + cells × sum of radii) time, about 20 bytes per cell and 2 per point.
struct ProgressiveFilter {
  let parameters: ProgressiveGroundParameters
  let threads: Int
  /// Told how far the filter is, 0 to 1; answers whether to go on.
  let progress: (Double) -> Bool

  /// - Throws: `empty` without candidates, `limitExceeded`, `cancelled`.
  func run(_ positions: Positions, isCandidate: [Bool]) throws(PointCloudError) -> FoundGround {
    let surface = try LowestSurface(
      positions, isCandidate, cell: parameters.cell, limit: parameters.selection.cellsLimit(points: positions.count))
    var opened = surface.heights.filled { progress(0) }
    try report(0.1)
    var ceiling = opened.map { _ in Float.infinity }
    let steps = parameters.steps
    let work = steps.reduce(0) { $0 + $1.radius }
    var done = 0
    for step in steps {
      let reached = 0.1 + 0.8 * Double(done) / Double(work)
      opened = opened.opened(radius: step.radius, threads: threads) { progress(reached) }
      try report(reached)
      for index in ceiling.values.indices {
        ceiling.values[index] = min(ceiling.values[index], opened.values[index] + Float(step.allowed))
      }
      done += step.radius
    }
    let frame = surface.frame
    let isGround = parallelMap(positions.count, threads: threads) { [ceiling] index in
      guard isCandidate[index] else { return false }
      let plane = positions.plane(index)
      return Float(positions.height(index) - surface.base) <= ceiling.values[frame.index(frame.place(plane.x, plane.y))]
    }
    try report(1)
    return FoundGround(frame: frame, isGround: isGround)
  }

  private func report(_ fraction: Double) throws(PointCloudError) {
    guard progress(fraction) else { throw .cancelled }
  }
}
