import FoundationEssentials
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

  @Test func `slope and aspect equal those of GDAL`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let references = "\(folder)/lidar/raster-refs"
    let heights = try grid("\(references)/slope_input-dem.asc")
    let slope = try grid("\(references)/slope_slope-gdal.asc")
    let (ours, aspect) = (heights.slopeDegrees(cell: 1, threads: 2), heights.aspectDegrees(threads: 2))
    let gdalAspect = try grid("\(references)/aspect_aspect-gdal.asc")
    var (worstSlope, worstAspect): (Float, Float) = (0, 0)
    for row in 1..<heights.rows - 1 {
      for column in 1..<heights.columns - 1 {
        worstSlope = max(worstSlope, abs(ours[column, row] - slope[column, row]))
        let turn = abs(aspect[column, row] - gdalAspect[column, row])
        if gdalAspect[column, row] >= 0 { worstAspect = max(worstAspect, min(turn, 360 - turn)) }
      }
    }
    print("slope and aspect: largest differences \(worstSlope)° and \(worstAspect)°")
    #expect(worstSlope < 1e-3 && worstAspect < 0.05)
  }

  @Test func `contours are those of GDAL`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let heights = try grid("\(folder)/lidar/raster-refs/contour_input-dem.asc")
    let out = try TemporaryFolder()
    let frame = GridFrame(x: 500_000.5, y: 4_600_000.5, cell: 1, columns: heights.columns, rows: heights.rows)
    let raster = try RasterOutput("dtm", frame, wkt: nil, path: "\(out.path)/dtm.tif")
    try raster.write(heights, column: 0, row: 0)
    try raster.finish()
    try ContourFile.write(raster: raster.path, interval: 0.5, wkt: nil, to: "\(out.path)/contours.geojson")
    let ours = try contours("\(out.path)/contours.geojson")
    #expect(try ours == contours("\(folder)/lidar/raster-refs/contour_contour-gdal.geojson"))
    #expect(!ours.isEmpty)
  }

  private struct Contours: Decodable {
    struct Feature: Decodable {
      struct Properties: Decodable { let elev: Double }
      struct Geometry: Decodable { let coordinates: [[Double]] }
      let properties: Properties
      let geometry: Geometry
    }
    let features: [Feature]
  }

  /// Of each line its height, and its places to a millimetre, from whichever end is first.
  private func contours(_ path: String) throws -> Set<[Int]> {
    let file = try JSONDecoder().decode(Contours.self, from: Data(bytes(ofFile: path)))
    return Set(
      file.features.map { feature in
        let places = feature.geometry.coordinates.map { $0.map { Int(($0 * 1_000).rounded()) } }
        let forward = Array(places.joined())
        let backward = Array(places.reversed().joined())
        return [Int(feature.properties.elev * 1_000)]
          + (forward.lexicographicallyPrecedes(backward) ? forward : backward)
      })
  }

  @Test func `a surface falls to the lowest side`() {
    var heights = Grid<Float>(columns: 3, rows: 3, repeating: 0)
    for (row, column) in [(0, 0), (0, 1), (0, 2)] { heights[column, row] = -1 }
    heights[0, 2] = .nan
    #expect(heights.aspectDegrees()[1, 1] == 180)
    #expect(abs(heights.slopeDegrees(cell: 0.5)[1, 1] - 45) < 1e-4)
    #expect(heights.slopeDegrees(cell: 1)[0, 2].isNaN && heights.aspectDegrees()[0, 2].isNaN)
    #expect(Grid<Float>(columns: 3, rows: 3, repeating: 4).aspectDegrees()[1, 1].isNaN)
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
