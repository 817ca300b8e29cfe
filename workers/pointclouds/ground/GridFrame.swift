import Numerics

/// Where a grid lies: cell (0, 0) is the south-western one, and its centre is at (`x`, `y`).
public struct GridFrame: Hashable, Sendable {
  public let x: Double
  public let y: Double
  public let cell: Double
  public let columns: Int
  public let rows: Int

  /// How many cells from the origin of the coordinates the centre of cell (0, 0) lies.
  private let first: SIMD2<Double>

  package init(x: Double, y: Double, cell: Double, columns: Int, rows: Int) {
    (self.x, self.y, self.cell) = (x, y, cell)
    (self.columns, self.rows) = (columns, rows)
    first = SIMD2(x, y) / cell
  }

  /// A frame whose centres lie at multiples of the cell, from `first` on.
  init(first: SIMD2<Double>, cell: Double, columns: Int, rows: Int) {
    (x, y) = (first.x * cell, first.y * cell)
    (self.cell, self.first) = (cell, first)
    (self.columns, self.rows) = (columns, rows)
  }

  /// The nearest whole number, the greater of two: the same wherever one counts from, as there is no rounding in it.
  @inline(__always) static func nearest(_ value: Double) -> Double {
    let below = value.rounded(.down)
    return value - below >= 0.5 ? below + 1 : below
  }

  /// The centre of a cell. Frames with cells at multiples of their side have the same centres.
  func center(column: Int, row: Int) -> SIMD2<Double> {
    (first + SIMD2(Double(column), Double(row))) * cell
  }

  /// The smallest frame around all places, with centres at multiples of the cell, so that neighbouring tiles agree.
  ///
  /// - Throws: `limitExceeded`, naming the limit, when it would have more cells than that.
  init(
    _ low: SIMD2<Double>, _ high: SIMD2<Double>, cell: Double, limit: (cells: Int, name: String)
  ) throws(PointCloudError) {
    try Self.requireExact(low, high, cell: cell)
    let first = SIMD2(Self.nearest(low.x / cell), Self.nearest(low.y / cell))
    let size = SIMD2(Self.nearest(high.x / cell), Self.nearest(high.y / cell)) - first + 1
    guard size.x * size.y <= Double(limit.cells) else {
      throw PointCloudError(
        .limitExceeded,
        "x from \(low.x) to \(high.x) and y from \(low.y) to \(high.y) make \(Int64(min(1e18, size.x * size.y))) cells of "
          + "\((cell * 1e4).rounded() / 1e4), "
          + "more than the \(limit.cells) allowed by \(limit.name) for so many points",
        remedy: "Remove stray points far from the others, choose a larger cell, split the file into tiles, or, where "
          + "the scan is so large indeed, raise \(limit.name).")
    }
    self.init(first: first, cell: cell, columns: Int(size.x), rows: Int(size.y))
  }

  /// How many cells away from the origin places still have all the digits that a grid needs: three below the cell.
  private static let cellsFromOriginMax = 0x1p50

  private static func requireExact(
    _ low: SIMD2<Double>, _ high: SIMD2<Double>, cell: Double
  ) throws(PointCloudError) {
    let farthest = max(abs(low.x), abs(low.y), abs(high.x), abs(high.y))
    guard farthest / cell <= cellsFromOriginMax else {
      throw PointCloudError(
        .limitExceeded,
        "a coordinate of \(farthest) is \(farthest / cell) cells of \(cell) from the origin, farther than "
          + "2^50: its place among the cells is not exact there",
        remedy: "Check the file's scale and offset, or choose a larger cell.")
    }
  }

  /// The nearest place within the outermost cells.
  @inline(__always) func clamped(_ place: (column: Double, row: Double)) -> (column: Double, row: Double) {
    (min(max(place.column, -0.5), Double(columns) - 0.5), min(max(place.row, -0.5), Double(rows) - 0.5))
  }

  /// The place of a coordinate, in cells from the centre of cell (0, 0).
  @inline(__always) func place(_ x: Double, _ y: Double) -> (column: Double, row: Double) {
    (x / cell - first.x, y / cell - first.y)
  }

  /// The index of the cell that holds a place, or of the cell nearest to it.
  @inline(__always) func index(_ place: (column: Double, row: Double)) -> Int {
    let column = Int(min(Double(columns - 1), max(0, Self.nearest(place.column))))
    let row = Int(min(Double(rows - 1), max(0, Self.nearest(place.row))))
    return row * columns + column
  }
}
