import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct PointFileTests {
  @Test func `what expands beyond measure is refused, and the limit is named`() throws {
    // One and the same point half a million times compresses to little.
    let points = [NewPoint](repeating: NewPoint(x: 1, y: 2, z: 3, intensity: 7), count: 500_000)
    let cloud = try PointCloud(points: points, systemIdentifier: "", generatingSoftware: "")
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/same.laz"
    try cloud.write(path: path, isCompressed: true)
    #expect(try PointCloud.read(path: path).recordBytes == cloud.recordBytes)
    let size = try bytes(ofFile: path).count
    let ratio = 500_000 * 28 / size
    let limits = ReadLimits(expansionMax: ratio / 2, expandedBytesAlwaysAllowed: 1 << 20)
    let error = #expect(throws: PointCloudError.self) { try PointCloud.read(path: path, limits: limits) }
    #expect(error?.code == .limitExceeded && error?.description.contains("expansionMax") == true)
    // What is small in any case is let through.
    let generous = ReadLimits(expansionMax: 1, expandedBytesAlwaysAllowed: 16 << 20)
    #expect(try PointCloud.read(path: path, limits: generous).count == 500_000)
  }

  @Test func `records about the points beyond the limit are refused`() throws {
    var random = SeededGenerator(seed: testSeed)
    let file = RandomCloud(format: 6, extraBytes: 4, count: 10).file(using: &random)
    let error = #expect(throws: PointCloudError.self) {
      try PointCloud.read(bytes: file, limits: ReadLimits(recordBytesMax: 300))
    }
    #expect(error?.code == .limitExceeded && error?.description.contains("recordBytesMax") == true)
  }
}
