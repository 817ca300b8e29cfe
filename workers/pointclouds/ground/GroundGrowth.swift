import Numerics

/// Takes back ground that openings took for objects: hilltops, terraces, what lies at the scan's edge.
///
/// An opening removes whatever is narrower than its disc. A hill is joined to the ground around it by slopes that its
/// own cells continue; a building is not, as its walls are steps. So the lowest point of a removed cell is ground
/// after all where it lies on the plane through the ground cells around it, and so on from there, until nothing
/// changes. Bridges are climbed from their ramps.
///
/// - Complexity: O(removed cells × reach²), each again when one beside it was taken back. Two bytes per cell, and
///   eight per removed one.
struct GroundGrowth {
  let heights: Grid<Float>
  let cell: Float
  /// How far a height may lie from the plane.
  let tolerance: Float
  /// How many cells away ground counts.
  let reach: Int

  /// Planes steeper than this are walls (rise over run).
  private static let slopeMax: Float = 1.5
  /// A plane has three places.
  private static let placesMin: Float = 3
  /// How many cells are looked at between two questions whether to go on.
  private static let cellsPerQuestion = 1 << 12

  /// Twice the distance between points is where the next ones lie all around; more costs time and blurs breaks of
  /// slope.
  static func reach(spacing: Double, cell: Double) -> Int { Int(min(6, max(2, (2 * spacing / cell).rounded()))) }

  /// - Parameters:
  ///   - isGround: which cells are ground; those taken back are added.
  ///   - mayGrow: which cells may be taken back.
  /// - Returns: false when it was told to stop; `isGround` means nothing then.
  func grow(_ isGround: inout [Bool], mayGrow: [Bool], keepGoing: () -> Bool) -> Bool {
    var waiting = isGround.indices.filter { mayGrow[$0] && !isGround[$0] }
    var isWaiting = [Bool](repeating: false, count: isGround.count)
    for index in waiting { isWaiting[index] = true }
    var looked = 0
    while !waiting.isEmpty {
      // Rounds in order, so that a cell is not looked at again before its neighbours were.
      var next: [Int] = []
      for index in waiting {
        looked += 1
        if looked % Self.cellsPerQuestion == 0, !keepGoing() { return false }
        isWaiting[index] = false
        guard liesOnPlane(index, isGround) else { continue }
        isGround[index] = true
        forEachNear(index) { near in
          guard mayGrow[near], !isGround[near], !isWaiting[near] else { return }
          isWaiting[near] = true
          next.append(near)
        }
      }
      waiting = next
    }
    return true
  }

  @inline(__always) private func forEachNear(_ index: Int, _ body: (Int) -> Void) {
    let (row, column) = index.quotientAndRemainder(dividingBy: heights.columns)
    for y in max(0, row - reach)...min(heights.rows - 1, row + reach) {
      for x in max(0, column - reach)...min(heights.columns - 1, column + reach) { body(y * heights.columns + x) }
    }
  }

  /// Whether a height lies on the plane that fits the ground around it best, near cells counting most.
  private func liesOnPlane(_ index: Int, _ isGround: [Bool]) -> Bool {
    let height = heights.values[index]
    let (row, column) = index.quotientAndRemainder(dividingBy: heights.columns)
    var plane = WeightedPlane()
    for y in max(0, row - reach)...min(heights.rows - 1, row + reach) {
      for x in max(0, column - reach)...min(heights.columns - 1, column + reach) {
        let near = y * heights.columns + x
        guard isGround[near] else { continue }
        plane.add(Float(x - column), Float(y - row), heights.values[near] - height)
      }
    }
    guard plane.count >= Self.placesMin else { return false }
    let fit = plane.fit()
    return fit.steepness <= Self.slopeMax * cell && abs(fit.height) <= tolerance
  }
}

/// The sums of which a plane through places around the origin is made, each weighing the inverse square of its
/// distance.
private struct WeightedPlane {
  var count: Float = 0
  var weight: Float = 0
  var place = SIMD2<Float>()
  var height: Float = 0
  var squares = SIMD2<Float>()
  var cross: Float = 0
  var rise = SIMD2<Float>()

  @inline(__always) mutating func add(_ x: Float, _ y: Float, _ z: Float) {
    let at = SIMD2(x, y)
    let w = 1 / (x * x + y * y)
    count += 1
    weight += w
    place += w * at
    height += w * z
    squares += w * at * at
    cross += w * x * y
    rise += (w * z) * at
  }

  /// Keeps places on one line from deciding on the slope across it, in cells squared.
  private static let damping: Float = 0.1

  /// The plane's height at the origin, and its steepness as rise per cell.
  func fit() -> (height: Float, steepness: Float) {
    let (centre, mean) = (place / weight, height / weight)
    let spread = squares / weight - centre * centre + Self.damping
    let skew = cross / weight - centre.x * centre.y
    let moment = rise / weight - centre * mean
    let determinant = spread.x * spread.y - skew * skew
    let x = (moment.x * spread.y - moment.y * skew) / determinant
    let y = (moment.y * spread.x - moment.x * skew) / determinant
    return (mean - x * centre.x - y * centre.y, (x * x + y * y).squareRoot())
  }
}
