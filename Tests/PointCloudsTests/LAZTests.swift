import PointClouds
import Testing

@Suite struct LAZTests {
  /// Files that hold the same points, compressed and not.
  static let twins = [
    ("autzen_trim.laz", "autzen_trim.las"), ("extra-bytes.laz", "extra-bytes.las"), ("extra.laz", "extra-bytes.las"),
    ("point-color.laz", "point-color.las"), ("point-time-color.laz", "point-time-color.las"),
    ("point-time.laz", "point-time.las"), ("point-version-1-point-wise.laz", "point-version-1-point-wise.las"),
    ("point10.laz", "point10.las"), ("simple.laz", "simple.las"),
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

  @Test func `layered compression is refused by name`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    for name in ["1_4_w_evlr.laz", "simple.copc.laz"] {
      let error = #expect(throws: PointCloudError.self) { try PointCloud.read(path: "\(folder)/lidar/formats/\(name)") }
      #expect(error?.code == .unsupported)
      #expect(error?.message.contains("layered") == true)
    }
  }

  @Test func `cancelling ends the reading`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let error = #expect(throws: PointCloudError.self) {
      try PointCloud.read(path: "\(folder)/lidar/formats/simple.laz", keepGoing: { _ in false })
    }
    #expect(error?.code == .cancelled)
  }
}
