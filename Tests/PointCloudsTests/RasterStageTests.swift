import FoundationEssentials
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

/// Maps that a stage makes of the points as they are then are those that `RasterPipeline` makes of the file that the stages before it write.
@Suite struct RasterStageTests {
  private static let points = 24_000
  /// Some tens of tiles, and everything in scratch files.
  private static let tilePoints = 700

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func scan(pointFormat: Int = 1, isCompressed: Bool = false) throws -> String {
    var parameters = SimulationParameters(seed: 34, extent: .points(Self.points))
    parameters.pointFormat = pointFormat
    let path = "\(folder.path)/scan.la\(isCompressed ? "z" : "s")"
    try ScanSimulator(parameters).makeCloud().write(path: path, isCompressed: isCompressed)
    return path
  }

  private struct Made {
    /// By their names, but for the summary.
    let files: [String: [UInt8]]
    let summary: StagesSummary

    func file(_ name: String) -> [UInt8]? { files[name] }
  }

  /// How blocks of a GeoTIFF are laid out, and filled up beyond its edges, follows from how they are written, so its cells are what counts: columns, rows,
  /// and the bits of each.
  private func cells(_ path: String) throws -> [UInt8] {
    let grid = try RasterInput(path: path).values(sideMax: 10_000).grid
    let numbers = [UInt32(grid.columns), UInt32(grid.rows)] + grid.values.map { $0.isNaN ? .max : $0.bitPattern }
    return numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  private func files(_ folder: TemporaryFolder) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name != "summary.json" {
      let path = "\(folder.path)/\(name)"
      files[name] = name.hasSuffix(".tif") ? try cells(path) : try bytes(ofFile: path)
    }
    return files
  }

  private func run(
    _ path: String, _ stages: String, _ format: ScanFormat = .las, tilePoints: Int = points, threads: Int = 1,
    isCancelled: () -> Bool = { false }
  ) throws -> Made {
    let out = try TemporaryFolder()
    let requests = try JSONDecoder().decode([StageRequest].self, from: Data(stages.utf8))
    let summary = try StagesPipeline.run(
      input: path, outputDirectory: out.path, parameters: StagesParameters(stages: requests, format: format),
      threads: threads, tilePointsMax: tilePoints, isCancelled: isCancelled)
    let files = try files(out)
    #expect(Set(summary.outputs) == Set(files.keys).union(["summary.json"]))
    return Made(files: files, summary: summary)
  }

  /// The maps of what was written.
  private func maps(_ made: Made, _ parameters: RasterParameters) throws -> [String: [UInt8]] {
    let (input, out) = ("\(folder.path)/made.las", try TemporaryFolder())
    try write(try #require(made.file("scan-processed.las")), to: input)
    _ = try RasterPipeline.run(
      input: input, outputDirectory: out.path, parameters: parameters, threads: 2, tilePointsMax: 2_000)
    return try files(out)
  }

  private static let all = RasterProduct.allCases
  private static let allNames = all.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")

  private static func parameters(
    _ products: [RasterProduct], cell: Double = 1, _ method: RasterParameters.Method = .tin, gap: Double = 2
  ) -> RasterParameters {
    RasterParameters(
      products: products, method: method, ground: .classified, gap: gap, filter: GroundParameters(cell: cell))
  }

  /// Stages before maps, the stage, and the maps that it makes.
  private static let lists: [(String, String, RasterParameters)] = [
    (
      #"{"stage": "thin", "size": 1}, {"stage": "ground", "window": 8}"#, #""products": [\#(allNames)]"#,
      parameters(all)
    ),
    (
      #"{"stage": "ground", "window": 8}, {"stage": "height_above_ground", "cell": 0.7}, {"stage": "classes", "returns": "last"}"#,
      #""products": ["chm", "dtm"], "cell": 0.7"#, parameters([.dtm, .chm], cell: 0.7)
    ),
    (
      #"{"stage": "crop", "min_x": 20, "max_x": 70, "min_y": 30}"#,
      #""products": ["dsm", "intensity", "density", "hillshade", "slope"], "gap": 0"#,
      parameters([.dsm, .intensity, .density, .hillshade, .slope], gap: 0)
    ),
    (
      #"{"stage": "outliers", "method": "radius", "radius": 2, "action": "remove"}"#,
      #""products": ["dsm"], "gap": 3"#, parameters([.dsm], gap: 3)
    ),
  ]

  @Test(arguments: lists.indices) func `maps of tiles are those of the file`(list: Int) throws {
    let (before, stage, parameters) = Self.lists[list]
    let stages = #"[\#(before), {"stage": "raster", \#(stage)}]"#
    let path = try scan(pointFormat: list % 2 == 0 ? 1 : 6, isCompressed: list % 2 == 1)
    let whole = try run(path, stages)
    let wanted = try maps(whole, parameters)
    #expect(whole.summary.tiles == 1 && !wanted.isEmpty)
    let tiled = try run(path, stages, tilePoints: Self.tilePoints, threads: list % 3 + 1)
    #expect(tiled.summary.tiles > 20)
    for (name, bytes) in wanted {
      let isSame = whole.file(name) == bytes && tiled.file(name) == bytes
      #expect(isSame, "\(name) of \(stages)")
    }
    let isSame = tiled.files == whole.files
    #expect(isSame && tiled.files.count == wanted.count + 2, "\(tiled.files.keys.sorted())")
    #expect(tiled.summary.steps.map(\.facts) == whole.summary.steps.map(\.facts))
    #expect(tiled.summary.steps.map(\.pointsAfter) == whole.summary.steps.map(\.pointsAfter))
    let facts = try #require(whole.summary.steps.last?.facts)
    #expect(facts["cell"] == .number(parameters.filter.cell) && facts["columns"] != nil, "\(facts)")
    #expect(facts["\(parameters.products[0].rawValue)_coverage"] != nil, "\(facts)")
  }

  /// Smooth surfaces reach on as far as they must: tiles see a part of that.
  @Test func `means near cells are those of the file where points are`() throws {
    let path = try scan()
    let stages = #"[{"stage": "raster", "products": ["dtm"], "method": "idw", "cell": 2}]"#
    let whole = try run(path, stages)
    let wanted = try maps(whole, Self.parameters([.dtm], cell: 2, .idw))
    #expect(whole.file("dtm.tif") != nil)
    let tiled = try run(path, stages, tilePoints: Self.tilePoints, threads: 2)
    let (one, other) = (try map(tiled, "dtm.tif"), try map(wanted, "dtm.tif"))
    #expect(one.columns == other.columns && one.rows == other.rows)
    let differences = zip(one.values, other.values).map { $0.isNaN && $1.isNaN ? 0 : abs($0 - $1) }
    #expect(try #require(differences.max()) < 0.05 && differences.count { $0 > 0 } < differences.count / 20)
  }

  private func map(_ made: Made, _ name: String) throws -> Grid<Float> { try map(made.files, name) }

  private func map(_ files: [String: [UInt8]], _ name: String) throws -> Grid<Float> {
    let bytes = try #require(files[name])
    let numbers = stride(from: 0, to: bytes.count, by: 4).map { place in
      bytes[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    return Grid(
      columns: Int(numbers[0]), rows: Int(numbers[1]),
      values: numbers.dropFirst(2).map { $0 == .max ? .nan : Float(bitPattern: $0) })
  }

  /// Four points on a circle, everywhere: which triangles they make must not follow from where the scan begins, nor do heights between them.
  @Test func `what is cropped is mapped as the file of it`() throws {
    var random = SeededGenerator(seed: testSeed)
    let cloud = try PointCloud(
      points: (0..<6_400).map { index in
        NewPoint(
          x: 1_000 + Double(index % 80), y: 2_000 + Double(index / 80), z: Double.random(in: 0..<9, using: &random),
          classification: 2)
      }, systemIdentifier: "TEST", generatingSoftware: "")
    let path = "\(folder.path)/scan.las"
    try cloud.write(path: path)
    let stages =
      #"[{"stage": "crop", "min_x": 1016.5, "max_x": 1061, "min_y": 2033.5}, "#
      + #"{"stage": "raster", "products": ["dtm", "slope", "density"], "cell": 0.7}]"#
    let whole = try run(path, stages)
    let wanted = try maps(whole, Self.parameters([.dtm, .slope, .density], cell: 0.7))
    let tiled = try run(path, stages, tilePoints: 150, threads: 2)
    #expect(tiled.summary.tiles > 20 && wanted["dtm.tif"] != nil)
    for (name, bytes) in wanted {
      let isSame = whole.file(name) == bytes && tiled.file(name) == bytes
      #expect(isSame, "\(name), seed \(testSeed)")
    }
  }

  @Test func `maps before and after other stages are told apart by their names`() throws {
    let stages =
      #"[{"stage": "raster", "products": ["density"], "prefix": "before-"}, {"stage": "thin", "size": 3}, "#
      + #"{"stage": "raster", "products": ["density"], "prefix": "after-"}]"#
    let path = try scan()
    let whole = try run(path, stages)
    let tiled = try run(path, stages, tilePoints: Self.tilePoints, threads: 2)
    let hidden =
      #"[{"stage": "raster", "products": ["hillshade"]}, {"stage": "raster", "products": ["contours"], "contour_interval": 5}]"#
    let (both, one) = (try run(path, hidden), try run(path, #"[{"stage": "raster", "products": ["hillshade"]}]"#))
    #expect(both.file("hillshade.png") == one.file("hillshade.png") && both.file("contours.geojson") != nil)
    let isSame = whole.files == tiled.files
    #expect(isSame && whole.file("before-density.tif") != whole.file("after-density.tif"))
    func most(_ place: Int) throws -> StageValue { try #require(whole.summary.steps[place].facts["density_highest"]) }
    #expect(try most(0) != most(2))
  }

  @Test(arguments: [[1, 7], [3]]) func `parts together are one run, to the last bit`(counts: [Int]) throws {
    let work = WorkInParts.stages(
      #"[{"stage": "thin", "size": 1}, {"stage": "ground", "window": 8}, {"stage": "raster", "products": ["chm", "hillshade", "intensity"]}, "#
        + #"{"stage": "classes", "returns": "first"}]"#, .laz)
    let path = try scan()
    let whole = try work.run(path)
    #expect(whole.tiles > 20 && whole.files["chm.tif"] != nil)
    var parts: [String] = []
    let out = try TemporaryFolder()
    for count in counts {
      parts = try work.runParts(count, path, in: out)
      expectSame(try work.run(path, parts), whole, "\(count) parts")
    }
    expectSame(try work.run(path, Array(parts.dropFirst())), whole, "\(counts) parts without the first")
  }

  @Test func `findings that cannot be are errors, and never a crash`() throws {
    // No contours: of heights that were made up there may be more than can be drawn, which is an error, too.
    let work = WorkInParts.stages(
      #"[{"stage": "ground", "window": 8}, {"stage": "raster", "products": ["dtm", "dsm"]}]"#, .las)
    #expect(try work.refusedForgeries(try scan(), rounds: 8) >= 3, "seed \(testSeed)")
  }

  @Test func `an attempt goes on from what others have finished`() throws {
    let work = WorkInParts.stages(
      #"[{"stage": "ground", "window": 8}, {"stage": "raster", "products": ["dtm", "chm"]}]"#, .las)
    let path = try scan()
    let whole = try work.run(path)
    var setting = WorkInParts.Setting()
    setting.checkpoint = try TemporaryFolder()
    for after in [100, 250] {
      var asked = 0
      setting.isCancelled = {
        asked += 1
        return asked > after
      }
      #expect(throws: PointCloudError.self) { try work.run(path, [], setting) }
    }
    setting.isCancelled = { false }
    let made = try work.run(path, [], setting)
    #expect(!made.taken.isEmpty)
    expectSame(made, whole, "checkpoint")
  }

  /// What cannot be cut into tiles is mapped in its place in the list, too.
  @Test func `lists that need the whole make maps`() throws {
    let path = try scan()
    let table = try run(path, #"[{"stage": "thin", "size": 0.001}]"#, .ply)
    let input = "\(folder.path)/scan.ply"
    try write(try #require(table.file("scan-processed.ply")), to: input)
    let made = try run(
      input, #"[{"stage": "clusters", "radius": 2}, {"stage": "raster", "products": ["dsm"]}]"#, .csv,
      tilePoints: Self.tilePoints)
    #expect(made.summary.tiles == 1 && made.files.keys.sorted().contains("dsm.tif"))
    let plain = try run(path, #"[{"stage": "raster", "products": ["dsm"]}]"#)
    let (one, other) = (try map(made, "dsm.tif"), try map(plain, "dsm.tif"))
    #expect(
      one.columns == other.columns
        && zip(one.values, other.values).allSatisfy { $0.isNaN && $1.isNaN || abs($0 - $1) < 0.002 })
  }

  @Test func `maps are in the system that the points have then`() throws {
    let cloud = try PointCloud(
      points: (0..<2_000).map { index in
        NewPoint(
          x: 500_000 + Double(index % 50), y: 5_400_000 + Double(index / 50), z: Double(index % 7), classification: 2)
      }, systemIdentifier: "TEST", generatingSoftware: "",
      wkt: CoordinateSystem(definition: "EPSG:25832").wkt)
    let path = "\(folder.path)/scan.las"
    try cloud.write(path: path)
    let made = try run(
      path, #"[{"stage": "reproject", "target": "EPSG:3857"}, {"stage": "raster", "products": ["dtm"], "cell": 2}]"#)
    let wanted = try maps(made, Self.parameters([.dtm], cell: 2))
    let isSame = made.file("dtm.tif") == wanted["dtm.tif"] && wanted["dtm.tif"] != nil
    #expect(isSame)
  }

  @Test(
    arguments: [
      (#"{"stage": "raster"}, {"stage": "raster", "products": ["dsm"]}"#, "it would write 'dsm.tif'"),
      (#"{"stage": "raster", "prefix": "a/b"}"#, "prefix is 'a/b'"),
      (#"{"stage": "raster", "prefix": ".a"}"#, "prefix"),
      (#"{"stage": "raster", "products": []}"#, "products has 0 words"),
      (#"{"stage": "raster", "products": ["dtm", "dmt"]}"#, "products names 'dmt'"),
      (#"{"stage": "raster", "products": "dtm"}"#, "products is not a list of strings"),
      (#"{"stage": "raster", "gap": 1000000}"#, "gap / cell"),
      (#"{"stage": "raster", "prefix": "\#(String(repeating: "a", count: 65))"}"#, "prefix has 65 bytes"),
    ]
  ) func `what makes no sense is refused with its stage`(stages: String, words: String) throws {
    let path = try scan()
    let error = #expect(throws: PointCloudError.self) { try run(path, "[\(stages)]") }
    #expect(error?.code == .invalidParameter && error?.message.contains(words) == true, "\(String(describing: error))")
    #expect(error?.message.contains("(raster)") == true)
  }

  @Test func `what is too large is told with its stage`() throws {
    let path = try scan()
    let tiny = #"[{"stage": "raster", "products": ["density"], "cell": 0.0005, "gap": 0}]"#
    for tilePoints in [Self.points, Self.tilePoints] {
      let error = #expect(throws: PointCloudError.self) { try run(path, tiny, tilePoints: tilePoints) }
      #expect(
        error?.code == .limitExceeded && error?.message.contains("stage 1 (raster)") == true,
        "\(String(describing: error))")
    }
    let many = #"[{"stage": "raster", "products": ["contours"], "contour_interval": 0.001, "cell": 5}]"#
    let cloud = try PointCloud.read(path: path)
    let places = try cloud.coordinates()
    let steep = "\(folder.path)/steep.las"
    try cloud.setting(
      coordinates: Coordinates(x: places.x, y: places.y, z: places.z.map { $0 * 1_000 }), scale: cloud.header.scale,
      offset: cloud.header.offset
    ).write(path: steep)
    let error = #expect(throws: PointCloudError.self) { try run(steep, many) }
    #expect(
      error?.code == .limitExceeded && error?.message.contains("contours") == true, "\(String(describing: error))")
  }

  @Test(arguments: [points, tilePoints]) func `without ground there is an error, and nothing is left`(tilePoints: Int)
    throws
  {
    let path = try scan()
    let stages = #"[{"stage": "classes", "action": "drop", "classes": [2]}, {"stage": "raster", "products": ["dtm"]}]"#
    let error = #expect(throws: PointCloudError.self) { try run(path, stages, tilePoints: tilePoints) }
    #expect(
      error?.code == .empty && error?.message.contains("stage 2 (raster)") == true, "\(String(describing: error))")
    let out = try TemporaryFolder()
    let requests = [StageRequest("ground", ["window": .number(8)]), StageRequest("raster")]
    for after in [2, 30, 60] {
      var asked = 0
      let error = #expect(throws: PointCloudError.self) {
        try StagesPipeline.run(
          input: path, outputDirectory: out.path, parameters: StagesParameters(stages: requests), threads: 2,
          tilePointsMax: tilePoints,
          isCancelled: {
            asked += 1
            return asked > after
          })
      }
      #expect(error?.code == .cancelled)
      #expect(try FileManager.default.contentsOfDirectory(atPath: out.path).isEmpty)
    }
  }
}
