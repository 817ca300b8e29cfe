import Glibc
package import Numerics

extension Grid<Float> {
  /// How much a surface rises per cell to the east and to the north, by Horn's differences over eight neighbours (B. K. P. Horn,
  /// "Hill shading and the reflectance map", Proceedings of the IEEE 69(1), 1981), times 8. A missing neighbour is taken to
  /// be as high as the centre. Row 0 is the southernmost.
  func gradientTimesEight(_ column: Int, _ row: Int) -> SIMD2<Float> {
    let center = self[column, row]
    func height(_ x: Int, _ y: Int) -> Float {
      let (x, y) = (column + x, row + y)
      guard x >= 0, x < columns, y >= 0, y < rows, !self[x, y].isNaN else { return center }
      return self[x, y]
    }
    let west = height(-1, -1) + 2 * height(-1, 0) + height(-1, 1)
    let east = height(1, -1) + 2 * height(1, 0) + height(1, 1)
    let south = height(-1, -1) + 2 * height(0, -1) + height(1, -1)
    let north = height(-1, 1) + 2 * height(0, 1) + height(1, 1)
    return SIMD2(east - west, north - south)
  }

  /// How steep a surface is, in degrees from level; NaN where there is no height.
  ///
  /// - Parameters:
  ///   - cell: the side of a cell.
  ///   - heightFactor: what heights are multiplied by to be measured as cells are.
  package func slopeDegrees(cell: Double, heightFactor: Double = 1, threads: Int = 1) -> Grid<Float> {
    let factor = Float(heightFactor / (8 * cell))
    return gradients(threads: threads) { gradient in
      let rise = gradient * factor
      return atan((rise * rise).sum().squareRoot()) * 180 / .pi
    }
  }

  /// Which way a surface falls, in degrees clockwise from north, 0 to 360 excluded; NaN where it is level or there is no height.
  package func aspectDegrees(threads: Int = 1) -> Grid<Float> {
    gradients(threads: threads) { gradient in
      guard gradient != .zero else { return .nan }
      let angle = Float(atan2(Double(-gradient.x), Double(-gradient.y)) * 180 / .pi)
      let azimuth = angle < 0 ? angle + 360 : angle
      return azimuth < 360 ? azimuth : 0
    }
  }

  private func gradients(threads: Int, _ transform: @Sendable (SIMD2<Float>) -> Float) -> Grid<Float> {
    let values = parallelMap(values.count, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      return self.values[index].isNaN ? Float.nan : transform(gradientTimesEight(column, row))
    }
    return Grid(columns: columns, rows: rows, values: values)
  }
}
