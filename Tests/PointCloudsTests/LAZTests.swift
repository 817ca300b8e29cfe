import PointClouds
import StrataCore
import Testing

@Suite struct LAZTests {
  /// Files that hold the same points, compressed and not.
  static let twins = [
    ("autzen_trim.laz", "autzen_trim.las"), ("extra-bytes.laz", "extra-bytes.las"), ("extra.laz", "extra-bytes.las"),
    ("point-color.laz", "point-color.las"), ("point-time-color.laz", "point-time-color.las"),
    ("point-time.laz", "point-time.las"), ("point-version-1-point-wise.laz", "point-version-1-point-wise.las"),
    ("point10.laz", "point10.las"), ("simple.laz", "simple.las"), ("1_4_w_evlr.laz", "1_4_w_evlr.las"),
  ]

  @Test(arguments: twins) func `compressed files hold what their uncompressed twins hold`(
    compressed: String, plain: String
  ) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let laz = try PointCloud.read(path: "\(folder)/lidar/formats/\(compressed)", threads: 2)
    let las = try PointCloud.read(path: "\(folder)/lidar/formats/\(plain)")
    #expect(laz.header.isCompressed && !las.header.isCompressed)
    #expect(laz.count == las.count && laz.format == las.format)
    #expect(laz.recordBytes == las.recordBytes)
  }

  /// This file was written by LASzip 1.2, with the first version of every item.
  @Test func `the first version of colours and times is read`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let laz = try PointCloud.read(path: "\(folder)/bad/lidar/pdal_simple-laszip-compressor-version-1.2r0.laz")
    let las = try PointCloud.read(path: "\(folder)/lidar/formats/simple.las")
    #expect(laz.recordBytes == las.recordBytes)
  }

  @Test func `the number of threads does not change the points`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/ahn3/ahn3_cropped_1.laz"
    let one = try PointCloud.read(path: path, threads: 1)
    let three = try PointCloud.read(path: path, threads: 3)
    #expect(one.count == 640_510 && one.chunkCount == 13)
    #expect(one.recordBytes == three.recordBytes)
    #expect(one.classifications().count { $0 == 2 } == 195_988)
  }

  @Test func `only the fields asked for are decoded of layered points`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/las_with_several_extra_byte_bloc.laz"
    let all = try PointCloud.read(path: path, threads: 2)
    let some = try PointCloud.read(path: path, fields: [.classification, .color], threads: 2)
    #expect(all.fields == .all && some.fields == [.classification, .color])
    #expect(some.integers(axis: 0) == all.integers(axis: 0) && some.integers(axis: 1) == all.integers(axis: 1))
    #expect(some.returnNumbers() == all.returnNumbers())
    #expect(some.classifications() == all.classifications() && some.colors() == all.colors())
    // The others hold what their chunk begins with.
    #expect(some.intensities()[0] == all.intensities()[0] && Set(some.intensities()).count <= some.chunkCount)
    #expect(Set(some.integers(axis: 2)).count <= some.chunkCount)
  }

  @Test func `a damaged layer is named`() throws {
    var random = SeededGenerator(seed: 5)
    let cloud = try PointCloud.read(bytes: RandomCloud(format: 7, extraBytes: 0, count: 2_000).file(using: &random))
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/a.laz", isCompressed: true)
    var file = try bytes(ofFile: "\(folder.path)/a.laz")
    // The sizes of the layers lie after the chunk's first record and its count. The intensities', the fifth, lose bytes
    // to the scan angles.
    let place = Int(file[96]) | Int(file[97]) << 8
    let size = place + 8 + 36 + 4 + 16
    file[size] = file[size] &- 20
    if file[size] > 235 { file[size + 1] -= 1 }
    file[size + 4] = file[size + 4] &+ 20
    if file[size + 4] < 20 { file[size + 5] += 1 }
    let error = #expect(throws: PointCloudError.self) { try PointCloud.read(bytes: file) }
    #expect(error?.code == .corrupt && error?.chunk == 0)
    #expect(error?.message.contains("intensity") == true)
    let rest = try PointCloud.read(bytes: file, fields: [.height, .classification, .flags])
    #expect(rest.classifications() == cloud.classifications())
  }

  @Test func `cancelling ends the reading`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let error = #expect(throws: PointCloudError.self) {
      try PointCloud.read(path: "\(folder)/lidar/formats/simple.laz", keepGoing: { _ in false })
    }
    #expect(error?.code == .cancelled)
  }
}
