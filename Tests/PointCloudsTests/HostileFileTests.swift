import PointClouds
import StrataCore
import TestSupport
import Testing

/// Files that nobody writes by mistake: small ones that would take much time or memory, and names that say something else elsewhere.
@Suite struct HostileFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func put(_ number: Int, _ size: Int, _ file: inout [UInt8], _ place: Int) {
    for index in 0..<size { file[place + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
  }

  private func number(_ file: [UInt8], _ place: Int, _ size: Int) -> Int {
    file[place..<place + size].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Layered LAZ with the record by which COPC begins, and pages of a hierarchy, the first of which has `rootEntries`.
  private func octree(rootEntries: Int, pages: (_ place: Int) -> [UInt8]) throws -> String {
    var random = SeededGenerator(seed: 1)
    let path = "\(folder.path)/a.copc.laz"
    try PointCloud.read(bytes: RandomCloud(format: 6, extraBytes: 0, count: 5).file(using: &random))
      .write(path: path, isCompressed: true)
    let sound = try bytes(ofFile: path)
    var info = [UInt8](repeating: 0, count: 54 + 160)
    info.replaceSubrange(2..<6, with: "copc".utf8)
    put(1, 2, &info, 18)
    put(160, 2, &info, 20)
    let root = sound.count + info.count
    put(root, 8, &info, 54 + 40)
    put(32 * rootEntries, 8, &info, 54 + 48)
    var file = Array(sound[..<375] + info + sound[375...] + pages(root))
    put(number(sound, 96, 4) + info.count, 4, &file, 96)
    put(2, 4, &file, 100)
    try write(file, to: path)
    return path
  }

  private func entry(place: Int, size: Int, points: Int) -> [UInt8] {
    var entry = [UInt8](repeating: 0, count: 32)
    put(place, 8, &entry, 16)
    put(size, 4, &entry, 24)
    put(points, 4, &entry, 28)
    return entry
  }

  /// A megabyte of them would be read for minutes: as many times as there are entries.
  @Test func `pages of an octree that lie within each other are refused`() throws {
    let count = 40
    let path = try octree(rootEntries: count) { root in
      // Each entry leads to a page that begins one entry later than the last; their entries are of no points.
      let rest = root + 32 * count
      return (0..<count).flatMap { entry(place: rest + 32 * $0, size: 32 * (count - $0), points: -1) }
        + (0..<count).flatMap { _ in entry(place: 0, size: 0, points: 0) }
    }
    let error = #expect(throws: PointCloudError.self) { try COPCFile(path: path).read() }
    #expect(error?.code == .corrupt && error?.message.contains("overlap") == true)
  }

  @Test func `pages of an octree that follow one another are read`() throws {
    let path = try octree(rootEntries: 4) { root in
      (0..<3).flatMap { entry(place: root + 32 * (4 + $0), size: 32, points: -1) }
        + (0..<4).flatMap { _ in entry(place: 0, size: 0, points: 0) }
    }
    let found = try COPCFile(path: path).read()
    #expect(found.count == 0)
  }

  /// Chunks are found by decoding them: what they make together is known before that.
  @Test func `a file without its table is not decoded beyond what it may expand to`() throws {
    var random = SeededGenerator(seed: 1)
    var sound = Array(RandomCloud(format: 0, extraBytes: 0, count: 1).file(using: &random)[..<375])
    put(150_000, 8, &sound, 247)
    sound += [UInt8](repeating: 0, count: 20 * 150_000)
    let path = "\(folder.path)/a.laz"
    try PointCloud.read(bytes: sound).write(path: path, isCompressed: true)
    var file = try bytes(ofFile: path)
    let start = number(file, 96, 4)
    put(7, 8, &file, start)
    let limits = ReadLimits(expansionMax: 1, expandedBytesAlwaysAllowed: 20 * 120_000)
    let error = #expect(throws: PointCloudError.self) {
      try PointCloud.read(bytes: file, limits: limits, isSalvaging: true)
    }
    #expect(error?.code == .limitExceeded && (error?.offset ?? 0) > start)
    let salvaged = try PointCloud.read(bytes: file, isSalvaging: true)
    #expect(salvaged.count == 150_000)
  }

  /// Their layers share models: of their own they would take tens of megabytes for each thread.
  @Test(arguments: [1, 4_000]) func `extra bytes in layers of points of four channels read back`(extraBytes: Int) throws
  {
    var random = SeededGenerator(seed: testSeed)
    var file = Array(RandomCloud(format: 6, extraBytes: extraBytes, count: 60).file(using: &random))
    for point in 0..<60 {
      let place = Int(number(file, 96, 4)) + point * Int(number(file, 105, 2)) + 15
      file[place] = file[place] & 0xCF | UInt8(point / 7 % 4) << 4
    }
    let cloud = try PointCloud.read(bytes: file)
    let channels = Set((0..<cloud.count).map { cloud.recordBytes[$0 * cloud.header.recordLength + 15] >> 4 & 3 })
    #expect(channels.count == 4, "seed \(testSeed)")
    let path = "\(folder.path)/a.laz"
    for threads in [1, 2] {
      try cloud.write(path: path, isCompressed: true, threads: threads)
      let isSame = try PointCloud.read(path: path, threads: threads).recordBytes == cloud.recordBytes
      #expect(isSame, "seed \(testSeed)")
    }
  }

  /// Every edge is at every height: strips of them would hold a million times as much as there is.
  @Test func `a polygon of edges from bottom to top takes no more than its edges`() throws {
    let teeth = 30_000
    let zigzag = (0..<2 * teeth).map { SIMD2(Double($0), $0.isMultiple(of: 2) ? 0 : 1_000) }
    let region = try CropRegion(polygons: [[zigzag + [SIMD2(Double(2 * teeth), -1), SIMD2(0, -1)]]])
    for tooth in stride(from: 0, to: teeth, by: 997) {
      let middle = Double(2 * tooth + 1)
      #expect(region.contains(SIMD3(middle, 999, 0)) && region.contains(SIMD3(middle, 1_000, 0)))
      #expect(!region.contains(SIMD3(middle - 0.5, 999, 0)) && region.contains(SIMD3(middle - 0.5, 1, 0)))
    }
  }

  @Test func `numbers of a compressed PCD count as what they become`() throws {
    // One byte, and two copies of what is one byte before.
    let code: [UInt8] = [0, 0, 7 << 5, 255 - 9, 0, 6 << 5, 0]
    let count = (1 + 255 + 8) / 3
    var file = Array(
      """
      # .PCD v0.7
      FIELDS x y z
      SIZE 1 1 1
      TYPE U U U
      WIDTH \(count)
      HEIGHT 1
      DATA binary_compressed

      """.utf8)
    for number in [code.count, 3 * count] { file += (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) } }
    let path = "\(folder.path)/a.pcd"
    try write(file + code, to: path)
    func convert(_ limits: ReadLimits) throws(PointCloudError) -> ConvertSummary {
      try ConvertPipeline.run(input: path, outputDirectory: folder.path, limits: limits)
    }
    let error = #expect(throws: PointCloudError.self) {
      try convert(ReadLimits(tableExpansionMax: 10, expandedBytesAlwaysAllowed: 24 * count - 1))
    }
    #expect(error?.code == .limitExceeded)
    let made = try convert(ReadLimits(tableExpansionMax: 10, expandedBytesAlwaysAllowed: 24 * count))
    #expect(made.points == count)
  }

  /// What other programs name so, and nothing says that no two have one name.
  @Test(arguments: [ScanFormat.csv, .pcd, .ply]) func `extra bytes of any name come back`(format: ScanFormat) throws {
    let cloud = try ScanSimulator(seed: 2, points: 20).makeCloud()
    let numbers = cloud.integers(axis: 0)
    let named = try cloud.adding(
      ["1", "_", "nan", "rgb", "Class", "nir", "qqq", "qqw"].map { ExtraColumn($0, .int32(numbers)) })
    let path = "\(folder.path)/a.las"
    try named.write(path: path)
    var file = try bytes(ofFile: path)
    let place = try #require(file.indices.first { file[$0...].starts(with: "qqw".utf8) })
    file[place + 2] = UInt8(ascii: "q")
    try write(file, to: path)
    for (input, output) in [("a.las", format), ("a.\(format.rawValue)", .laz)] {
      _ = try ConvertPipeline.run(
        input: "\(folder.path)/\(input)", outputDirectory: folder.path, parameters: ConvertParameters(format: output))
    }
    let back = try PointCloud.read(path: "\(folder.path)/a.laz")
    for name in ["extra_1", "extra__", "extra_nan", "extra_rgb", "extra_Class", "extra_nir", "qqq", "qqq_2"] {
      #expect(back.extraValues(named: name) == numbers.map(Double.init), "\(name)")
    }
  }
}
