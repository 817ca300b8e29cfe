public import Numerics

/// A surface through points by ordinary kriging: the weighted mean of the nearest points that has the least variance,
/// if heights differ with distance as a variogram says, and that variance (Matheron, Economic Geology 58, 1963;
/// Cressie: Statistics for Spatial Data, 1993, 3.2).
///
/// Like triangles it meets its points; unlike them it says how sure it is of each place. Several points at one place
/// count as one with the mean of their heights.
public struct KrigedSurface: Sendable {
  /// Stated, or fitted to the points.
  public let variogram: Variogram
  /// What it was fitted to; nil where it was stated.
  public let empirical: EmpiricalVariogram?
  /// How far away the nearest point of a place may be.
  public let reach: Double
  private let solver: KrigingSolver

  /// - Parameters:
  ///   - points: those of the ground; x and y are lengths.
  ///   - variogram: nil to fit one to pairs of points as far apart as two neighbours may be. Each model is fitted, and
  ///     that is taken which estimates a sample of the points best from their neighbours. Its sill is then scaled so
  ///     that the errors are as large as their variances say: this changes no estimate.
  ///   - neighbours: how many of the nearest points are used, 1 to 256.
  ///   - reach: no height is given where the nearest point is farther away.
  /// - Throws: `empty` without points, or too few to fit a variogram; `invalidParameter`; `libraryMissing` where LAPACK
  ///   is not installed; `cancelled`.
  /// - Complexity: O(n log n) time, on at most `threads` threads, which do not change the result; about 120 bytes for
  ///   each of n points while it is made and 64 after.
  public init(
    _ points: Coordinates, variogram: Variogram? = nil, neighbours: Int = 16, reach: Double = .infinity,
    threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) {
    try requireCount("neighbours", neighbours, in: 1...Self.neighboursMost)
    guard reach > 0 else {
      throw PointCloudError(.invalidParameter, "reach is \(reach)", remedy: "Give a number above 0.")
    }
    self.reach = reach
    let lapack = try Self.loadLAPACK()
    try proceed(keepGoing)
    let merged = MergedPoints(points)
    try proceed(keepGoing)
    guard merged.count > 0 else {
      throw PointCloudError(.empty, "there is no point", remedy: "Give points of the ground.")
    }
    solver = KrigingSolver(
      points: merged, tree: KDTree(try merged.flat(), threads: threads), neighbours: neighbours, lapack: lapack)
    if let variogram {
      (self.variogram, empirical) = (variogram, nil)
    } else {
      (self.variogram, empirical) = try solver.fitted(threads, keepGoing)
    }
  }

  /// Kriging weights beyond the nearest few dozen points are next to nothing, and the work grows with the cube.
  static let neighboursMost = 256

  private static func loadLAPACK() throws(PointCloudError) -> LAPACK {
    do throws(LinearAlgebraError) { return try LAPACK.load() } catch {
      switch error {
      case .libraryMissing(let reason):
        throw PointCloudError(
          .libraryMissing, "OpenBLAS or LAPACK, which solves systems of equations, cannot be loaded: \(reason)",
          remedy: "Install it where the worker runs: scripts/install-packages, or apt-get install libopenblas0-pthread."
        )
      }
    }
  }

  /// Heights at the centres of the cells of a frame, and the variance of each; NaN beyond the reach.
  ///
  /// - Parameter keepGoing: asked every few hundred cells; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(cells × (log n + k³)) for k neighbours, on at most `threads` threads, which do not change the
  ///   result; 100 bytes for each cell.
  public func terrain(
    _ frame: GridFrame, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> (heights: Grid<Float>, variances: Grid<Float>) {
    let cells = 0..<frame.columns * frame.rows
    let places = try Coordinates.checked(
      x: cells.map { frame.x + Double($0 % frame.columns) * frame.cell },
      y: cells.map { frame.y + Double($0 / frame.columns) * frame.cell }, z: Array(repeating: 0, count: cells.count))
    let found = try estimates(at: places, threads: threads, keepGoing: keepGoing)
    return (
      Grid(columns: frame.columns, rows: frame.rows, values: found.heights.map { Float($0) }),
      Grid(columns: frame.columns, rows: frame.rows, values: found.variances.map { Float($0) })
    )
  }

  /// The height at each place, whose own z is not looked at, and its variance; NaN beyond the reach.
  ///
  /// - Throws, Complexity: as with a grid.
  public func estimates(
    at places: Coordinates, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> (heights: [Double], variances: [Double]) {
    let flat = try Coordinates.checked(x: places.x, y: places.y, z: Array(repeating: 0, count: places.count))
    return try solver.solve(flat, variogram, isLeftOut: false, reach: reach, threads, keepGoing)
  }

  /// What the surface would be wrong by at each of its points without it: estimate less height, in no given order; and
  /// the variance.
  ///
  /// - Throws, Complexity: as with a grid.
  public func leaveOneOut(
    threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> (errors: [Double], variances: [Double]) {
    let points = solver.points
    let found = try solver.solve(points.flat(), variogram, isLeftOut: true, reach: reach, threads, keepGoing)
    return (zip(found.heights, points.z).map { $0 - $1 }, found.variances)
  }
}
