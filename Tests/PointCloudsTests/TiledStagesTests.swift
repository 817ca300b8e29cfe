import FoundationEssentials
import Numerics
import PointClouds
import Testing

/// Stages over a scan in tiles write the same file, to the last bit, as over the whole.
@Suite struct TiledStagesTests {
  private static let points = 30_000
  /// Some tens of tiles, and everything in scratch files.
  private static let tilePoints = 1_000

  private static let pipelines = [
    #"[{"stage": "thin", "size": 2}]"#,
    #"[{"stage": "thin", "size": 1.3, "keep": "nearest_to_centre"}]"#,
    #"[{"stage": "thin", "size": 3, "keep": "lowest"}, {"stage": "thin", "size": 5, "keep": "first"}]"#,
    #"[{"stage": "outliers", "method": "radius", "neighbours": 4, "radius": 1}]"#,
    #"[{"stage": "outliers", "method": "radius", "action": "remove", "radius": 2}]"#,
    #"[{"stage": "ground", "window": 8}]"#,
    #"[{"stage": "classes", "returns": "last"}, {"stage": "thin", "size": 0.7}, {"stage": "ground", "window": 5}, "#
      + #"{"stage": "classes", "classes": [2]}]"#,
    #"[{"stage": "crop", "min_x": 20, "max_x": 45.5}, {"stage": "classes", "action": "drop", "returns": "only"}]"#,
  ]

  private func run(
    _ path: String, _ stages: String, _ format: ScanFormat, tilePoints: Int, threads: Int, in folder: TemporaryFolder,
    isCancelled: () -> Bool = { false }
  ) throws -> (bytes: [UInt8], picture: [UInt8], summary: StagesSummary) {
    let requests = try JSONDecoder().decode([StageRequest].self, from: Data(stages.utf8))
    let summary = try StagesPipeline.run(
      input: path, outputDirectory: folder.path, parameters: StagesParameters(stages: requests, format: format),
      threads: threads, tilePointsMax: tilePoints, isCancelled: isCancelled)
    func made(_ place: Int) throws -> [UInt8] { try bytes(ofFile: "\(folder.path)/\(summary.outputs[place])") }
    return (try made(0), try made(1), summary)
  }

  private func scan(in folder: TemporaryFolder, pointFormat: Int, isCompressed: Bool) throws -> String {
    var parameters = SimulationParameters(seed: 21, extent: .points(Self.points))
    parameters.pointFormat = pointFormat
    let path = "\(folder.path)/scan.la\(isCompressed ? "z" : "s")"
    try ScanSimulator(parameters).makeCloud().write(path: path, isCompressed: isCompressed)
    return path
  }

  @Test(arguments: [(1, false, ScanFormat.laz), (6, true, .las)]) func `the result is that of the whole`(
    pointFormat: Int, isCompressed: Bool, format: ScanFormat
  ) throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder, pointFormat: pointFormat, isCompressed: isCompressed)
    for stages in Self.pipelines {
      let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
      let whole = try run(path, stages, format, tilePoints: Self.points, threads: 1, in: one)
      let tiled = try run(path, stages, format, tilePoints: Self.tilePoints, threads: 2, in: other)
      #expect(whole.summary.tiles == 1 && tiled.summary.tiles > 20, "\(tiled.summary.tiles) tiles")
      let isSamePicture = tiled.picture == whole.picture && tiled.summary.outputs[1].hasSuffix(".png")
      #expect(isSamePicture, "\(stages)")
      #expect(tiled.bytes == whole.bytes, "\(stages): \(tiled.bytes.count) and \(whole.bytes.count) bytes")
      for (mine, theirs) in zip(tiled.summary.steps, whole.summary.steps) {
        #expect(mine.pointsBefore == theirs.pointsBefore && mine.pointsAfter == theirs.pointsAfter)
        #expect(mine.facts == theirs.facts && mine.parameters == theirs.parameters, "\(stages)")
      }
      #expect(tiled.summary.points == whole.summary.points && tiled.summary.minimum == whole.summary.minimum)
      #expect(tiled.summary.maximum == whole.summary.maximum && tiled.summary.warnings == whole.summary.warnings)
      #expect(tiled.summary.outputs == whole.summary.outputs)
      #expect(tiled.summary.outputFormat == whole.summary.outputFormat)
    }
  }

  @Test func `what needs the whole is not cut up`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder, pointFormat: 1, isCompressed: false)
    for (stages, format) in [
      (#"[{"stage": "thin", "method": "random"}]"#, ScanFormat.laz),
      (#"[{"stage": "thin", "keep": "centroid", "size": 2}]"#, .laz), (#"[{"stage": "thin", "size": 2}]"#, .ply),
    ] {
      let made = try run(path, stages, format, tilePoints: Self.tilePoints, threads: 2, in: folder)
      #expect(made.summary.tiles == 1, "\(stages)")
    }
  }

  /// As where a coordinate was lost, and a point lies at the origin.
  @Test func `a stray point far away does no harm`() throws {
    let folder = try TemporaryFolder()
    let cloud = try PointCloud.read(path: scan(in: folder, pointFormat: 1, isCompressed: false))
    let places = try cloud.coordinates()
    var (x, y) = (places.x, places.y)
    (x[0], y[0]) = (x[0] + 2_000_000, y[0] - 1_000_000)
    let path = "\(folder.path)/stray.las"
    try cloud.setting(
      coordinates: Coordinates(x: x, y: y, z: places.z), scale: cloud.header.scale, offset: cloud.header.offset
    ).write(path: path)
    let made = try run(path, Self.pipelines[0], .laz, tilePoints: Self.tilePoints, threads: 2, in: folder)
    let whole = try run(path, Self.pipelines[0], .laz, tilePoints: Self.points, threads: 2, in: folder)
    #expect(made.summary.tiles == 1 && made.bytes == whole.bytes)
  }

  @Test func `errors name their stage, and nothing is left behind`() throws {
    let folder = try TemporaryFolder()
    let path = try scan(in: folder, pointFormat: 1, isCompressed: false)
    let stages = #"[{"stage": "thin", "size": 2}, {"stage": "classes", "classes": [31]}]"#
    let out = try TemporaryFolder()
    let error = #expect(throws: PointCloudError.self) {
      try run(path, stages, .laz, tilePoints: Self.tilePoints, threads: 2, in: out)
    }
    #expect(error?.code == .empty && error?.message.contains("stage 2 (classes)") == true, "\(error?.message ?? "")")
    for after in [0, 3, 40] {
      var asked = 0
      let error = #expect(throws: PointCloudError.self) {
        try run(path, Self.pipelines[6], .laz, tilePoints: Self.tilePoints, threads: 1, in: out) {
          asked += 1
          return asked > after
        }
      }
      #expect(error?.code == .cancelled && asked == after + 1)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: out.path).isEmpty)
  }
}
