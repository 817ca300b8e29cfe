import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct CloudPictureTests {
  private static let low = Vector3(x: 0, y: 0, z: 0)
  private static let high = Vector3(x: 100, y: 100, z: 20)

  private func draw(
    _ points: [PicturePoint], _ parameters: PictureParameters, low: Vector3 = low, high: Vector3 = high,
    threads: Int = 2
  ) throws -> Grid<SIMD4<UInt8>> {
    let picture = try CloudPicture(low: low, high: high, parameters: parameters)
    picture.add(points.count, threads: threads) { points[$0] }
    return picture.draw(threads: threads)
  }

  /// A level square of points a quarter of a metre apart, with a height by place.
  private func surface(_ height: (Double, Double) -> Double, value: (Double, Double) -> Float = { _, _ in 2 })
    -> [PicturePoint]
  {
    (0..<400).flatMap { row in
      (0..<400).map { column in
        let (x, y) = (Double(column) / 4 + 0.125, Double(row) / 4 + 0.125)
        return PicturePoint(x: x, y: y, z: height(x, y), value: value(x, y))
      }
    }
  }

  private func brightness(_ pixel: SIMD4<UInt8>) -> Int { Int(pixel.x) + Int(pixel.y) + Int(pixel.z) }

  @Test func `the nearer point hides the one behind, in either order`() throws {
    var parameters = PictureParameters(
      view: .above, coloring: .classification, pixels: 128, supersampling: 1, pointSize: 2, shading: 0)
    for isReversed in [false, true] {
      var points = [(5.0, Float(6)), (15, 5), (10, 2)].map { PicturePoint(x: 50, y: 50, z: $0.0, value: $0.1) }
      if isReversed { points.reverse() }
      // From above the highest; from the south, level with it, they lie side by side.
      parameters.view = .above
      let above = try draw(points, parameters)
      let colors = Set(above.values.filter { $0.w == 255 })
      #expect(colors == [SIMD4(ClassColors.color(5), 255)])
      (parameters.view, parameters.elevation, parameters.azimuth) = (.oblique, 1, 180)
      let side = try draw(points, parameters)
      #expect(Set(side.values.filter { $0.w == 255 }) == Set([5, 2, 6].map { SIMD4(ClassColors.color($0), 255) }))
      // The highest is on top of the picture.
      let rows = [UInt8(5), 2, 6].map { kind in
        side.values.firstIndex(of: SIMD4(ClassColors.color(kind), 255)).map { $0 / side.columns } ?? -1
      }
      #expect(rows[0] < rows[1] && rows[1] < rows[2])
    }
  }

  /// East is right and north is up in a map; from the north, east is left.
  @Test func `places are where they should be`() throws {
    let points = [
      PicturePoint(x: 0, y: 0, z: 0, value: 2), PicturePoint(x: 100, y: 0, z: 0, value: 5),
      PicturePoint(x: 0, y: 100, z: 0, value: 6),
    ]
    func place(_ kind: UInt8, _ picture: Grid<SIMD4<UInt8>>) throws -> SIMD2<Int> {
      let index = try #require(picture.values.firstIndex(of: SIMD4(ClassColors.color(kind), 255)))
      return SIMD2(index % picture.columns, index / picture.columns)
    }
    var parameters = PictureParameters(
      view: .above, coloring: .classification, azimuth: 0, pixels: 200, pointSize: 2, shading: 0)
    let map = try draw(points, parameters)
    let (corner, east, north) = (try place(2, map), try place(5, map), try place(6, map))
    // 100 m and a margin of 2 % on either side are 200 pixels.
    #expect(abs(east.x - corner.x - 192) <= 1 && east.y == corner.y && north.x == corner.x)
    #expect(abs(corner.y - north.y - 192) <= 1 && map.columns == 200 && map.rows == 200)
    for fieldOfView in [0.0, 40] {
      (parameters.view, parameters.fieldOfView) = (.oblique, fieldOfView)
      let view = try draw(points, parameters)
      #expect(try place(5, view).x < place(2, view).x && place(6, view).y > place(2, view).y)
      #expect(view.rows < view.columns)
    }
  }

  @Test func `classes have their colours`() throws {
    let parameters = PictureParameters(
      view: .above, coloring: .classification, pixels: 400, supersampling: 1, shading: 0)
    let picture = try draw(surface({ _, _ in 0 }, value: { x, _ in x < 50 ? 2 : 9 }), parameters)
    let (left, right) = (picture[100, 200], picture[300, 200])
    #expect(left == SIMD4(ClassColors.table[2]!, 255) && right == SIMD4(ClassColors.table[9]!, 255))
    #expect(Set(ClassColors.table.values).count == ClassColors.table.count)
    #expect(ClassColors.color(200) == ClassColors.color(200))
  }

  /// A step of five metres is dark on its low side; level and inclined planes are not, nor the upper side.
  @Test(arguments: [PictureParameters.View.above, .oblique]) func `edges become dark and planes do not`(
    view: PictureParameters.View
  ) throws {
    var parameters = PictureParameters(view: view, coloring: .classification, fieldOfView: 0, pixels: 400)
    let plain = SIMD4(ClassColors.color(2), 255)
    for slope in [0.0, 0.2] {
      let plane = try draw(surface { x, _ in slope * x }, parameters)
      let inner = plane.values.filter { $0.w == 255 }
      #expect(inner.count { brightness($0) < brightness(plain) * 9 / 10 } * 100 < inner.count, "slope \(slope)")
    }
    parameters.view = .above
    let step = try draw(surface { x, _ in x < 50 ? 0 : 5 }, parameters)
    // 100 m are 384 of 400 pixels.
    #expect(brightness(step[198, 200]) < brightness(plain) * 3 / 4)
    #expect(brightness(step[220, 200]) >= brightness(plain) - 6 && brightness(step[100, 200]) >= brightness(plain) - 6)
    parameters.shading = 0
    let flat = try draw(surface { x, _ in x < 50 ? 0 : 5 }, parameters)
    #expect(flat[198, 200] == plain)
  }

  @Test func `batches, their order and threads make no difference`() throws {
    var random = SeededGenerator(seed: testSeed)
    let points = (0..<60_000).map { _ in
      PicturePoint(
        x: .random(in: -5...105, using: &random), y: .random(in: -5...105, using: &random),
        // Few heights, so that points are equally near.
        z: Double(Int.random(in: 0...4, using: &random)), value: Float(Int.random(in: 0...18, using: &random)))
    }
    let parameters = PictureParameters(coloring: .classification, pixels: 300)
    let whole = try draw(points, parameters, threads: 1)
    let picture = try CloudPicture(low: Self.low, high: Self.high, parameters: parameters)
    let shuffled = points.shuffled(using: &random)
    for first in stride(from: 0, to: points.count, by: 7_001) {
      let part = Array(shuffled[first..<min(points.count, first + 7_001)])
      picture.add(part.count, threads: 3) { part[$0] }
    }
    #expect(picture.draw(threads: 3).values == whole.values, "seed \(testSeed)")
  }

  /// One point for each 16 pixels: the surface is closed, and its outline stays where it is.
  @Test func `sparse points close`() throws {
    var random = SeededGenerator(seed: testSeed)
    let points = (0..<2_500).map { _ in
      PicturePoint(x: .random(in: 0...50, using: &random), y: .random(in: 0...100, using: &random), z: 0, value: 2)
    }
    let parameters = PictureParameters(view: .above, coloring: .classification, pixels: 280, shading: 0)
    let picture = try draw(points, parameters)
    let (inside, outside) = (8..<135, 160..<275)
    let rows = 10..<270
    let filled = rows.reduce(0) { sum, row in sum + inside.count { picture[$0, row].w > 0 } }
    #expect(Double(filled) > 0.995 * Double(rows.count * inside.count), "seed \(testSeed)")
    #expect(rows.allSatisfy { row in outside.allSatisfy { picture[$0, row].w == 0 } })
  }

  @Test func `colours of eight bits and of sixteen come out the same`() throws {
    let parameters = PictureParameters(view: .above, coloring: .color, pixels: 100, supersampling: 1, shading: 0)
    var pictures: [Grid<SIMD4<UInt8>>] = []
    for factor in [UInt16(1), 257] {
      let points = surface { _, _ in 0 }.map { point in
        var point = point
        point.color = SIMD3(point.x < 50 ? 250 : 20, 130, 60) &* factor
        return point
      }
      pictures.append(try draw(points, parameters))
    }
    for place in [20, 80] {
      let (narrow, wide) = (pictures[0][place, 50], pictures[1][place, 50])
      for channel in 0..<3 { #expect(abs(Int(narrow[channel]) - Int(wide[channel])) <= 2) }
      #expect(abs(Int(narrow.x) - (place == 20 ? 250 : 20)) <= 6 && abs(Int(narrow.y) - 130) <= 4)
    }
  }

  @Test func `heights and values go from one end of the colours to the other`() throws {
    for coloring in [PictureParameters.Coloring.height, .value, .intensity] {
      var parameters = PictureParameters(view: .above, coloring: coloring, pixels: 100, shading: 0)
      let points = surface({ _, _ in 0 }, value: { x, _ in Float(x) })
      let usual = try draw(points, parameters)
      #expect(usual[5, 50] != usual[50, 50] && usual[50, 50] != usual[94, 50])
      parameters.range = 1_000...2_000
      let low = try draw(points, parameters)
      #expect(low[5, 50] == low[94, 50] && low[5, 50] == usual[2, 50])
    }
  }

  @Test func `nothing, one point and points that are none are pictures too`() throws {
    let parameters = PictureParameters(pixels: 32, background: [1, 2, 3])
    let background = SIMD4<UInt8>(1, 2, 3, 255)
    #expect(try draw([], parameters).values.allSatisfy { $0 == background })
    let zero = Vector3(x: 5, y: 5, z: 5)
    let one = try draw([PicturePoint(x: 5, y: 5, z: 5)], parameters, low: zero, high: zero)
    #expect(one.values.contains { $0 != background })
    let strange = [
      PicturePoint(x: .nan, y: 0, z: 0), PicturePoint(x: .infinity, y: 0, z: 0),
      PicturePoint(x: 1e300, y: 0, z: -1e300),
      PicturePoint(x: 50, y: 50, z: 0, value: .nan),
    ]
    #expect(try draw(strange, parameters).values.allSatisfy { $0 == background })
    #expect(throws: PointCloudError.self) { try CloudPicture(low: Self.high, high: Self.low) }
    #expect(throws: PointCloudError.self) { try CloudPicture(low: Vector3(x: .nan, y: 0, z: 0), high: Self.high) }
  }

  @Test func `a cloud is drawn as PNG by each colouring that it has`() throws {
    let folder = try TemporaryFolder()
    let parameters = SimulationParameters(seed: 2, extent: .points(30_000), highNoiseRate: 0.01, pointFormat: 7)
    let cloud = try ScanSimulator(parameters).makeCloud()
    let values = (0..<cloud.count).map(Float.init)
    for coloring in PictureParameters.Coloring.allCases {
      let path = "\(folder.path)/\(coloring).png"
      try cloud.writePicture(
        path: path, parameters: PictureParameters(coloring: coloring, pixels: 200), values: values, threads: 2)
      #expect(try bytes(ofFile: path).prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }
    let bare = try ScanSimulator(seed: 1, points: 100).makeCloud()
    let error = #expect(throws: PointCloudError.self) {
      try bare.writePicture(path: "\(folder.path)/a.png", parameters: PictureParameters(coloring: .color))
    }
    #expect(error?.code == .unsupported && error?.remedy.contains("height") == true)
  }

  @Test func `parameters out of their range are named`() throws {
    let changes: [(String, (inout PictureParameters) -> Void)] = [
      ("pixels", { $0.pixels = 0 }), ("pixels", { $0.pixels = .max }), ("supersampling", { $0.supersampling = 0 }),
      ("pixels × supersampling", { ($0.pixels, $0.supersampling) = (8_000, 8) }), ("elevation", { $0.elevation = 0 }),
      ("azimuth", { $0.azimuth = .nan }), ("field_of_view", { $0.fieldOfView = 180 }),
      ("point_size", { $0.pointSize = -1 }), ("point_size", { $0.pointSize = 1e9 }), ("shading", { $0.shading = .nan }),
      ("background", { $0.background = [1] }),
    ]
    for (name, change) in changes {
      var parameters = PictureParameters()
      change(&parameters)
      let error = #expect(throws: PointCloudError.self) { try parameters.validate() }
      #expect(error?.code == .invalidParameter && error?.message.contains(name) == true)
    }
  }
}
