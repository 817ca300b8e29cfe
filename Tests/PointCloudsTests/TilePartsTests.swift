import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

/// Parts of the work on a scan, brought together, are the very result of one run.
@Suite struct TilePartsTests {
  private static let points = 10_000

  private static let works: [WorkInParts] = [
    .stages(#"[{"stage": "thin", "size": 2}, {"stage": "ground", "window": 5}]"#, .laz),
    .stages(#"[{"stage": "outliers", "method": "radius", "radius": 2}]"#, .las),
    .stages(
      #"[{"stage": "crop", "min_x": 20, "max_x": 45.5}, {"stage": "classes", "action": "drop", "returns": "only"}]"#,
      .laz),
    .ground(.smrf), .ground(.auto),
    .raster([.dsm, .density, .intensity], .auto, .tin),
    .raster([.dtm, .chm, .slope, .aspect, .contours], .classified, .tin),
    .raster([.hillshade, .chm, .dsm], .find, .tin),
    .raster([.dtm, .chm], .find, .idw),
  ]

  private func scan(in folder: TemporaryFolder, isCompressed: Bool = false, seed: UInt64 = 21) throws -> String {
    let path = "\(folder.path)/scan.la\(isCompressed ? "z" : "s")"
    try ScanSimulator(seed: seed, points: Self.points).makeCloud().write(path: path, isCompressed: isCompressed)
    return path
  }

  private static let counts = zip(works, [[1, 2, 3, 7], [2], [3], [1, 7], [2], [2], [7], [2, 3], [3]])

  @Test(arguments: counts) func `parts together are one run, to the last bit`(
    work: WorkInParts, counts: [Int]
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    let whole = try work.run(path)
    #expect(whole.tiles > 20 && whole.taken.isEmpty && !whole.files.isEmpty, "\(whole.tiles) tiles")
    // Some of the last have no tile.
    for count in counts.contains(1) ? counts + [whole.tiles + 2] : counts {
      let out = try TemporaryFolder()
      let parts = try work.runParts(count, path, in: out)
      let merged = try work.run(path, parts.reversed())
      expectSame(merged, whole, "\(work) of \(count) parts")
      #expect(merged.warnings == whole.warnings)
      #expect(!merged.taken.isEmpty && merged.taken.values.allSatisfy { $0 == whole.tiles })
      #expect(merged.worked == 0 && whole.worked == Self.points)
    }
  }

  @Test(arguments: [works[0], works[3], works[7]]) func `compressed scans are worked on in parts as well`(
    work: WorkInParts
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder, isCompressed: true)
    let out = try TemporaryFolder()
    let parts = try work.runParts(3, path, in: out)
    expectSame(try work.run(path, parts), try work.run(path), "\(work)")
  }

  @Test func `classes of all values are carried over`() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: testSeed)
    let cloud = try ScanSimulator(seed: 21, points: Self.points).makeCloud()
    let path = "\(folder.path)/scan.las"
    try cloud.setting(
      classifications: (0..<cloud.count).map { _ in UInt8.random(in: 0...31, using: &random) }
    ).write(path: path)
    let work = WorkInParts.stages(#"[{"stage": "thin", "size": 0.5}]"#, .las)
    let out = try TemporaryFolder()
    expectSame(try work.run(path, try work.runParts(2, path, in: out)), try work.run(path), "seed \(testSeed)")
  }

  @Test(arguments: [works[0], works[4], works[7]]) func `tiles that no part has are worked on, and told of`(
    work: WorkInParts
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    let out = try TemporaryFolder()
    let parts = try work.runParts(3, path, in: out)
    let whole = try work.run(path)
    let merged = try work.run(path, [parts[0], parts[2]])
    expectSame(merged, whole, "\(work)")
    let missing = whole.tiles - (merged.taken.values.min() ?? 0)
    #expect(missing > 0 && missing < whole.tiles)
    #expect(merged.worked > 0 && merged.worked < Self.points)
    #expect(
      merged.warnings == whole.warnings + [
        "\(missing) of \(whole.tiles) tiles are in none of the 2 files of parts, and were worked on here"
      ])
    // The last tile was cut off.
    let bytes = try bytes(ofFile: parts[1])
    try write(bytes.dropLast(3), to: parts[1])
    let cut = try work.run(path, parts)
    expectSame(cut, whole, "\(work)")
    #expect(cut.warnings.last?.hasPrefix("1 of \(whole.tiles) tiles") == true, "\(cut.warnings)")
  }

  /// Scans that are one tile are the first part's, and come out as they do of one run, their pictures, too.
  @Test(arguments: [works[0], works[3], works[7]]) func `of a small scan the first part does all`(
    work: WorkInParts
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    // Stages take a scan of up to twice as many points whole.
    for tilePoints in [Self.points, Self.points * 2 / 3] {
      let setting = WorkInParts.Setting(tilePoints: tilePoints)
      let whole = try work.run(path, [], setting)
      let out = try TemporaryFolder()
      let first = try work.runPart(TilePart(1, of: 2), path, in: out, setting)
      let second = try work.runPart(TilePart(2, of: 2), path, in: out, setting)
      #expect(first.summary.tiles + second.summary.tiles == whole.tiles)
      if whole.tiles == 1 { #expect(first.summary.points == Self.points && second.summary.points == 0) }
      expectSame(try work.run(path, [first.path, second.path], setting), whole, "\(work)")
    }
  }

  @Test func `no part has more points than is said before`() throws {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<200 {
      let tiles = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        Int.random(in: 0...TilePart.tilePointsMost, using: &random)
      }
      let (total, count) = (tiles.reduce(0, +), Int.random(in: 1...12, using: &random))
      for number in 1...count {
        let part = try TilePart(number, of: count)
        let points = part.share(of: tiles).reduce(0) { $0 + tiles[$1] }
        #expect(points <= part.pointsMax(of: total), "part \(part) of \(tiles), seed \(testSeed)")
      }
    }
  }

  @Test func `what needs the whole scan is refused, saying why`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    for (work, reason) in [
      (WorkInParts.stages(#"[{"stage": "thin"}, {"stage": "clusters"}]"#, .laz), "stage 2 (clusters)"),
      (.stages(#"[{"stage": "thin", "size": 2}]"#, .ply), "'ply'"),
    ] {
      let out = try TemporaryFolder()
      let error = #expect(throws: PointCloudError.self) { try work.runPart(TilePart(1, of: 2), path, in: out) }
      #expect(error?.code == .unsupported && error?.message.contains(reason) == true, "\(error?.message ?? "")")
      #expect(out.names.allSatisfy { $0.hasPrefix(".") })
    }
  }

  @Test(arguments: [works[0], works[3], works[7]]) func `a part that is cancelled leaves nothing behind`(
    work: WorkInParts
  ) throws {
    let (folder, out) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    for after in [0, 4, 20] {
      var asked = 0
      var setting = WorkInParts.Setting(threads: 1)
      setting.isCancelled = {
        asked += 1
        return asked > after
      }
      let error = #expect(throws: PointCloudError.self) {
        try work.runPart(TilePart(1, of: 2), path, in: out, setting)
      }
      #expect(error?.code == .cancelled && out.names.allSatisfy { $0 == "." || $0 == ".." }, "\(out.names)")
    }
  }

  @Test func `parts are like 3 of 8, and share all tiles`() throws {
    for (text, part) in try [
      ("3/8", TilePart(3, of: 8)), ("1/1", TilePart(1, of: 1)), ("256/256", TilePart(256, of: 256)),
    ] {
      #expect(try TilePart(text) == part && part.description == text)
    }
    for text in [
      "", "3", "3/", "/8", "0/8", "9/8", "3/8/1", "3 / 8", "-1/8", "+3/8", "a/b", "1/257", "1/99999999999999999999",
    ] {
      let error = #expect(throws: PointCloudError.self, "'\(text)'") { try TilePart(text) }
      #expect(error?.code == .invalidParameter)
    }
  }
}
