import Numerics

/// A picture of the terrain: hillshade, tinted by height, transparent outside the scan.
enum TerrainPicture {
  /// From low to high: the quiet greens, sands and greys of a printed map.
  private static let tints: [SIMD3<Float>] = [
    SIMD3(104, 148, 122), SIMD3(164, 190, 140), SIMD3(222, 214, 164), SIMD3(206, 172, 126), SIMD3(166, 136, 118),
    SIMD3(236, 234, 230),
  ]

  /// Terrains of more cells along a side are drawn with one pixel for several.
  static let sideMax = 4_000

  /// Terrains of fewer cells are drawn with several pixels to a cell, up to about this many along the longer side.
  private static let sidePixels = 1_000

  /// - Parameters:
  ///   - terrain: row 0 is the southernmost; NaN where nothing is known.
  ///   - cell: the side of a cell.
  ///   - heightFactor: what heights are multiplied by to be measured as cells are.
  static func draw(
    _ terrain: Grid<Float>, cell: Double, heightFactor: Double, threads: Int
  ) -> Grid<SIMD4<UInt8>> {
    let scale = max(1, sidePixels / max(terrain.columns, terrain.rows))
    let heights = enlarged(terrain, by: scale, threads: threads)
    var shade = Hillshade()
    shade.heightFactor = heightFactor
    let brightness = shade.brightness(heights, cell: cell / Double(scale), threads: threads)
    let range = terrain.usualRange
    let (columns, rows) = (heights.columns, heights.rows)
    let pixels = parallelMap(columns * rows, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      let height = heights[column, rows - 1 - row]
      guard !height.isNaN else { return SIMD4<UInt8>() }
      let share = (height - range.lowerBound) / (range.upperBound - range.lowerBound)
      return color(share, brightness[column, rows - 1 - row])
    }
    return Grid(columns: columns, rows: rows, values: pixels)
  }

  /// Heights between the cells' centres. Only the outline of the scan keeps its steps.
  private static func enlarged(_ heights: Grid<Float>, by scale: Int, threads: Int) -> Grid<Float> {
    guard scale > 1 else { return heights }
    let filled = heights.filled()
    let columns = heights.columns * scale
    let values = parallelMap(heights.values.count * scale * scale, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      guard !heights[column / scale, row / scale].isNaN else { return Float.nan }
      return filled.smoothlyInterpolated(
        (Double(column) + 0.5) / Double(scale) - 0.5, (Double(row) + 0.5) / Double(scale) - 0.5)
    }
    return Grid(columns: columns, rows: heights.rows * scale, values: values)
  }

  private static func color(_ share: Float, _ brightness: Float) -> SIMD4<UInt8> {
    let place = Float.minimum(1, Float.maximum(0, share)) * Float(tints.count - 1)
    let index = min(tints.count - 2, Int(place))
    let tint = tints[index] + (tints[index + 1] - tints[index]) * (place - Float(index))
    // Level ground keeps about its tint; slopes to the sun are lit, others fall into shade.
    let light = 0.25 + 1.1 * brightness
    let lit = (tint * light).clamped(lowerBound: .zero, upperBound: SIMD3(repeating: 255))
    return SIMD4(SIMD4(lit, 255), rounding: .toNearestOrEven)
  }
}

extension Grid<Float> {
  /// What all values but the lowest and the highest hundredth lie within, so that no outlier flattens a picture; never
  /// without extent.
  var usualRange: ClosedRange<Float> {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard !sorted.isEmpty else { return 0...1 }
    let low = sorted[Int(Double(sorted.count - 1) * 0.01)]
    let high = sorted[Int(Double(sorted.count - 1) * 0.99)]
    return low...max(high, low.nextUp)
  }
}
