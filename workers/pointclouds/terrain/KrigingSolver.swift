import Numerics

/// Points, and what estimates heights from their neighbours.
struct KrigingSolver: Sendable {
  let points: MergedPoints
  let tree: KDTree
  let neighbours: Int
  let lapack: LAPACK

  /// - Parameters:
  ///   - places: at height 0.
  ///   - isLeftOut: whether they are points of the surface that do not count for themselves.
  func solve(
    _ places: Coordinates, _ variogram: Variogram, isLeftOut: Bool, reach: Double = .infinity, _ threads: Int,
    _ keepGoing: () -> Bool
  ) throws(PointCloudError) -> (heights: [Double], variances: [Double]) {
    let heights = SharedColumn(repeating: Double.nan, count: places.count)
    let variances = SharedColumn(repeating: Double.nan, count: places.count)
    // A point is nearest to itself, and no other is as near.
    let first = isLeftOut ? 1 : 0
    let isWhole = tree.forEachNeighbourhood(
      around: places, k: neighbours + first, threads: threads, keepGoing: keepGoing
    ) { found in
      guard found.count > first, found.squaredDistance(first) <= reach * reach else { return }
      var system = KrigingSystem(lapack, variogram)
      (heights[found.point], variances[found.point]) = system.estimate(found, first..<found.count) { points.z[$0] }
    }
    guard isWhole else { throw .cancelled }
    return (heights.values, variances.values)
  }

  /// The variogram of the model that estimates left-out points best, scaled to their errors; and what it was fitted to.
  func fitted(
    _ threads: Int, _ keepGoing: () -> Bool
  ) throws(PointCloudError) -> (Variogram, EmpiricalVariogram) {
    // Two neighbours are no farther apart than twice the radius around both.
    let far = 2 * points.usualRadius(tree, neighbours)
    let empirical = try EmpiricalVariogram(points, tree, reach: far, threads: threads, keepGoing: keepGoing)
    let rows = try RandomThinning(kept: Self.trialsMax, seed: 2).indices(of: points.count)
    let places = try points.flat(rows)
    var best: (variogram: Variogram, error: Double, scale: Double)?
    for model in Variogram.Model.allCases {
      let variogram = try Variogram(fitting: empirical, model: model)
      let found = try solve(places, variogram, isLeftOut: true, threads, keepGoing)
      var (squares, ratios, count) = (0.0, 0.0, 0.0)
      for (place, row) in rows.enumerated() where found.variances[place] > 0 {
        let error = found.heights[place] - points.z[Int(row)]
        squares += error * error
        ratios += error * error / found.variances[place]
        count += 1
      }
      if best.map({ squares < $0.error }) ?? true { best = (variogram, squares, ratios / max(1, count)) }
    }
    guard let best else { throw .cancelled }
    let isScaled = best.scale > 0 && best.scale.isFinite
    return (isScaled ? best.variogram.scaled(by: best.scale) : best.variogram, empirical)
  }

  /// How many points are left out to compare models.
  private static let trialsMax = 1_000
}

/// Points of which no two are at one place in the plane.
struct MergedPoints: Sendable {
  private(set) var x: [Double] = []
  private(set) var y: [Double] = []
  private(set) var z: [Double] = []

  init(_ points: Coordinates) {
    let order = (0..<Int32(points.count)).sorted {
      let (a, b) = (Int($0), Int($1))
      return (points.x[a], points.y[a], a) < (points.x[b], points.y[b], b)
    }
    var (sum, count) = (0.0, 0.0)
    for index in order.lazy.map({ Int($0) }) {
      if count > 0, points.x[index] == x[x.count - 1], points.y[index] == y[y.count - 1] {
        // Counted from the first height, so that no digits are lost.
        (sum, count) = (sum + points.z[index] - z[z.count - 1], count + 1)
        continue
      }
      if count > 1 { z[z.count - 1] += sum / count }
      x.append(points.x[index])
      y.append(points.y[index])
      z.append(points.z[index])
      (sum, count) = (0, 1)
    }
    if count > 1 { z[z.count - 1] += sum / count }
  }

  var count: Int { x.count }

  /// The places, at height 0.
  func flat() throws(PointCloudError) -> Coordinates {
    try Coordinates.checked(x: x, y: y, z: Array(repeating: 0, count: count))
  }

  /// Some of the places, at height 0.
  func flat(_ rows: [Int32]) throws(PointCloudError) -> Coordinates {
    try Coordinates.checked(x: rows.map { x[Int($0)] }, y: rows.map { y[Int($0)] }, z: rows.map { _ in 0 })
  }

  /// The median of the radii that hold the `k` nearest of a point, over some hundred points.
  func usualRadius(_ tree: KDTree, _ k: Int) -> Double {
    let step = max(1, count / Self.radiiMax)
    let radii = stride(from: 0, to: count, by: step).map { index in
      tree.nearest(to: SIMD3(x[index], y[index], 0), k: k + 1).last?.squaredDistance.squareRoot() ?? 0
    }.sorted()
    return radii.isEmpty ? 0 : radii[radii.count / 2]
  }

  private static let radiiMax = 500
}
