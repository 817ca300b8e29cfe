extension Grid where Element == Float {
  /// A grid without gaps: each NaN replaced by a smooth surface through the known values around it.
  ///
  /// The surface approaches the solution of Laplace's equation with free edges, the shape of a soap film. It is found
  /// coarse to fine: gaps are filled on a grid of half the resolution first, and the result is relaxed by
  /// `sweeps` Gauss–Seidel passes on each finer one. Known values are untouched. Without any, everything becomes 0.
  ///
  /// - Parameter keepGoing: asked before each pass; once it answers false, what is returned means nothing.
  /// - Complexity: O(cells + sweeps × gaps).
  public func filled(sweeps: Int = 16, keepGoing: () -> Bool = { true }) -> Grid<Float> {
    let gaps = values.indices.filter { values[$0].isNaN }
    guard !gaps.isEmpty else { return self }
    guard gaps.count < values.count else { return map { _ in 0 } }
    let coarse = halved().filled(sweeps: sweeps, keepGoing: keepGoing)
    var result = self
    for gap in gaps {
      let (row, column) = gap.quotientAndRemainder(dividingBy: columns)
      result.values[gap] = coarse.interpolated(Double(column) / 2 - 0.25, Double(row) / 2 - 0.25)
    }
    result.relax(gaps, sweeps: sweeps, keepGoing: keepGoing)
    return result
  }

  /// Half the resolution: the mean of the known values of each two by two cells.
  private func halved() -> Grid<Float> {
    var coarse = Grid(columns: (columns + 1) / 2, rows: (rows + 1) / 2, repeating: Float.nan)
    for row in 0..<coarse.rows {
      for column in 0..<coarse.columns {
        var (sum, known): (Float, Float) = (0, 0)
        for y in 2 * row..<min(rows, 2 * row + 2) {
          for x in 2 * column..<min(columns, 2 * column + 2) where !self[x, y].isNaN {
            sum += self[x, y]
            known += 1
          }
        }
        coarse[column, row] = sum / known
      }
    }
    return coarse
  }

  /// Moves each gap to the mean of its four neighbours, again and again.
  private mutating func relax(_ gaps: [Int], sweeps: Int, keepGoing: () -> Bool) {
    let (columns, rows) = (columns, rows)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      let values = unsafe buffer.baseAddress.unsafelyUnwrapped
      for _ in 0..<sweeps where keepGoing() {
        for gap in gaps {
          let (row, column) = gap.quotientAndRemainder(dividingBy: columns)
          let left = unsafe values[column > 0 ? gap &- 1 : gap]
          let right = unsafe values[column &+ 1 < columns ? gap &+ 1 : gap]
          let below = unsafe values[row > 0 ? gap &- columns : gap]
          let above = unsafe values[row &+ 1 < rows ? gap &+ columns : gap]
          unsafe values[gap] = ((left + right) + (below + above)) * 0.25
        }
      }
    }
  }
}
