import Numerics

/// A picture of the terrain: hillshade, tinted by height, transparent outside the scan.
enum TerrainPicture {
  /// From low to high: the quiet greens, sands and greys of a printed map.
  private static let tints: [SIMD3<Float>] = [
    SIMD3(104, 148, 122), SIMD3(164, 190, 140), SIMD3(222, 214, 164), SIMD3(206, 172, 126), SIMD3(166, 136, 118),
    SIMD3(236, 234, 230),
  ]

  /// Heights beyond these shares of all cells take the end colours, so that no outlier flattens the rest.
  private static let shares = 0.01...0.99

  static func draw(_ terrain: TerrainModel, heightFactor: Double) -> Grid<SIMD4<UInt8>> {
    var shade = Hillshade()
    shade.heightFactor = heightFactor
    let brightness = shade.brightness(terrain.heights, cell: terrain.frame.cell)
    let range = range(terrain.heights)
    let (columns, rows) = (terrain.frame.columns, terrain.frame.rows)
    var picture = Grid(columns: columns, rows: rows, repeating: SIMD4<UInt8>())
    for row in 0..<rows {
      for column in 0..<columns where !terrain.heights[column, row].isNaN {
        let share = (terrain.heights[column, row] - range.lowerBound) / (range.upperBound - range.lowerBound)
        picture[column, rows - 1 - row] = color(share, brightness[column, row])
      }
    }
    return picture
  }

  private static func range(_ heights: Grid<Float>) -> ClosedRange<Float> {
    let sorted = heights.values.filter { !$0.isNaN }.sorted()
    guard !sorted.isEmpty else { return 0...1 }
    let low = sorted[Int(Double(sorted.count - 1) * shares.lowerBound)]
    let high = sorted[Int(Double(sorted.count - 1) * shares.upperBound)]
    return low...max(high, low.nextUp)
  }

  private static func color(_ share: Float, _ brightness: Float) -> SIMD4<UInt8> {
    let place = min(1, max(0, share)) * Float(tints.count - 1)
    let index = min(tints.count - 2, Int(place))
    let tint = tints[index] + (tints[index + 1] - tints[index]) * (place - Float(index))
    // Level ground keeps about its tint; slopes to the sun are lit, others fall into shade.
    let light = 0.25 + 1.1 * brightness
    let lit = (tint * light).clamped(lowerBound: .zero, upperBound: SIMD3(repeating: 255))
    return SIMD4(SIMD4(lit, 255), rounding: .toNearestOrEven)
  }
}
