import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct CloudEditingTests {
  /// Written and read again.
  private func again(_ cloud: PointCloud, isCompressed: Bool = false) throws -> PointCloud {
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/out", isCompressed: isCompressed)
    return try PointCloud.read(path: "\(folder.path)/out")
  }

  private func random(_ format: Int, extraBytes: Int, count: Int = 300) throws -> PointCloud {
    var random = SeededGenerator(seed: testSeed &+ UInt64(format))
    return try PointCloud.read(
      bytes: RandomCloud(format: format, extraBytes: extraBytes, count: count).file(using: &random))
  }

  private func record(_ cloud: PointCloud, _ index: Int) -> ArraySlice<UInt8> {
    let length = cloud.header.recordLength
    return cloud.recordBytes[index * length..<(index + 1) * length]
  }

  @Test(arguments: 0...10, [0, 3]) func `points are kept bit for bit, in the order asked for`(
    format: Int, extraBytes: Int
  ) throws {
    let cloud = try random(format, extraBytes: extraBytes)
    var numbers = SeededGenerator(seed: testSeed)
    let indices = (0..<200).map { _ in Int32.random(in: 0..<300, using: &numbers) }
    let kept = try again(cloud.keeping(indices, threads: 2), isCompressed: true)
    #expect(kept.recordBytes == indices.flatMap { record(cloud, Int($0)) }, "seed \(testSeed)")
    #expect(kept.records == cloud.records && kept.header.pointCount == 200)
    let heights = indices.map { Double(cloud.integers(axis: 2)[Int($0)]) * 0.001 }
    #expect(kept.header.minimum.z == heights.min() && kept.header.maximum.z == heights.max())
    let mask = (0..<300).map { $0 % 3 == 1 }
    let masked = try again(cloud.keeping(where: mask))
    #expect(masked.recordBytes == mask.indices.filter { mask[$0] }.flatMap { record(cloud, $0) })
    // Counts by return of LAS 1.4, at 255 of the header.
    let returns = masked.returnNumbers()
    for number in 1...(cloud.format.isExtended ? 15 : 7) {
      #expect(try countOfReturn(number, masked) == returns.count { Int($0) == number })
    }
  }

  private func countOfReturn(_ number: Int, _ cloud: PointCloud) throws -> Int {
    let folder = try TemporaryFolder()
    try cloud.write(path: "\(folder.path)/out")
    let file = try bytes(ofFile: "\(folder.path)/out")
    return (0..<8).reduce(0) { $0 | Int(file[247 + 8 * number + $1]) << (8 * $1) }
  }

  @Test func `no points are a cloud without points`() throws {
    let cloud = try random(7, extraBytes: 2)
    let none = try again(cloud.keeping([]), isCompressed: true)
    #expect(none.count == 0 && none.header.pointCount == 0 && none.header.minimum == none.header.maximum)
  }

  private static func columns(_ count: Int, _ random: inout SeededGenerator) -> [ExtraColumn] {
    func whole<Number: FixedWidthInteger>(_: Number.Type, _ random: inout SeededGenerator) -> [Number] {
      (0..<count).map { _ in Number.random(in: Number.min...Number.max, using: &random) >> Number(Number.bitWidth / 2) }
    }
    return [
      ExtraColumn("bytes", .uint8(whole(UInt8.self, &random))), ExtraColumn("int8", .int8(whole(Int8.self, &random))),
      ExtraColumn("uint16", .uint16(whole(UInt16.self, &random))),
      ExtraColumn("int16", .int16(whole(Int16.self, &random)), description: "sixteen bits"),
      ExtraColumn("uint32", .uint32(whole(UInt32.self, &random))),
      ExtraColumn("int32", .int32(whole(Int32.self, &random))),
      ExtraColumn("uint64", .uint64(whole(UInt64.self, &random))),
      ExtraColumn("int64", .int64(whole(Int64.self, &random))),
      ExtraColumn("float", .float32((0..<count).map { _ in Float.random(in: -1...1, using: &random) })),
      ExtraColumn("double", .float64((0..<count).map { _ in Double.random(in: -1...1, using: &random) })),
    ]
  }

  private func numbers(_ values: ExtraColumn.Values) -> [Double] {
    switch values {
    case .uint8(let values): values.map { Double($0) }
    case .int8(let values): values.map { Double($0) }
    case .uint16(let values): values.map { Double($0) }
    case .int16(let values): values.map { Double($0) }
    case .uint32(let values): values.map { Double($0) }
    case .int32(let values): values.map { Double($0) }
    case .uint64(let values): values.map { Double($0) }
    case .int64(let values): values.map { Double($0) }
    case .float32(let values): values.map { Double($0) }
    case .float64(let values): values
    }
  }

  @Test(arguments: 0...10, [0, 300]) func `dimensions of all types are added behind what there was`(
    format: Int, extraBytes: Int
  ) throws {
    let cloud = try random(format, extraBytes: extraBytes)
    var random = SeededGenerator(seed: testSeed)
    let columns = Self.columns(cloud.count, &random)
    // In two steps: the second continues the record of the first.
    let made = try again(
      cloud.adding(Array(columns[..<4]), threads: 2).adding(Array(columns[4...])), isCompressed: true)
    #expect(made.header.recordLength == cloud.header.recordLength + 42)
    #expect(made.extraNames == columns.map(\.name))
    for column in columns {
      let isSame = made.extraValues(named: column.name) == numbers(column.values)
      #expect(isSame, "\(column.name)")
    }
    let old = cloud.header.recordLength
    for index in 0..<cloud.count { #expect(record(made, index).prefix(old) == record(cloud, index)) }
    #expect(made.records.count == 1 && made.warnings.isEmpty)
    #expect(made.records[0].payload.count == 192 * (columns.count + (extraBytes > 0 ? 2 : 0)))
    #expect(String(decoding: made.records[0].payload, as: UTF8.self).contains("sixteen bits"))
  }

  @Test func `names that are there, empty or too long are refused, or written over where that is asked for`() throws {
    let cloud = try random(6, extraBytes: 0).adding([ExtraColumn("A", .uint8(Array(repeating: 7, count: 300)))])
    func code(_ columns: [ExtraColumn], isReplacing: Bool = false) -> PointCloudError.Code? {
      do throws(PointCloudError) { _ = try cloud.adding(columns, isReplacing: isReplacing) } catch { return error.code }
      return nil
    }
    let ones = ExtraColumn.Values.uint8(Array(repeating: 1, count: 300))
    #expect(code([ExtraColumn("A", ones)]) == .invalidParameter)
    #expect(code([ExtraColumn("B", ones), ExtraColumn("B", ones)]) == .invalidParameter)
    #expect(code([ExtraColumn("", ones)]) == .invalidParameter)
    #expect(code([ExtraColumn(String(repeating: "n", count: 33), ones)]) == .invalidParameter)
    #expect(code([ExtraColumn("A", .int8(Array(repeating: 1, count: 300)))], isReplacing: true) == .invalidParameter)
    #expect(code((0..<341).map { ExtraColumn("B\($0)", ones) }) == .limitExceeded)
    let replaced = try again(cloud.adding([ExtraColumn("A", ones)], isReplacing: true))
    #expect(replaced.extraNames == ["A"] && replaced.extraValues(named: "A")?.allSatisfy { $0 == 1 } == true)
    #expect(replaced.header.recordLength == cloud.header.recordLength)
  }

  /// Real files: what they have in extra bytes, records and waveforms stays.
  @Test(arguments: ["extrabytes.las", "extra-bytes.las", "1_4_w_evlr.las", "fullwave.laz", "vegetation_1_3.las"])
  func `files with records of all kinds take more dimensions`(name: String) throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let cloud = try PointCloud.read(path: "\(folder)/lidar/formats/\(name)")
    let column = ExtraColumn("Strata test", .float32((0..<cloud.count).map { Float($0) / 4 }))
    let made = try again(cloud.adding([column]))
    #expect(made.extraNames == cloud.extraNames + ["Strata test"])
    for old in cloud.extraNames { #expect(made.extraValues(named: old) == cloud.extraValues(named: old)) }
    #expect(made.extraValues(named: "Strata test") == (0..<cloud.count).map { Double($0) / 4 })
    #expect(made.extendedRecords == cloud.extendedRecords)
    #expect((made.header.waveformOffset == 0) == (cloud.header.waveformOffset == 0))
    #expect(Set(cloud.records).subtracting(made.records).allSatisfy { $0.recordIdentifier == 4 })
  }

  @Test(arguments: 0...10) func `classes, colours and places change alone`(format: Int) throws {
    let cloud = try random(format, extraBytes: 5)
    let classes = cloud.classifications().map { ($0 &+ 9) & (format < 6 ? 31 : 255) }
    let classed = try again(cloud.setting(classifications: classes, threads: 2))
    #expect(classed.classifications() == classes)
    let back = try classed.setting(classifications: cloud.classifications())
    #expect(back.recordBytes == cloud.recordBytes)
    if format < 6 {
      let error = #expect(throws: PointCloudError.self) {
        try cloud.setting(classifications: Array(repeating: 32, count: cloud.count))
      }
      #expect(error?.code == .invalidParameter)
    }
    let colors = (0..<cloud.count).map { SIMD3(UInt16($0), UInt16(3 * $0), UInt16(65_535 - $0)) }
    if cloud.colors() == nil {
      #expect(throws: PointCloudError.self) { try cloud.setting(colors: colors) }
    } else {
      let colored = try again(cloud.setting(colors: colors))
      #expect(colored.colors() == colors)
      #expect(try colored.setting(colors: cloud.colors() ?? []).recordBytes == cloud.recordBytes)
    }
    let old = try cloud.coordinates()
    let moved = try Coordinates(x: old.x.map { $0 / 2 + 5 }, y: old.y.map { -$0 }, z: old.z.map { $0 / 100 })
    let (scale, offset) = (Vector3(x: 0.0025, y: 0.01, z: 0.0001), Vector3(x: 100, y: -3, z: 0.5))
    let made = try again(cloud.setting(coordinates: moved, scale: scale, offset: offset))
    let new = try made.coordinates()
    #expect(zip(new.x, moved.x).allSatisfy { abs($0 - $1) <= 0.001_26 })
    #expect(zip(new.y, moved.y).allSatisfy { abs($0 - $1) <= 0.005_01 })
    #expect(zip(new.z, moved.z).allSatisfy { abs($0 - $1) <= 0.000_051 })
    #expect(made.header.maximum.x == new.x.max() && made.header.minimum.y == new.y.min())
    #expect(made.header.scale == scale && made.header.offset == offset)
    let error = #expect(throws: PointCloudError.self) {
      try cloud.setting(coordinates: moved, scale: Vector3(x: 1e-9, y: 1, z: 1), offset: offset)
    }
    #expect(error?.code == .invalidParameter)
  }

  /// What a point says, in the words of both families of formats.
  private func meaning(_ cloud: PointCloud, _ index: Int) -> [Int] {
    let record = Array(record(cloud, index))
    let isExtended = cloud.format.isExtended
    func word(_ place: Int) -> Int { Int(record[place]) | Int(record[place + 1]) << 8 }
    let angle =
      isExtended
      ? Int((Double(Int16(bitPattern: UInt16(word(18)))) * 0.006).rounded()) : Int(Int8(bitPattern: record[16]))
    let flags = isExtended ? Int(record[15] & 7) : Int(record[15] >> 5)
    let directionAndEdge = isExtended ? Int(record[15] >> 6) : Int(record[14] >> 6)
    return [flags, directionAndEdge, angle, Int(record[17]), word(isExtended ? 20 : 18), word(12)]
  }

  @Test(arguments: 0...10, 0...10) func `a richer format keeps all, a poorer one is refused`(old: Int, new: Int) throws
  {
    let cloud = try random(old, extraBytes: 3, count: 200)
    let format = try #require(PointFormat(number: new))
    let allowed: [Int: Set<Int>] = [
      0: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1: [3, 4, 5, 6, 7, 8, 9, 10], 2: [3, 5, 7, 8, 10], 3: [5, 7, 8, 10],
      4: [5, 9, 10], 5: [10], 6: [7, 8, 9, 10], 7: [8, 10], 8: [10], 9: [10], 10: [],
    ]
    guard old == new || allowed[old]?.contains(new) == true else {
      let error = #expect(throws: PointCloudError.self) { try cloud.promoted(to: format) }
      #expect(error?.code == .unsupported)
      return
    }
    let made = try again(cloud.promoted(to: format, threads: 2), isCompressed: true)
    #expect(made.format == format && made.count == cloud.count && made.records == cloud.records)
    for axis in 0..<3 { #expect(made.integers(axis: axis) == cloud.integers(axis: axis)) }
    #expect(made.returnNumbers() == cloud.returnNumbers() && made.returnCounts() == cloud.returnCounts())
    #expect(made.classifications() == cloud.classifications())
    if let times = cloud.times() { #expect(made.times()?.map(\.bitPattern) == times.map(\.bitPattern)) }
    if let colors = cloud.colors() { #expect(made.colors() == colors) }
    for index in 0..<cloud.count {
      #expect(meaning(made, index) == meaning(cloud, index))
      #expect(record(made, index).suffix(3) == record(cloud, index).suffix(3))
    }
  }

  @Test func `the version is raised where the format needs it, and counts move to where it has them`() throws {
    let cloud = try ScanSimulator(seed: 5, points: 1_000).makeCloud()
    #expect(cloud.header.minorVersion == 2)
    for (number, version) in [(3, 2), (5, 3), (6, 4), (8, 4)] {
      let made = try again(cloud.promoted(to: #require(PointFormat(number: number))))
      #expect(made.header.minorVersion == version && made.count == 1_000 && made.header.pointCount == 1_000)
      #expect(made.warnings.isEmpty && made.header.usesWKT == (number >= 6))
      #expect(try made.coordinateSystem() == cloud.coordinateSystem())
    }
  }

  /// The file has its coordinate system as GeoTIFF keys; the formats from 6 on have it as text.
  @Test func `coordinate systems are given as text where the format asks for it`() throws {
    guard !SharedData.isAbsent, let folder = SharedData.folder else { return }
    let cloud = try PointCloud.read(path: "\(folder)/lidar/formats/autzen_trim.las")
    let system = try #require(try cloud.coordinateSystem())
    let format = try #require(PointFormat(number: 7))
    let without = try again(cloud.promoted(to: format))
    #expect(try without.coordinateSystem() == system)
    #expect(!without.header.usesWKT)
    let with = try again(cloud.promoted(to: format, wkt: system.wkt))
    #expect(with.header.usesWKT)
    #expect(try with.coordinateSystem()?.name == system.name)
  }
}
