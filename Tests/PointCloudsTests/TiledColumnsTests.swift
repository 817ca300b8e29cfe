import FoundationEssentials
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

/// Stages that add columns write over tiles what they write of the whole, to the last bit: where points lie dense, and where the nearest neighbours, or the
/// ground, are tiles away.
@Suite struct TiledColumnsTests {
  private static let points = 24_000
  /// Some tens of tiles, and everything in scratch files.
  private static let tilePoints = 700

  private static let lists = [
    #"[{"stage": "normals", "neighbours": 10}]"#,
    #"[{"stage": "features", "scales": [8, 30]}]"#,
    #"[{"stage": "normals"}, {"stage": "features", "scales": [12], "basis": "deviations"}]"#,
    #"[{"stage": "thin", "size": 2}, {"stage": "normals", "neighbours": 12}]"#,
    #"[{"stage": "normals", "neighbours": 400}]"#,
    #"[{"stage": "height_above_ground", "reach": 9}]"#,
    #"[{"stage": "height_above_ground", "reach": 1.2, "cell": 0.7}, {"stage": "classes", "classes": [2, 5, 6]}]"#,
    #"[{"stage": "outliers", "method": "radius", "radius": 2}, {"stage": "ground", "window": 8}, "#
      + #"{"stage": "height_above_ground", "reach": 12}]"#,
    #"[{"stage": "crop", "min_x": 20, "max_x": 70}, {"stage": "features", "scales": [10]}, "#
      + #"{"stage": "thin", "size": 1.5}, {"stage": "height_above_ground"}, {"stage": "normals", "neighbours": 6}, "#
      + #"{"stage": "classes", "returns": "last"}, {"stage": "features", "scales": [10]}]"#,
  ]

  /// A scan with a lake, a part where few points lie, and points in one place.
  private func scan(
    in folder: TemporaryFolder, pointFormat: Int = 1, isCompressed: Bool = false, seed: UInt64 = testSeed
  ) throws -> String {
    var parameters = SimulationParameters(seed: 33, extent: .points(Self.points))
    parameters.pointFormat = pointFormat
    let cloud = try ScanSimulator(parameters).makeCloud()
    let places = try cloud.coordinates()
    let (low, high) = try #require(places.bounds())
    let middle = low + (high - low) * 0.4
    let lake = 0.2 * (high.x - low.x)
    var random = SeededGenerator(seed: seed)
    var kept: [Int32] = []
    for index in 0..<places.count {
      let way = places[index] - middle
      if way.x * way.x + way.y * way.y < lake * lake { continue }
      let isSparse = places[index].x > low.x + 0.75 * (high.x - low.x)
      if isSparse && Int.random(in: 0..<60, using: &random) > 0 { continue }
      kept += [Int32](repeating: Int32(index), count: Int.random(in: 0..<50, using: &random) == 0 ? 3 : 1)
    }
    let path = "\(folder.path)/scan.la\(isCompressed ? "z" : "s")"
    try cloud.keeping(kept).write(path: path, isCompressed: isCompressed)
    return path
  }

  private func run(
    _ path: String, _ stages: String, _ format: ScanFormat, tilePoints: Int, threads: Int
  ) throws -> (bytes: [UInt8], picture: [UInt8], summary: StagesSummary) {
    let folder = try TemporaryFolder()
    let requests = try JSONDecoder().decode([StageRequest].self, from: Data(stages.utf8))
    let summary = try StagesPipeline.run(
      input: path, outputDirectory: folder.path, parameters: StagesParameters(stages: requests, format: format),
      threads: threads, tilePointsMax: tilePoints)
    func made(_ place: Int) throws -> [UInt8] { try bytes(ofFile: "\(folder.path)/\(summary.outputs[place])") }
    return (try made(0), try made(1), summary)
  }

  @Test(arguments: lists) func `the result is that of the whole`(stages: String) throws {
    let folder = try TemporaryFolder()
    let threads = try #require(Self.lists.firstIndex(of: stages)) % 3 + 1
    for (pointFormat, isCompressed, format) in [(1, false, ScanFormat.laz), (6, true, .las)] {
      let path = try scan(in: folder, pointFormat: pointFormat, isCompressed: isCompressed)
      let whole = try run(path, stages, format, tilePoints: Self.points, threads: 1)
      let tiled = try run(path, stages, format, tilePoints: Self.tilePoints, threads: threads)
      #expect(whole.summary.tiles == 1 && tiled.summary.tiles >= 20, "\(tiled.summary.tiles) tiles")
      let isSame = tiled.bytes == whole.bytes
      let isSamePicture = tiled.picture == whole.picture && tiled.summary.outputs[1].hasSuffix(".png")
      #expect(isSamePicture, "\(stages), seed \(testSeed)")
      #expect(isSame, "\(stages): \(tiled.bytes.count) and \(whole.bytes.count) bytes, seed \(testSeed)")
      for (mine, theirs) in zip(tiled.summary.steps, whole.summary.steps) {
        #expect(mine.pointsBefore == theirs.pointsBefore && mine.pointsAfter == theirs.pointsAfter)
        #expect(mine.facts == theirs.facts && mine.parameters == theirs.parameters, "\(stages), seed \(testSeed)")
      }
      #expect(tiled.summary.extraDimensions == whole.summary.extraDimensions)
      #expect(tiled.summary.minimum == whole.summary.minimum && tiled.summary.maximum == whole.summary.maximum)
    }
  }

  @Test func `wide columns are worked on in smaller tiles`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    func run(_ scales: String) throws -> (bytes: [UInt8], picture: [UInt8], summary: StagesSummary) {
      let stages = #"[{"stage": "features", "scales": [\#(scales)]}]"#
      return try self.run(path, stages, .las, tilePoints: 5_000, threads: 2)
    }
    let (narrow, wide) = (try run("8, 10").summary, try run("8, 10, 12, 14, 16, 18, 20, 22"))
    #expect(narrow.tiles > 1 && wide.summary.tiles >= 2 * narrow.tiles)
    let stages = #"[{"stage": "features", "scales": [8, 10, 12, 14, 16, 18, 20, 22]}]"#
    let whole = try self.run(path, stages, .las, tilePoints: 8 * Self.points, threads: 1)
    let isSame = wide.bytes == whole.bytes
    #expect(isSame && whole.summary.tiles == 1, "seed \(testSeed)")
  }

  /// More points in one place than are wanted, beside tiles that have fewer.
  @Test(arguments: [lists[1], lists[4]]) func `a heap in one place is told apart by the order of the file`(
    stages: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    let cloud = try PointCloud.read(path: path)
    let east = cloud.integers(axis: 0)
    let farthest = try #require(east.indices.max { east[$0] < east[$1] })
    var kept = Array(Int32(0)..<Int32(cloud.count))
    kept.insert(contentsOf: [Int32](repeating: Int32(farthest), count: 2_000), at: kept.count / 2)
    try cloud.keeping(kept).write(path: path)
    let whole = try run(path, stages, .las, tilePoints: 2 * Self.points, threads: 1)
    let tiled = try run(path, stages, .las, tilePoints: Self.tilePoints, threads: 2)
    #expect(tiled.summary.tiles > 20)
    let isSame = tiled.bytes == whole.bytes
    #expect(isSame, "seed \(testSeed)")
  }

  /// Differences of numbers of either sign are rounded otherwise than those of numbers far from zero.
  @Test(arguments: [lists[0], lists[1], lists[5]]) func `a scan around the origin gives what the whole does`(
    stages: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    var file = try bytes(ofFile: path)
    for axis in 0..<2 {
      let high = 179 + 16 * axis
      let middle = (double(file, high) + double(file, high + 8)) / 2 + 0.123
      for place in [155 + 8 * axis, high, high + 8] { put(double(file, place) - middle, &file, place) }
    }
    try write(file, to: path)
    let whole = try run(path, stages, .las, tilePoints: Self.points, threads: 1)
    let tiled = try run(path, stages, .las, tilePoints: Self.tilePoints, threads: 3)
    #expect(whole.summary.minimum.x < 0 && whole.summary.maximum.y > 0 && tiled.summary.tiles > 20)
    let isSame = tiled.bytes == whole.bytes
    #expect(isSame, "seed \(testSeed)")
  }

  /// Heights in another unit than x and y are converted where distances are measured.
  @Test(arguments: [lists[0], lists[1], lists[5]]) func `metres above feet give what the whole does`(
    stages: String
  ) throws {
    let folder = try TemporaryFolder()
    let cloud = try PointCloud.read(path: scan(in: folder))
    let (places, classes) = (try cloud.coordinates(), cloud.classifications())
    let points = classes.indices.map { index in
      NewPoint(x: places.x[index], y: places.y[index], z: places.z[index], classification: classes[index])
    }
    func save(_ name: String, _ system: String) throws -> String {
      let path = "\(folder.path)/\(name).las"
      try PointCloud(
        points: points, systemIdentifier: "TEST", generatingSoftware: "", wkt: CoordinateSystem(definition: system).wkt
      ).write(path: path)
      return path
    }
    let (feet, metres) = (try save("feet", "EPSG:2227+5703"), try save("metres", "EPSG:25832"))
    let whole = try run(feet, stages, .las, tilePoints: Self.points, threads: 2)
    let tiled = try run(feet, stages, .las, tilePoints: Self.tilePoints, threads: 1)
    #expect(whole.summary.tiles == 1 && tiled.summary.tiles > 20 && whole.summary.unit.contains("foot"))
    let isSame = tiled.bytes == whole.bytes
    #expect(isSame, "seed \(testSeed)")
    guard stages != Self.lists[5] else { return }
    let alike = try run(metres, stages, .las, tilePoints: Self.points, threads: 2)
    #expect(alike.summary.steps[0].facts != whole.summary.steps[0].facts, "heights were not converted")
  }

  /// Their nearest neighbours lie hundreds of metres below, and are no farther than other points of the ground there.
  @Test(arguments: [lists[0], lists[1]]) func `points high above find the neighbours that they have in the whole`(
    stages: String
  ) throws {
    let folder = try TemporaryFolder()
    let cloud = try PointCloud.read(path: scan(in: folder))
    let places = try cloud.coordinates()
    var random = SeededGenerator(seed: testSeed)
    let heights = places.z.map {
      Int.random(in: 0..<400, using: &random) == 0 ? $0 + .random(in: -900...900, using: &random) : $0
    }
    let path = "\(folder.path)/high.las"
    try cloud.setting(
      coordinates: Coordinates(x: places.x, y: places.y, z: heights), scale: cloud.header.scale,
      offset: cloud.header.offset
    ).write(path: path)
    let whole = try run(path, stages, .las, tilePoints: Self.points, threads: 2)
    let tiled = try run(path, stages, .las, tilePoints: Self.tilePoints, threads: 2)
    #expect(whole.summary.tiles == 1 && tiled.summary.tiles > 20)
    let isSame = tiled.bytes == whole.bytes
    #expect(isSame, "seed \(testSeed)")
  }

  private func double(_ bytes: [UInt8], _ place: Int) -> Double {
    Double(bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * $1) })
  }

  private func put(_ value: Double, _ bytes: inout [UInt8], _ place: Int) {
    for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * index)) }
  }

  @Test func `columns of the same name are written over`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    let requests = [StageRequest("normals", ["neighbours": .integer(7)])]
    let first = try StagesPipeline.run(
      input: path, outputDirectory: folder.path, parameters: StagesParameters(stages: requests, format: .las))
    let again = "\(folder.path)/\(first.outputs[0])"
    let stages = Self.lists[0]
    let whole = try run(again, stages, .las, tilePoints: Self.points, threads: 1)
    let tiled = try run(again, stages, .las, tilePoints: Self.tilePoints, threads: 2)
    let isSame = tiled.bytes == whole.bytes
    #expect(isSame && tiled.summary.extraDimensions == ["NormalX", "NormalY", "NormalZ"])
    #expect(try PointCloud.read(path: again).extraValues(named: "NormalX") != nil)
  }

  @Test func `what needs the whole is not cut up, and no ground is an error`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    for stages in [
      #"[{"stage": "normals", "orientation": "consistent"}]"#,
      #"[{"stage": "height_above_ground", "cell": 1}, {"stage": "height_above_ground", "cell": 2}]"#,
    ] {
      #expect(try run(path, stages, .laz, tilePoints: Self.tilePoints, threads: 2).summary.tiles == 1)
    }
    let stages = #"[{"stage": "classes", "classes": [2], "action": "drop"}, {"stage": "height_above_ground"}]"#
    for tilePoints in [Self.points, Self.tilePoints] {
      let error = #expect(throws: PointCloudError.self) {
        try run(path, stages, .laz, tilePoints: tilePoints, threads: 2)
      }
      #expect(error?.code == .empty && error?.message.contains("stage 2 (height_above_ground)") == true)
    }
  }

  private static let works = [lists[2], lists[3], lists[6], lists[8]].map { WorkInParts.stages($0, .las) }

  @Test(arguments: zip(works, [[1, 7], [3], [2, 7], [3]])) func `parts together are one run, to the last bit`(
    work: WorkInParts, counts: [Int]
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder)
    let whole = try work.run(path)
    #expect(whole.tiles > 20 && whole.taken.isEmpty)
    for count in counts {
      let out = try TemporaryFolder()
      let parts = try work.runParts(count, path, in: out)
      let merged = try work.run(path, parts.reversed())
      expectSame(merged, whole, "\(work) of \(count) parts, seed \(testSeed)")
      #expect(merged.taken.values.allSatisfy { $0 == whole.tiles } && !merged.taken.isEmpty)
    }
    // What one of them had is made here.
    let out = try TemporaryFolder()
    let some = try work.runParts(3, path, in: out).dropLast()
    let mended = try work.run(path, Array(some))
    expectSame(mended, whole, "\(work) without the last part, seed \(testSeed)")
    #expect(mended.warnings.contains { $0.contains("were worked on here") })
  }

  /// Ends attempts again and again, each of which goes on where the one before was ended, through all passes.
  @Test func `an attempt goes on from what others have finished`() throws {
    let (folder, checkpoint) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let work = Self.works[3]
    let whole = try work.run(path)
    var setting = WorkInParts.Setting()
    setting.checkpoint = checkpoint
    for after in [150, 300, 450] {
      var asked = 0
      setting.isCancelled = {
        asked += 1
        return asked > after
      }
      let result = Result { try work.run(path, [], setting) }
      if case .failure(let error) = result { #expect((error as? PointCloudError)?.code == .cancelled) }
    }
    setting.isCancelled = { false }
    let made = try work.run(path, [], setting)
    #expect(!made.taken.isEmpty && made.warnings == whole.warnings)
    expectSame(made, whole, "seed \(testSeed)")
  }

  @Test(arguments: [works[0], works[2]]) func `findings that cannot be are errors, and never a crash`(work: WorkInParts)
    throws
  {
    let folder = try TemporaryFolder()
    let refused = try work.refusedForgeries(try scan(in: folder), rounds: 12)
    #expect(refused >= 6, "seed \(testSeed)")
  }
}
