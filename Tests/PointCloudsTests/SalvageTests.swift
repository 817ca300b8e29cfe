import PointClouds
import Testing

@Suite struct SalvageTests {
  /// 120,000 simulated points in three chunks, compressed, and where the chunks begin.
  private func file(isCompressed: Bool = true) throws -> (cloud: PointCloud, bytes: [UInt8], start: Int) {
    let cloud = try ScanSimulator(seed: 11, points: 120_000).makeCloud()
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/a", isCompressed: isCompressed)
    let file = try bytes(ofFile: "\(folder.path)/a")
    return (cloud, file, (0..<4).reduce(0) { $0 | Int(file[96 + $1]) << (8 * $1) })
  }

  private func records(_ cloud: PointCloud, _ range: Range<Int>) -> ArraySlice<UInt8> {
    cloud.recordBytes[range.lowerBound * 28..<range.upperBound * 28]
  }

  @Test func `a damaged chunk costs its own points only, and they are named`() throws {
    var (cloud, file, start) = try file()
    let place = start + (file.count - start) / 2
    for place in place..<place + 60 { file[place] ^= 0xA5 }
    let strict = #expect(throws: PointCloudError.self) { try PointCloud.read(bytes: file) }
    #expect(strict?.chunk == 1)

    let rest = try PointCloud.read(bytes: file, threads: 2, isSalvaging: true)
    let loss = try #require(rest.losses.first)
    #expect(rest.losses.count == 1 && loss.chunk == 1 && loss.points == 50_000..<100_000)
    #expect(loss.bytes.contains(place) && !loss.reason.isEmpty)
    #expect(rest.count == 70_000 && rest.header.pointCount == 70_000)
    #expect(rest.recordBytes == Array(records(cloud, 0..<50_000) + records(cloud, 100_000..<120_000)))
  }

  @Test func `what was saved is written as a sound file`() throws {
    var (_, file, start) = try file()
    for place in start + 1_000..<start + 1_060 { file[place] ^= 0xA5 }
    let rest = try PointCloud.read(bytes: file, isSalvaging: true)
    let folder = try TemporaryFolder()
    try rest.write(path: "\(folder.path)/rest.laz", isCompressed: true)
    let copy = try PointCloud.read(path: "\(folder.path)/rest.laz")
    #expect(copy.count == 70_000 && copy.losses.isEmpty)
    #expect(copy.recordBytes == rest.recordBytes && copy.header.maximum == rest.header.maximum)
  }

  @Test func `a compressed file that ends early keeps the chunks before`() throws {
    let (cloud, file, start) = try file()
    for share in [3, 8] {
      let cut = Array(file[..<(start + (file.count - start) * share / 10)])
      #expect(throws: PointCloudError.self) { try PointCloud.read(bytes: cut) }
      let rest = try PointCloud.read(bytes: cut, isSalvaging: true)
      let count = share == 3 ? 0 : 50_000 * (share * 12 / 50)
      #expect((count...count + 50_000).contains(rest.count) && rest.count % 50_000 == 0)
      #expect(rest.losses.map(\.points) == [rest.count..<120_000])
      #expect(rest.recordBytes == Array(records(cloud, 0..<rest.count)))
    }
  }

  @Test func `an uncompressed file that ends early keeps the points before`() throws {
    let (cloud, file, start) = try file(isCompressed: false)
    let cut = Array(file[..<(start + 28 * 1_000 + 5)])
    #expect(#expect(throws: PointCloudError.self) { try PointCloud.read(bytes: cut) }?.code == .truncated)
    let rest = try PointCloud.read(bytes: cut, isSalvaging: true)
    #expect(rest.count == 1_000 && rest.losses.map(\.points) == [1_000..<120_000])
    #expect(rest.recordBytes == Array(records(cloud, 0..<1_000)))
  }

  @Test func `sound files lose nothing`() throws {
    let (cloud, file, _) = try file()
    let same = try PointCloud.read(bytes: file, isSalvaging: true)
    #expect(same.losses.isEmpty && same.recordBytes == cloud.recordBytes && same.header.pointCount == 120_000)
  }
}
