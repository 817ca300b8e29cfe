import Numerics
import PointClouds
import Testing

@Suite struct TerrainTests {
  /// Reads an Arc/Info ASCII grid; row 0 of the result is the southernmost.
  private func grid(_ path: String) throws -> Grid<Float> {
    let lines = String(decoding: try bytes(ofFile: path), as: UTF8.self).split(separator: "\n")
    let rows = lines.dropFirst(6).map { $0.split(separator: " ").map { Float($0) ?? .nan } }.filter { !$0.isEmpty }
    return Grid(columns: rows[0].count, rows: rows.count, values: Array(rows.reversed().joined()))
  }

  @Test func `hillshade equals that of GDAL`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let reference = try grid("\(folder)/lidar/raster-refs/hillshade_hillshade-gdal.asc")
    let candidates = try ["contour_input-dem", "slope_input-dem", "dem_steep"].map { name in
      try worstDifference(grid("\(folder)/lidar/raster-refs/\(name).asc"), reference)
    }
    // The reference does not say which of the surfaces it shows; it must be one of them, to the rounding of a grey level.
    print("hillshade: largest difference \(candidates) grey levels")
    #expect(candidates.contains { $0 <= 1 })
  }

  /// In GDAL's grey levels, which are 1 + 254 × brightness; its border has no value.
  private func worstDifference(_ heights: Grid<Float>, _ reference: Grid<Float>) -> Float {
    let brightness = Hillshade().brightness(heights, cell: 1)
    var worst: Float = 0
    for row in 1..<heights.rows - 1 {
      for column in 1..<heights.columns - 1 {
        worst = max(worst, abs(1 + 254 * brightness[column, row] - reference[column, row]))
      }
    }
    return worst
  }

  @Test func `level ground is as bright as the sun is high and gaps stay gaps`() {
    var heights = Grid<Float>(columns: 5, rows: 5, repeating: 12)
    heights[2, 2] = .nan
    let brightness = Hillshade().brightness(heights, cell: 1)
    #expect(brightness[2, 2].isNaN)
    #expect(abs(brightness[0, 0] - Float(0.5).squareRoot()) < 1e-6)
  }

  @Test func `slopes towards the sun are brighter`() {
    var heights = Grid<Float>(columns: 5, rows: 5, repeating: 0)
    for row in 0..<5 { for column in 0..<5 { heights[column, row] = Float(column - row) } }
    let facing = Hillshade().brightness(heights, cell: 1)[2, 2]
    let away = Hillshade().brightness(heights.map { -$0 }, cell: 1)[2, 2]
    #expect(facing > 0.9 && away < 0.1)
  }
}
