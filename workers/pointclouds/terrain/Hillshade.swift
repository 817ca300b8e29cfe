import Glibc
package import Numerics

/// How brightly the sun lights a surface, by Horn's gradient (B. K. P. Horn, "Hill shading and the reflectance map",
/// Proceedings of the IEEE 69(1), 1981).
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
  package func brightness(_ heights: Grid<Float>, cell: Double) -> Grid<Float> {
    let (azimuth, altitude) = (azimuthDegrees * .pi / 180, altitudeDegrees * .pi / 180)
    let east = Float(sin(azimuth) * cos(altitude))
    let north = Float(cos(azimuth) * cos(altitude))
    let up = Float(sin(altitude))
    let factor = Float(heightFactor / (8 * cell))
    var result = heights
    for row in 0..<heights.rows {
      for column in 0..<heights.columns where !heights[column, row].isNaN {
        let gradient = Self.gradient(heights, column, row) * factor
        let light = up - gradient.x * east - gradient.y * north
        result[column, row] = max(0, light / (1 + (gradient * gradient).sum()).squareRoot())
      }
    }
    return result
  }

  /// Eight times the rise per cell to the east and to the north. A missing neighbour is taken to be as high as the
  /// centre.
  private static func gradient(_ heights: Grid<Float>, _ column: Int, _ row: Int) -> SIMD2<Float> {
    let center = heights[column, row]
    func height(_ x: Int, _ y: Int) -> Float {
      let (x, y) = (column + x, row + y)
      guard x >= 0, x < heights.columns, y >= 0, y < heights.rows, !heights[x, y].isNaN else { return center }
      return heights[x, y]
    }
    let west = height(-1, -1) + 2 * height(-1, 0) + height(-1, 1)
    let east = height(1, -1) + 2 * height(1, 0) + height(1, 1)
    let south = height(-1, -1) + 2 * height(0, -1) + height(1, -1)
    let north = height(-1, 1) + 2 * height(0, 1) + height(1, 1)
    return SIMD2(east - west, north - south)
  }
}
