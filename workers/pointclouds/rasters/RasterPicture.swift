import Numerics

/// A map as a picture: each cell's value as a colour, transparent where there is none.
enum RasterPicture {
  /// From low to high: dark violet, blue, green, yellow, equally bright steps apart as eyes see them.
  private static let tints: [SIMD3<Float>] = [
    SIMD3(52, 28, 78), SIMD3(56, 88, 140), SIMD3(38, 140, 138), SIMD3(100, 190, 96), SIMD3(246, 228, 88),
  ]

  /// Maps of fewer cells are drawn with several pixels to a cell, up to about this many along the longer side.
  private static let sidePixels = 1_000

  /// - Parameter values: row 0 is the southernmost.
  static func draw(_ values: Grid<Float>, threads: Int) -> Grid<SIMD4<UInt8>> {
    let scale = max(1, sidePixels / max(values.columns, values.rows))
    let range = values.usualRange
    let (columns, rows) = (values.columns * scale, values.rows * scale)
    let pixels = parallelMap(columns * rows, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      let value = values[column / scale, (rows - 1 - row) / scale]
      guard !value.isNaN else { return SIMD4<UInt8>() }
      let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
      let place = Float.minimum(1, Float.maximum(0, share)) * Float(tints.count - 1)
      let step = min(tints.count - 2, Int(place))
      return SIMD4(
        SIMD4(tints[step] + (tints[step + 1] - tints[step]) * (place - Float(step)), 255), rounding: .toNearestOrEven)
    }
    return Grid(columns: columns, rows: rows, values: pixels)
  }
}
