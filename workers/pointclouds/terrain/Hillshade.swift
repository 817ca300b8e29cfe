import Glibc
package import Numerics

/// How brightly the sun lights a surface, by Horn's gradient.
package struct Hillshade: Sendable {
  /// Where the sun stands, in degrees clockwise from north. The custom of maps is north-west.
  package var azimuthDegrees = 315.0
  /// How high the sun stands, in degrees.
  package var altitudeDegrees = 45.0
  /// What heights are multiplied by to be measured as cells are.
  package var heightFactor = 1.0

  package init() {}

  /// Brightness of each cell, from 0 (turned away) to 1 (facing the sun); NaN where there is no height.
  ///
  /// - Parameters:
  ///   - heights: row 0 is the southernmost.
  ///   - cell: the side of a cell.
  package func brightness(_ heights: Grid<Float>, cell: Double, threads: Int = 1) -> Grid<Float> {
    let (azimuth, altitude) = (azimuthDegrees * .pi / 180, altitudeDegrees * .pi / 180)
    let east = Float(sin(azimuth) * cos(altitude))
    let north = Float(cos(azimuth) * cos(altitude))
    let up = Float(sin(altitude))
    let factor = Float(heightFactor / (8 * cell))
    let values = parallelMap(heights.values.count, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: heights.columns)
      guard !heights.values[index].isNaN else { return Float.nan }
      let gradient = heights.gradientTimesEight(column, row) * factor
      let light = up - gradient.x * east - gradient.y * north
      return max(0, light / (1 + (gradient * gradient).sum()).squareRoot())
    }
    return Grid(columns: heights.columns, rows: heights.rows, values: values)
  }
}
