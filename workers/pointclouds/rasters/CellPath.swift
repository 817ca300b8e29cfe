import Numerics

extension GridFrame {
  /// Cells along the side of the squares that the path through a large map goes through: what lies in one fits a cache.
  private static let pathSide = 64

  /// All cells of parts, part by part, row by row there and back: those that follow one another are neighbours.
  func path(_ parts: [CellRectangle]) -> [Int32] {
    var path: [Int32] = []
    path.reserveCapacity(columns * rows)
    for part in parts {
      for row in part.low.y..<part.high.y {
        let columns = part.low.x..<part.high.x
        let first = row * self.columns
        if row % 2 == 0 {
          for column in columns { path.append(Int32(first + column)) }
        } else {
          for column in columns.reversed() { path.append(Int32(first + column)) }
        }
      }
    }
    return path
  }

  /// Parts of about as many cells along each axis that are the whole together, counted from cell (0, 0).
  func parts(side: Int) -> [CellRectangle] {
    let (across, up) = (max(1, columns / side), max(1, rows / side))
    return (0..<up).flatMap { row in
      (0..<across).map { column in
        CellRectangle(
          low: SIMD2(columns * column / across, rows * row / up),
          high: SIMD2(columns * (column + 1) / across, rows * (row + 1) / up))
      }
    }
  }

  /// The heights of a surface at the centres of cells; NaN where there is none.
  func heights(of surface: TriangulatedSurface, threads: Int) -> Grid<Float> {
    let column = SharedColumn(repeating: Float.nan, count: columns * rows)
    let path = path(parts(side: Self.pathSide))
    let chunks = Chunks(count: path.count, least: 1 << 14, most: .max)
    parallelFor(chunks.count, threads: threads) { chunk in
      var start = TriangulatedSurface.Start()
      for cell in path[chunks[chunk]] {
        guard let height = surface.height(center(Int(cell)), near: &start) else { continue }
        column[Int(cell)] = Float(height)
      }
    }
    return Grid(columns: columns, rows: rows, values: column.values)
  }

  /// The centre of a cell of so many, row by row.
  func center(_ cell: Int) -> SIMD2<Double> {
    let (row, column) = cell.quotientAndRemainder(dividingBy: columns)
    return center(column: column, row: row)
  }
}
