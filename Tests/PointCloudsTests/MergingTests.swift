import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct MergingTests {
  private func cloud(
    _ places: [SIMD3<Double>], scale: Double = 0.01, wkt: String? = nil
  ) throws -> PointCloud {
    try PointCloud(
      points: places.map { NewPoint(x: $0.x, y: $0.y, z: $0.z, intensity: 7, time: 3) }, scale: scale,
      systemIdentifier: "", generatingSoftware: "test", wkt: wkt)
  }

  @Test func `clouds of the same steps keep every bit`() throws {
    let whole = try cloud((0..<500).map { SIMD3(Double($0), 0.25 * Double($0), 3) })
    let parts = try [whole.keeping(Array(0..<100)), whole.keeping([]), whole.keeping(Array(100..<500))]
    let merged = try PointCloud.merging(parts, threads: 2)
    #expect(merged.cloud.recordBytes == whole.recordBytes && merged.largestRounding == 0 && merged.warnings.isEmpty)
    #expect(merged.cloud.header.minimum == whole.header.minimum && merged.cloud.header.maximum == whole.header.maximum)
    #expect(merged.cloud.header.pointCount == 500)
    let path = try TemporaryFolder()
    try merged.cloud.write(path: path.path + "/merged.laz", isCompressed: true)
    #expect(try PointCloud.read(path: path.path + "/merged.laz").recordBytes == whole.recordBytes)
  }

  @Test func `other steps become the finest, and what that moves is told`() throws {
    let coarse = try cloud([SIMD3(1_000.4, 2_000.2, 5.3), SIMD3(1_100.1, 2_000, 5)], scale: 0.1)
    let fine = try cloud([SIMD3(1_050.123, 2_050.456, 6.789)], scale: 0.001)
    let merged = try PointCloud.merging([coarse, fine])
    #expect(merged.cloud.header.scale == Vector3(x: 0.001, y: 0.001, z: 0.001))
    #expect(merged.largestRounding < 1e-9)
    let found = try merged.cloud.coordinates()
    for (index, expected) in [(0, SIMD3(1_000.4, 2_000.2, 5.3)), (2, SIMD3(1_050.123, 2_050.456, 6.789))] {
      #expect(squaredLength(found[index] - expected) < 1e-18)
    }
    // Too far apart for a millimetre: steps grow until both fit.
    let far = try cloud([SIMD3(9_000_000.05, 0, 0)], scale: 0.01)
    let wide = try PointCloud.merging([fine, far])
    #expect(wide.cloud.header.scale.x == 0.01 && wide.largestRounding > 0 && wide.largestRounding <= 0.0050001)
    let places = try wide.cloud.coordinates()
    #expect(abs(places.x[0] - 1_050.123) <= 0.0050001 && abs(places.x[1] - 9_000_000.05) < 0.0050001)
  }

  @Test func `the format is the smallest that has all, and sources stay`() throws {
    var random = SeededGenerator(seed: testSeed)
    func file(_ format: Int, _ extra: Int = 0) throws -> PointCloud {
      try PointCloud.read(bytes: RandomCloud(format: format, extraBytes: extra, count: 50).file(using: &random))
    }
    for (formats, expected) in [([0, 1], 1), ([1, 2], 3), ([0, 2], 2), ([3, 6], 7), ([1, 8], 8), ([6, 6], 6)] {
      let clouds = try formats.map { try file($0) }
      let merged = try PointCloud.merging(clouds).cloud
      #expect(merged.format.number == expected && merged.count == 100, "seed \(testSeed)")
      let sources = clouds.map { cloud in
        // The last two bytes before time or colour.
        let place = cloud.format.isExtended ? 20 : 18
        return (0..<50).map { cloud.recordBytes[$0 * cloud.header.recordLength + place] }
      }.joined()
      let place = merged.format.isExtended ? 20 : 18
      #expect((0..<100).map { merged.recordBytes[$0 * merged.header.recordLength + place] } == Array(sources))
    }
    #expect(throws: PointCloudError.self) { try PointCloud.merging([file(1), file(4)]) }
    #expect(throws: PointCloudError.self) { try PointCloud.merging([file(1, 2), file(1, 3)]) }
    let extra = try PointCloud.merging([file(1), file(1, 3)]).cloud
    #expect(extra.header.recordLength == 31)
  }

  @Test func `clouds that do not go together are named`() throws {
    let north = try cloud([SIMD3(5e5, 5e6, 0)], wkt: CoordinateSystem(definition: "EPSG:25832").wkt)
    let east = try cloud([SIMD3(5e5, 5e6, 0)], wkt: CoordinateSystem(definition: "EPSG:25833").wkt)
    let unknown = try cloud([SIMD3(5e5, 5e6, 0)])
    let thrown = #expect(throws: PointCloudError.self) { try PointCloud.merging([unknown, north, east]) }
    #expect(thrown?.code == .unsupported)
    #expect(thrown?.message.contains("cloud 1 is in ETRS89 / UTM zone 32N and cloud 2 in ETRS89 / UTM") == true)
    let merged = try PointCloud.merging([unknown, north, north])
    let epsg = try merged.cloud.coordinateSystem()?.epsg
    #expect(epsg == 25832 && merged.warnings.count == 1)
    let none = #expect(throws: PointCloudError.self) { try PointCloud.merging([]) }
    #expect(none?.code == .empty)
    let stopped = #expect(throws: PointCloudError.self) { try PointCloud.merging([unknown, unknown]) { false } }
    #expect(stopped?.code == .cancelled)
  }
}
