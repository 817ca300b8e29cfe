import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct ColouringTests {
  /// A GeoTIFF without compression: pixels of `size`, the north-western corner at (1000, 2000).
  static func tiff(
    _ columns: Int, _ rows: Int, bands: Int, bits: Int = 8, size: Double = 0.5, noData: Int? = nil, epsg: Int? = nil,
    isPlaced: Bool = true, _ value: (_ column: Int, _ row: Int, _ band: Int) -> Int
  ) -> [UInt8] {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    func doubles(_ values: [Double]) -> [UInt8] { values.flatMap { little($0.bitPattern, 8) } }
    func shorts(_ values: [Int]) -> [UInt8] { values.flatMap { little(UInt64($0), 2) } }
    let pixels = (0..<rows).flatMap { row in
      (0..<columns).flatMap { column in
        (0..<bands).flatMap { little(UInt64(value(column, row, $0)), bits / 8) }
      }
    }
    var fields: [(tag: Int, type: Int, count: Int, bytes: [UInt8])] = [
      (256, 4, 1, little(UInt64(columns), 4)), (257, 4, 1, little(UInt64(rows), 4)),
      (258, 3, bands, shorts(Array(repeating: bits, count: bands))), (259, 3, 1, shorts([1])),
      (262, 3, 1, shorts([bands < 3 ? 1 : 2])), (273, 4, 1, little(8, 4)), (277, 3, 1, shorts([bands])),
      (278, 4, 1, little(UInt64(rows), 4)), (279, 4, 1, little(UInt64(pixels.count), 4)), (284, 3, 1, shorts([1])),
    ]
    if bands == 4 { fields.append((338, 3, 1, shorts([2]))) }
    if isPlaced {
      fields.append((33_550, 12, 3, doubles([size, size, 0])))
      fields.append((33_922, 12, 6, doubles([0, 0, 0, 1_000, 2_000, 0])))
    }
    if let epsg {
      fields.append((34_735, 3, 12, shorts([1, 1, 0, 2, 1_024, 0, 1, 1, 3_072, 0, 1, epsg])))
    }
    if let noData {
      let text = Array("\(noData)".utf8) + [0]
      fields.append((42_113, 2, text.count, text))
    }
    let start = (8 + pixels.count + 1) & ~1
    var (entries, rest) = (little(UInt64(fields.count), 2), [UInt8]())
    for field in fields {
      entries += shorts([field.tag, field.type]) + little(UInt64(field.count), 4)
      if field.bytes.count <= 4 {
        entries += field.bytes + [UInt8](repeating: 0, count: 4 - field.bytes.count)
      } else {
        entries += little(UInt64(start + 2 + 12 * fields.count + 4 + rest.count), 4)
        rest += field.bytes + [UInt8](repeating: 0, count: field.bytes.count % 2)
      }
    }
    let padding = [UInt8](repeating: 0, count: start - 8 - pixels.count)
    return [0x49, 0x49, 42, 0] + little(UInt64(start), 4) + pixels + padding + entries + [0, 0, 0, 0] + rest
  }

  private func cloud(_ places: [SIMD2<Double>], wkt: String? = nil) throws -> PointCloud {
    try PointCloud(
      points: places.map { NewPoint(x: $0.x, y: $0.y, z: 1, intensity: 5, time: 9) }, systemIdentifier: "",
      generatingSoftware: "test", wkt: wkt)
  }

  private func picture(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> String {
    try write(bytes, to: folder.path + "/photo.tif")
    return folder.path + "/photo.tif"
  }

  @Test func `points get the colour of the pixel that they lie in, over many windows`() throws {
    let folder = try TemporaryFolder()
    // Wider than a window.
    let path = try picture(
      Self.tiff(2_100, 40, bands: 3) { column, row, band in band == 0 ? column & 255 : band == 1 ? column >> 8 : row },
      folder)
    var random = SeededGenerator(seed: testSeed)
    let places = (0..<3_000).map { _ in
      SIMD2(random.number(in: 990...2_060), random.number(in: 1_975...2_005))
    }
    let scan = try cloud(places)
    let found = try scan.coloured(byPicture: path, threads: 2)
    #expect(found.cloud.format.number == 3 && found.cloud.intensities() == scan.intensities())
    let colors = try #require(found.cloud.colors())
    let at = try scan.coordinates()
    var outside = 0
    for index in 0..<scan.count {
      let (column, row) = ((at.x[index] - 1_000) / 0.5, (2_000 - at.y[index]) / 0.5)
      guard column >= 0, column <= 2_100, row >= 0, row <= 40 else {
        outside += 1
        #expect(colors[index] == .zero)
        continue
      }
      let (c, r) = (min(2_099, Int(column)), min(39, Int(row)))
      #expect(colors[index] == SIMD3(UInt16(c & 255), UInt16(c >> 8), UInt16(r)) &* 257, "seed \(testSeed)")
    }
    #expect(found.outside == outside && outside > 0 && found.withoutData == 0)
  }

  @Test func `bilinear colours are those of a plane, and 16 bits stay`() throws {
    let folder = try TemporaryFolder()
    let path = try picture(
      Self.tiff(20, 20, bands: 3, bits: 16) { column, row, band in
        band == 0 ? 1_000 * column : band == 1 ? 2_000 * row : 9
      },
      folder)
    let places = [SIMD2(1_002.3, 1_995.1), SIMD2(1_005.55, 1_992.25), SIMD2(1_000.1, 1_999.9)]
    let found = try cloud(places).coloured(byPicture: path, sampling: .bilinear)
    let colors = try #require(found.cloud.colors())
    for (index, place) in places.enumerated() {
      // Centres of pixels lie half a pixel in; beyond the outermost the colour stays.
      let column = max(0, (place.x - 1_000) / 0.5 - 0.5)
      let row = max(0, (2_000 - place.y) / 0.5 - 0.5)
      #expect(abs(Double(colors[index].x) - 1_000 * column) <= 0.51)
      #expect(abs(Double(colors[index].y) - 2_000 * row) <= 0.51 && colors[index].z == 9)
    }
    #expect(try cloud(places).coloured(byPicture: path).cloud.colors()?[0] == SIMD3(4_000, 18_000, 9))
  }

  @Test func `pixels without data leave the colour that was`() throws {
    let folder = try TemporaryFolder()
    let places = [SIMD2(1_000.25, 1_999.75), SIMD2(1_001.75, 1_999.75), SIMD2(999, 1_999)]
    let scan = try cloud(places)
    let before = try scan.promoted(to: PointFormat(number: 3)!).setting(
      colors: [SIMD3(1, 2, 3), SIMD3(1, 2, 3), SIMD3(1, 2, 3)])
    let none = Self.tiff(4, 4, bands: 3, noData: 7) { column, _, _ in column < 2 ? 7 : 100 }
    let clear = Self.tiff(4, 4, bands: 4) { column, _, band in band == 3 ? (column < 2 ? 0 : 255) : 100 }
    for bytes in [none, clear] {
      for sampling in PixelSampling.allCases {
        let found = try before.coloured(byPicture: picture(bytes, folder), sampling: sampling)
        #expect(found.cloud.colors() == [SIMD3(1, 2, 3), SIMD3(25_700, 25_700, 25_700), SIMD3(1, 2, 3)])
        #expect(found.withoutData == 1 && found.outside == 1)
      }
    }
    let grey = try scan.coloured(byPicture: picture(Self.tiff(4, 4, bands: 1) { _, _, _ in 3 }, folder))
    #expect(grey.cloud.colors()?[0] == SIMD3(771, 771, 771))
  }

  @Test func `pictures that do not fit are refused`() throws {
    let folder = try TemporaryFolder()
    let scan = try cloud([SIMD2(1_001, 1_999)], wkt: CoordinateSystem(definition: "EPSG:25832").wkt)
    func code(_ path: String) -> PointCloudError.Code? {
      #expect(throws: PointCloudError.self) { try scan.coloured(byPicture: path) }?.code
    }
    #expect(code(folder.path + "/none.tif") == .fileAccess)
    #expect(code("/vsicurl/http://localhost/photo.tif") == .fileAccess)
    #expect(try code(picture(Array("no picture".utf8), folder)) == .raster)
    #expect(try code(picture(Self.tiff(4, 4, bands: 3, epsg: 25_833) { _, _, _ in 1 }, folder)) == .unsupported)
    #expect(try code(picture(Self.tiff(4, 4, bands: 3, isPlaced: false) { _, _, _ in 1 }, folder)) == .unsupported)
    let fits = try picture(Self.tiff(4, 4, bands: 3, epsg: 25_832) { _, _, _ in 1 }, folder)
    #expect(try scan.coloured(byPicture: fits).cloud.colors() == [SIMD3(257, 257, 257)])
    let stopped = #expect(throws: PointCloudError.self) { try scan.coloured(byPicture: fits) { false } }
    #expect(stopped?.code == .cancelled)
  }
}
