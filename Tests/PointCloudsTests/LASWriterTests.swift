import PointClouds
import Testing

@Suite struct LASWriterTests {
  private func rewritten(_ cloud: PointCloud, classes: [UInt8]) throws -> (cloud: PointCloud, bytes: [UInt8]) {
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/out.las", classifications: classes)
    return (try PointCloud.read(path: "\(folder.path)/out.las"), try bytes(ofFile: "\(folder.path)/out.las"))
  }

  /// Rewriting with the classes as they were gives the file as it was, bit for bit: versions 1.0 to 1.4, formats 0 to 7,
  /// extra bytes, records before and after the points.
  @Test(arguments: [
    "1_4_w_evlr.las", "autzen_trim.las", "epsg_4326.las", "extra-bytes.las", "extrabytes.las", "point-color.las",
    "point-version-1-point-wise.las", "simple1_4.las", "test1_4.las", "vegetation_1_3.las",
  ]) func `files with the same classes are the same files`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/\(name)"
    let cloud = try PointCloud.read(path: path)
    let same = try rewritten(cloud, classes: cloud.classifications())
    #expect(same.bytes == (try bytes(ofFile: path)))
  }

  @Test func `only classes change`() throws {
    let cloud = try ScanSimulator(seed: 9, points: 5_000).makeCloud()
    let classes = cloud.classifications().map { ($0 + 1) & 31 }
    let changed = try rewritten(cloud, classes: classes).cloud
    #expect(changed.classifications() == classes)
    #expect(changed.header == cloud.header)
    #expect(changed.records == cloud.records)
    #expect(
      changed.recordBytes.enumerated().allSatisfy { $0.offset % 28 == 15 || $0.element == cloud.recordBytes[$0.offset] }
    )
  }

  @Test func `flags beside the class survive`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    var file = try bytes(ofFile: "\(folder)/lidar/formats/point10.las")
    for point in 0..<100 { file[227 + 20 * point + 15] |= 0xA0 }
    let cloud = try PointCloud.read(bytes: file)
    let ones = [UInt8](repeating: 1, count: cloud.count)
    let result = try rewritten(cloud, classes: ones)
    #expect(result.bytes[227 + 15] == 0xA1)
    #expect(result.cloud.classifications() == ones)
  }

  @Test func `a compressed file becomes a plain one without its compression record`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let laz = try PointCloud.read(path: "\(folder)/lidar/formats/extra.laz")
    let las = try rewritten(laz, classes: laz.classifications()).cloud
    #expect(!las.header.isCompressed)
    #expect(las.recordBytes == laz.recordBytes)
    #expect(las.records == laz.records && !las.records.contains { $0.userIdentifier == "laszip encoded" })
  }

  @Test func `a file that cannot be written leaves nothing behind`() throws {
    let cloud = try ScanSimulator(seed: 9, points: 10).makeCloud()
    let error = #expect(throws: PointCloudError.self) {
      try cloud.write(path: "/nonexistent/out.las", classifications: cloud.classifications())
    }
    #expect(error?.code == .fileAccess)
  }

  @Test func `points too far apart for their scale are refused`() throws {
    let points = [NewPoint(x: 0, y: 0, z: 0), NewPoint(x: 1e8, y: 0, z: 0)]
    let error = #expect(throws: PointCloudError.self) {
      try PointCloud(points: points, systemIdentifier: "", generatingSoftware: "")
    }
    #expect(error?.code == .invalidParameter)
  }
}
