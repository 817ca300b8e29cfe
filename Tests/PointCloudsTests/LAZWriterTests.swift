import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct LAZWriterTests {
  private func compressed(_ cloud: PointCloud, threads: Int = 2) throws -> PointCloud {
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/out.laz", isCompressed: true, threads: threads)
    return try PointCloud.read(path: "\(folder.path)/out.laz", threads: threads)
  }

  @Test(arguments: 0...10, [0, 1, 7]) func `random points survive compression bit for bit`(
    format: Int, extraBytes: Int
  ) throws {
    var random = SeededGenerator(seed: testSeed)
    for count in [0, 1, 2, 3_000] {
      let file = RandomCloud(format: format, extraBytes: extraBytes, count: count).file(using: &random)
      let cloud = try PointCloud.read(bytes: file)
      let laz = try compressed(cloud)
      #expect(laz.header.isCompressed && laz.format == cloud.format)
      #expect(laz.recordBytes == cloud.recordBytes, "seed \(testSeed)")
    }
  }

  @Test func `many chunks are written in order, by any number of threads`() throws {
    let cloud = try ScanSimulator(seed: 3, points: 120_000).makeCloud()
    for threads in [1, 3] {
      let laz = try compressed(cloud, threads: threads)
      #expect(laz.chunkCount == 3)
      #expect(laz.recordBytes == cloud.recordBytes)
      #expect(laz.records == cloud.records)
    }
  }

  @Test func `classes are changed, and nothing else, also when compressing`() throws {
    let cloud = try ScanSimulator(seed: 4, points: 2_000).makeCloud()
    let classes = cloud.classifications().map { ($0 + 1) & 31 }
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/out.laz", classifications: classes, isCompressed: true)
    let laz = try PointCloud.read(path: "\(folder.path)/out.laz")
    #expect(laz.classifications() == classes)
    #expect(laz.times() == cloud.times() && laz.integers(axis: 2) == cloud.integers(axis: 2))
  }

  /// What other programs compressed comes out of here byte for byte the same.
  @Test(arguments: [
    "1_4_w_evlr.laz", "autzen_trim.laz", "extra-bytes.laz", "fullwave.laz", "las_with_several_extra_byte_bloc.laz",
    "point-color.laz", "point-time.laz", "point10.laz", "simple.laz",
  ])
  func `files are compressed as by others`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/\(name)"
    let output = try TemporaryFolder()
    try PointCloud.read(path: path).write(path: "\(output.path)/out.laz", isCompressed: true, threads: 2)
    let theirs = try chunkBytes(bytes(ofFile: path))
    let ours = try chunkBytes(bytes(ofFile: "\(output.path)/out.laz"))
    #expect(!ours.isEmpty && ours == theirs)
  }

  /// The bytes of a file's chunks: behind the place of their table, up to the table.
  private func chunkBytes(_ file: [UInt8]) throws -> ArraySlice<UInt8> {
    func number(at place: Int, bytes: Int) -> Int {
      (0..<bytes).reduce(0) { $0 | Int(file[place + $1]) << (8 * $1) }
    }
    let start = number(at: 96, bytes: 4)
    return try #require(
      file.indices.contains(number(at: start, bytes: 8)) ? file[start + 8..<number(at: start, bytes: 8)] : nil)
  }

  /// An older file is written with newer items, in about as many bytes.
  @Test func `items of LASzip 1 become those of LASzip 2`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let path = "\(folder)/lidar/formats/point-version-1-point-wise.laz"
    let cloud = try PointCloud.read(path: path)
    let output = try TemporaryFolder()
    try cloud.write(path: "\(output.path)/out.laz", isCompressed: true)
    let (theirs, ours) = (try bytes(ofFile: path), try bytes(ofFile: "\(output.path)/out.laz"))
    #expect(ours.count * 100 < theirs.count * 101)
    #expect(try PointCloud.read(bytes: ours).recordBytes == cloud.recordBytes)
  }

  /// Records of LAS 1.4 after the points, and the one of LAS 1.3 that its header only points to.
  @Test(arguments: ["1_4_w_evlr.las", "fullwave.laz", "simple1_3.las"], [false, true])
  func `extended records and waveforms are kept`(name: String, isCompressed: Bool) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let cloud = try PointCloud.read(path: "\(folder)/lidar/formats/\(name)")
    let output = try TemporaryFolder()
    try cloud.write(path: "\(output.path)/out", isCompressed: isCompressed)
    let copy = try PointCloud.read(path: "\(output.path)/out")
    #expect(copy.recordBytes == cloud.recordBytes)
    #expect(copy.records == cloud.records && copy.extendedRecords == cloud.extendedRecords)
    #expect((copy.header.waveformOffset == 0) == (cloud.header.waveformOffset == 0))
    #expect(copy.warnings.isEmpty)
  }
}
