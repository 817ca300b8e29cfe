import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct StreamWriterTests {
  private func format(_ number: Int) throws -> PointFormat { try #require(PointFormat(number: number)) }

  private func frame(_ cloud: PointCloud) throws -> LASFrame {
    try LASFrame(
      minorVersion: 4, format: cloud.format, extraBytes: cloud.header.recordLength - cloud.format.baseLength,
      scale: cloud.header.scale, offset: cloud.header.offset, systemIdentifier: "SIMULATED",
      generatingSoftware: "a test", records: cloud.records)
  }

  private func random(_ format: Int, _ extraBytes: Int, _ count: Int) throws -> PointCloud {
    var random = SeededGenerator(seed: testSeed)
    return try PointCloud.read(
      bytes: RandomCloud(format: format, extraBytes: extraBytes, count: count).file(using: &random))
  }

  /// Appends all records, so many at a time, going round the list of sizes.
  private func stream(
    _ cloud: PointCloud, to path: String, isCompressed: Bool, batches: [Int], threads: Int = 2
  ) throws {
    var writer = try StreamWriter(path: path, frame: frame(cloud), isCompressed: isCompressed, threads: threads)
    let (bytes, length) = (cloud.recordBytes, cloud.header.recordLength)
    var (first, turn) = (0, 0)
    while first < cloud.count {
      let last = min(cloud.count, first + batches[turn % batches.count])
      try writer.append(Array(bytes[first * length..<last * length]))
      (first, turn) = (last, turn + 1)
    }
    #expect(writer.count == cloud.count)
    try writer.finish()
  }

  /// What is streamed of random points of each format reads back bit for bit, whatever the batches, and rewriting the
  /// cloud that was read gives the very same file: counts, bounds and places are those that a cloud has.
  @Test(arguments: 0...10, [false, true]) func `a streamed file is the one that a cloud is written as`(
    format: Int, isCompressed: Bool
  ) throws {
    let folder = try TemporaryFolder()
    for (count, extraBytes) in [(0, 0), (1, 3), (2, 0), (2_000, 5)] {
      let cloud = try random(format, extraBytes, count)
      var files: [[UInt8]] = []
      for (batches, threads) in [([1, 700, 3], 1), ([5_000], 3)] {
        try stream(cloud, to: "\(folder.path)/a", isCompressed: isCompressed, batches: batches, threads: threads)
        files.append(try bytes(ofFile: "\(folder.path)/a"))
      }
      let copy = try PointCloud.read(path: "\(folder.path)/a")
      #expect(copy.recordBytes == cloud.recordBytes && copy.count == count, "seed \(testSeed)")
      #expect(copy.header.isCompressed == isCompressed && copy.warnings.isEmpty)
      try copy.write(path: "\(folder.path)/b", isCompressed: isCompressed, threads: 2)
      files.append(try bytes(ofFile: "\(folder.path)/b"))
      #expect(files[0] == files[1] && files[0] == files[2], "seed \(testSeed)")
    }
  }

  /// 230,000 points: five chunks, of which four wait together at most.
  @Test(arguments: [false, true]) func `many parts come in order, whatever the batches and the threads`(
    isCompressed: Bool
  ) throws {
    let cloud = try random(6, 0, 230_000)
    let folder = try TemporaryFolder()
    var files: [[UInt8]] = []
    for (batches, threads) in [([230_000], 1), ([49_999, 1, 2], 2), ([100_003], 3)] {
      try stream(cloud, to: "\(folder.path)/a", isCompressed: isCompressed, batches: batches, threads: threads)
      files.append(try bytes(ofFile: "\(folder.path)/a"))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
    #expect(try PointCloud.read(path: "\(folder.path)/a", threads: 2).recordBytes == cloud.recordBytes)
  }

  /// Counts of each return and bounds, by hand from the columns; LAS 1.2 counts five returns in 32 bits, LAS 1.4 fifteen.
  @Test(arguments: [(1, 2), (6, 4), (3, 4)]) func `the header says what the points are`(
    number: Int, minorVersion: Int
  ) throws {
    let cloud = try random(number, 0, 3_000)
    let folder = try TemporaryFolder()
    let frame = try LASFrame(
      minorVersion: minorVersion, format: format(number), scale: Vector3(x: 0.01, y: 0.02, z: 0.5),
      offset: Vector3(x: 5, y: -6, z: 7), systemIdentifier: "s", generatingSoftware: "g")
    var writer = try StreamWriter(path: "\(folder.path)/a.las", frame: frame)
    try writer.append(cloud.recordBytes)
    let said = try writer.finish()
    let file = try bytes(ofFile: "\(folder.path)/a.las")
    let header = try PointCloud.read(bytes: file).header
    #expect(said == header && header.pointCount == 3_000 && header.minorVersion == minorVersion)
    let (x, y, z) = (cloud.integers(axis: 0), cloud.integers(axis: 1), cloud.integers(axis: 2))
    func ends(_ values: [Int32], _ scale: Double, _ offset: Double) -> [Double] {
      [values.min() ?? 0, values.max() ?? 0].map { offset + scale * Double($0) }
    }
    #expect([header.minimum.x, header.maximum.x] == ends(x, 0.01, 5))
    #expect([header.minimum.y, header.maximum.y] == ends(y, 0.02, -6))
    #expect([header.minimum.z, header.maximum.z] == ends(z, 0.5, 7))
    let returns = cloud.returnNumbers()
    for number in 1...5 {
      let count = returns.count { $0 == number }
      let legacy = (0..<4).reduce(0) { $0 | Int(file[107 + 4 * number + $1]) << (8 * $1) }
      #expect(legacy == (cloud.format.isExtended ? 0 : count))
      if minorVersion == 4 {
        #expect((0..<8).reduce(0) { $0 | Int(file[247 + 8 * number + $1]) << (8 * $1) } == count)
      }
    }
  }

  @Test(arguments: ["1_4_w_evlr.las", "fullwave.laz", "simple1_3.las"])
  func `the records of a real file are around the points`(name: String) throws {
    guard !SharedData.isAbsent, let shared = SharedData.folder else { return }
    let cloud = try PointCloud.read(path: "\(shared)/lidar/formats/\(name)")
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/whole", isCompressed: true)
    var writer = try StreamWriter(
      path: "\(folder.path)/parts", frame: cloud.frame, isCompressed: true, summary: .asGiven)
    let length = cloud.header.recordLength
    for first in stride(from: 0, to: cloud.count, by: 77) {
      try writer.append(Array(cloud.recordBytes[first * length..<min(cloud.count, first + 77) * length]))
    }
    try writer.finish()
    #expect(try bytes(ofFile: "\(folder.path)/parts") == bytes(ofFile: "\(folder.path)/whole"))
  }

  @Test(arguments: [false, true]) func `a writing that is given up leaves nothing behind`(isCompressed: Bool) throws {
    let cloud = try random(1, 0, 120_000)
    let folder = try TemporaryFolder()
    for limit in [0, 1, 2] {
      var asked = 0
      let error = #expect(throws: PointCloudError.self) {
        try cloud.write(path: "\(folder.path)/a", isCompressed: isCompressed) { _ in
          asked += 1
          return asked <= limit
        }
      }
      #expect(error?.code == .cancelled && asked == limit + 1)
    }
    do {
      var writer = try StreamWriter(path: "\(folder.path)/a", frame: frame(cloud), isCompressed: isCompressed)
      try writer.append(cloud.recordBytes)
    }
    #expect(Set(namesInFolder(folder.path)) == [".", ".."])
  }

  @Test func `progress of a cloud's writing grows to one`() throws {
    let folder = try TemporaryFolder()
    var shares: [Double] = []
    try random(1, 0, 120_000).write(path: "\(folder.path)/a.laz", isCompressed: true) { share in
      shares.append(share)
      return true
    }
    #expect(shares.count > 3 && shares.last == 1 && zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `frames that no file can have are refused`() throws {
    let (one, zero) = (Vector3(x: 1, y: 1, z: 1), Vector3(x: 0, y: 0, z: 0))
    func code(_ minorVersion: Int, _ number: Int, _ extra: Int = 0, _ scale: Vector3, _ offset: Vector3) throws -> Any?
    {
      let format = try format(number)
      let error = #expect(throws: PointCloudError.self) {
        try LASFrame(
          minorVersion: minorVersion, format: format, extraBytes: extra, scale: scale, offset: offset,
          systemIdentifier: "", generatingSoftware: "")
      }
      return error?.code
    }
    let wrong = Vector3(x: 0.1, y: .nan, z: 0.1)
    for (minorVersion, number, extra, scale, offset) in [
      (3, 6, 0, one, zero), (2, 4, 0, one, zero), (5, 1, 0, one, zero), (4, 6, -1, one, zero),
      (4, 6, 65_530, one, zero),
      (4, 6, 0, zero, zero), (4, 6, 0, wrong, zero), (4, 6, 0, one, wrong),
    ] {
      #expect(try code(minorVersion, number, extra, scale, offset) as? PointCloudError.Code == .invalidParameter)
    }
  }
}
