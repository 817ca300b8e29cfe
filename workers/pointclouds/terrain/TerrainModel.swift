import Numerics

/// The bare earth as a raster: a height for each cell, made from the ground points.
///
/// - A cell with ground points within 1.5 cells of its centre takes their mean, weighted by the inverse square of the
///   distance. Nearer points count more, and no single point a thousandfold: a tenth of a cell is added to distances.
/// - A cell without any, under a building or a tree, takes the smooth surface through the others (`Grid.filled`).
/// - A cell outside the scan, beyond what a closing by the largest disc of the filter joins, has no height.
struct TerrainModel {
  let frame: GridFrame
  /// Heights in the file's vertical unit; NaN outside the scan.
  let heights: Grid<Float>

  private static let reach = 1.5

  /// - Parameter keepGoing: asked now and then; once it answers false, what is made means nothing.
  init(
    _ positions: Positions, _ ground: GroundClassification, closingRadius: Int, threads: Int,
    keepGoing: () -> Bool = { true }
  ) {
    frame = ground.frame
    let base = positions.offset.z
    var interpolation = Interpolation(frame)
    var isScanned = Grid(columns: frame.columns, rows: frame.rows, repeating: Float(0))
    for index in ground.classes.indices {
      let plane = positions.plane(index)
      let place = frame.place(plane.x, plane.y)
      isScanned.values[frame.index(place)] = 1
      guard ground.classes[index] == PointClass.ground else { continue }
      interpolation.add(Float(positions.height(index) - base), at: place, within: Self.reach)
    }
    let inside = isScanned.closed(radius: closingRadius, threads: threads, keepGoing: keepGoing)
    guard ground.groundCount > 0 else {
      heights = Grid(columns: frame.columns, rows: frame.rows, repeating: .nan)
      return
    }
    var heights = interpolation.means().filled(keepGoing: keepGoing)
    for index in heights.values.indices {
      heights.values[index] = inside.values[index] > 0 ? heights.values[index] + Float(base) : .nan
    }
    self.heights = heights
  }

  /// Cells around a tile that are needed for its own: those that a closing joins, and some for what fills gaps.
  static func margin(closingRadius: Int) -> Int { 2 * closingRadius + 16 }
}

/// Sums of weighted heights, cell by cell.
private struct Interpolation {
  private let frame: GridFrame
  private var sums: [Float]
  private var weights: [Float]

  init(_ frame: GridFrame) {
    self.frame = frame
    sums = Array(repeating: 0, count: frame.columns * frame.rows)
    weights = sums
  }

  mutating func add(_ height: Float, at place: (column: Double, row: Double), within reach: Double) {
    let place = frame.clamped(place)
    for row in max(0, Int((place.row - reach).rounded(.up)))...min(frame.rows - 1, Int(place.row + reach)) {
      let y = Double(row) - place.row
      for column in max(0, Int((place.column - reach).rounded(.up)))...min(frame.columns - 1, Int(place.column + reach))
      {
        let x = Double(column) - place.column
        let distance = x * x + y * y
        guard distance <= reach * reach else { continue }
        let weight = Float(1 / (distance + 0.01))
        sums[row * frame.columns + column] += weight * height
        weights[row * frame.columns + column] += weight
      }
    }
  }

  /// NaN where nothing was added.
  func means() -> Grid<Float> {
    Grid(columns: frame.columns, rows: frame.rows, values: zip(sums, weights).map { $0 / $1 })
  }
}
