import Glibc
import Numerics
import PointClouds
import Testing

@Suite struct ReprojectionTests {
  private func cloud(_ x: Double, _ y: Double, _ system: String?, scale: Double = 0.001) throws -> PointCloud {
    try PointCloud(
      points: [NewPoint(x: x, y: y, z: 12.345), NewPoint(x: x, y: y, z: -3)], scale: scale, systemIdentifier: "",
      generatingSoftware: "test", wkt: system.map { try CoordinateSystem(definition: $0).wkt })
  }

  struct Case: Sendable {
    let source: String
    let target: String
    let from: SIMD2<Double>
    let to: SIMD2<Double>
    var sourceScale = 0.001
    let within: Double
    let scale: Double
  }

  /// By pyproj 3.7.2 with PROJ 9.5.1, always_xy.
  static let cases = [
    Case(
      source: "EPSG:25832", target: "EPSG:4326", from: SIMD2(681_234.567, 5_412_345.678),
      to: SIMD2(11.469909748389936, 48.837610357220896), within: 1e-8, scale: 1e-9),
    Case(
      source: "EPSG:3301", target: "EPSG:25835", from: SIMD2(658_000.25, 6_475_000.75),
      to: SIMD2(482_577.31515387434, 6_471_815.995803492), within: 0.001, scale: 0.001),
    Case(
      source: "EPSG:4326", target: "EPSG:25832", from: SIMD2(11.25, 48.5),
      to: SIMD2(666_206.5018256147, 5_374_320.354424558), sourceScale: 1e-7, within: 0.006, scale: 0.01),
  ]

  @Test(arguments: cases) func `places are those of pyproj`(known: Case) throws {
    let scan = try cloud(known.from.x, known.from.y, known.source, scale: known.sourceScale)
    let found = try scan.reprojected(to: CoordinateSystem(definition: known.target), threads: 2)
    let places = try found.cloud.coordinates()
    for index in 0..<2 {
      #expect(abs(places.x[index] - known.to.x) < known.within && abs(places.y[index] - known.to.y) < known.within)
    }
    #expect(found.cloud.header.scale.x == known.scale && found.roundingMetres <= 0.006)
    // Heights stay to the last bit.
    #expect(
      found.cloud.integers(axis: 2) == scan.integers(axis: 2) && found.cloud.header.scale.z == scan.header.scale.z)
    let epsg = try found.cloud.coordinateSystem()?.epsg ?? 0
    #expect("EPSG:\(epsg)" == known.target)
    #expect(found.cloud.header.minimum.x == places.x[0] && found.warnings.isEmpty)
    // And back again, to the bound that is stated.
    let back = try found.cloud.reprojected(to: CoordinateSystem(definition: known.source)).cloud.coordinates()
    let factor = known.source == "EPSG:4326" ? 111_320.0 : 1
    #expect(abs(back.x[0] - known.from.x) * factor < 0.015 && abs(back.y[0] - known.from.y) * factor < 0.015)
  }

  @Test func `many points are the same whatever the number of threads`() throws {
    let points = (0..<150_000).map { index in
      NewPoint(x: 4e5 + Double(index % 400), y: 5.4e6 + Double(index / 400), z: 1)
    }
    let scan = try PointCloud(
      points: points, systemIdentifier: "", generatingSoftware: "test",
      wkt: CoordinateSystem(definition: "EPSG:25832").wkt)
    let target = try CoordinateSystem(definition: "EPSG:4258")
    let one = try scan.reprojected(to: target)
    let same = try scan.reprojected(to: target, threads: 3).cloud.recordBytes == one.cloud.recordBytes
    #expect(same)
    let stopped = #expect(throws: PointCloudError.self) { try scan.reprojected(to: target) { false } }
    #expect(stopped?.code == .cancelled)
  }

  @Test func `what cannot be transformed says why`() throws {
    func code(_ body: () throws -> Void) -> PointCloudError.Code? {
      #expect(throws: PointCloudError.self) { try body() }?.code
    }
    let target = try CoordinateSystem(definition: "EPSG:25832")
    #expect(code { _ = try cloud(0, 0, nil).reprojected(to: target) } == .unsupported)
    // No place on Earth has this latitude.
    let far = try cloud(11, 95, "EPSG:4326", scale: 1e-7)
    let thrown = #expect(throws: PointCloudError.self) { try far.reprojected(to: target) }
    #expect(thrown?.code == .invalidParameter && thrown?.message.contains("point 0 at 11") == true)
    for text in ["/etc/hostname", "http://example.org/wkt", "EPSG:", "EPSG:x", "", "ESRI::/etc/hostname"] {
      let code = code { _ = try CoordinateSystem(definition: text) }
      #expect(code == .invalidParameter || code == .raster, "\(text)")
    }
    #expect(code { _ = try CoordinateSystem(definition: "EPSG:999999") } == .raster)
  }

  @Test func `heights of a compound system are told to stay`() throws {
    let scan = try cloud(681_234.567, 5_412_345.678, "EPSG:25832+7837")
    let found = try scan.reprojected(to: CoordinateSystem(definition: "EPSG:4258"))
    #expect(found.cloud.integers(axis: 2) == scan.integers(axis: 2) && found.warnings.count == 1)
  }
}
