import FoundationEssentials
import PointClouds
import StrataCore
import TestSupport
import Testing

/// Work on a scan that can be done in parts, and all that comes of it.
enum WorkInParts: CustomTestStringConvertible {
  case stages(String, ScanFormat)
  case ground(GroundMethod.Name)
  case raster([RasterProduct], RasterParameters.Ground, RasterParameters.Method)

  var testDescription: String {
    switch self {
    case .stages(let stages, let format): "\(stages) as \(format)"
    case .ground(let method): "ground by \(method)"
    case .raster(let products, let ground, let method): "\(products.map(\.rawValue)), ground \(ground), \(method)"
    }
  }

  struct Result {
    /// By their names, but for the summary.
    let files: [String: [UInt8]]
    /// Without times, and without what was taken from others.
    let summary: [UInt8]
    let taken: [String: Int]
    let tiles: Int
    let warnings: [String]
    /// Points that it worked on itself.
    let worked: Int
  }

  /// How it is run.
  struct Setting {
    var tilePoints = 400
    var threads = 2
    var cell = 1.0
    var checkpoint: TemporaryFolder?
    var isCancelled: () -> Bool = { false }
  }

  func run(_ path: String, _ finished: [String] = [], _ setting: Setting = Setting()) throws -> Result {
    let out = try TemporaryFolder()
    switch self {
    case .stages:
      var summary = try StagesPipeline.run(
        input: path, outputDirectory: out.path, parameters: try stagesParameters(), threads: setting.threads,
        tilePointsMax: setting.tilePoints, finished: finished, checkpointFolder: setting.checkpoint?.path,
        isCancelled: setting.isCancelled)
      let (taken, warnings, worked) = (summary.tilesTaken, summary.warnings, summary.pointsWorked)
      (summary.stages, summary.tilesTaken, summary.warnings, summary.pointsWorked) = ([], [:], [], 0)
      for place in summary.steps.indices { summary.steps[place].seconds = 0 }
      return try result(out, summary.json(), taken, summary.tiles, warnings, worked)
    case .ground(let method):
      var summary = try GroundPipeline.run(
        input: path, outputDirectory: out.path, parameters: GroundParameters(cell: setting.cell), method: method,
        threads: setting.threads, tilePointsMax: setting.tilePoints, finished: finished,
        checkpointFolder: setting.checkpoint?.path, isCancelled: setting.isCancelled)
      let (taken, warnings, worked) = (summary.tilesTaken, summary.warnings, summary.pointsWorked)
      (summary.stages, summary.tilesTaken, summary.warnings, summary.pointsWorked) = ([], [:], [], 0)
      return try result(out, summary.json(), taken, summary.tiles, warnings, worked)
    case .raster:
      var summary = try RasterPipeline.run(
        input: path, outputDirectory: out.path, parameters: rasterParameters(setting), threads: setting.threads,
        tilePointsMax: setting.tilePoints, finished: finished, checkpointFolder: setting.checkpoint?.path,
        isCancelled: setting.isCancelled)
      let (taken, warnings, worked) = (summary.tilesTaken, summary.warnings, summary.pointsWorked)
      (summary.stages, summary.tilesTaken, summary.warnings, summary.pointsWorked) = ([], [:], [], 0)
      return try result(out, summary.json(), taken, summary.tiles, warnings, worked)
    }
  }

  /// Works on a part.
  ///
  /// - Parameter out: where its file of tiles will be.
  func runPart(
    _ part: TilePart, _ path: String, in out: TemporaryFolder, _ setting: Setting = Setting()
  ) throws -> (path: String, summary: TilePartSummary) {
    let summary =
      switch self {
      case .stages:
        try StagesPipeline.runPart(
          part, input: path, outputDirectory: out.path, parameters: try stagesParameters(), threads: setting.threads,
          tilePointsMax: setting.tilePoints, checkpointFolder: setting.checkpoint?.path,
          isCancelled: setting.isCancelled)
      case .ground(let method):
        try GroundPipeline.runPart(
          part, input: path, outputDirectory: out.path, parameters: GroundParameters(cell: setting.cell),
          method: method, threads: setting.threads, tilePointsMax: setting.tilePoints,
          checkpointFolder: setting.checkpoint?.path, isCancelled: setting.isCancelled)
      case .raster:
        try RasterPipeline.runPart(
          part, input: path, outputDirectory: out.path, parameters: rasterParameters(setting),
          threads: setting.threads, tilePointsMax: setting.tilePoints, checkpointFolder: setting.checkpoint?.path,
          isCancelled: setting.isCancelled)
      }
    #expect(summary.part == part.number && summary.parts == part.count)
    return ("\(out.path)/\(summary.outputs[0])", summary)
  }

  /// Works on all parts, and checks that they are all of the scan.
  func runParts(_ count: Int, _ path: String, in out: TemporaryFolder) throws -> [String] {
    // Workers need not have as many cores as each other.
    let parts = try (1...count).map { number in
      try runPart(TilePart(number, of: count), path, in: out, Setting(threads: number % 3 + 1))
    }
    let summaries = parts.map(\.summary)
    #expect(summaries.reduce(0) { $0 + $1.tiles } == summaries[0].tilesOfScan)
    let points = summaries[0].pointsOfScan
    #expect(summaries.reduce(0) { $0 + $1.points } == points)
    #expect(summaries.allSatisfy { abs($0.points - points / count) <= Setting().tilePoints })
    return parts.map(\.path)
  }

  /// Forges findings of a part, with checks that are right, as whoever writes such a file knows to make them: what comes of that is a result, or
  /// an error that names the file and the place.
  ///
  /// - Returns: how many were refused.
  func refusedForgeries(_ path: String, _ setting: Setting = Setting(), rounds: Int) throws -> Int {
    let out = try TemporaryFolder()
    let sound = try TilesFile(try runPart(TilePart(1, of: 8), path, in: out, setting).path)
    var random = SeededGenerator(seed: testSeed)
    let forged = "\(out.path)/forged.tiles"
    var refused = 0
    for round in 0..<rounds {
      let record = try #require(sound.records.randomElement(using: &random))
      var finding = Array(sound.bytes[record.finding])
      let isOne = Bool.random(using: &random)
      switch round % 4 {
      case 0: finding[Int.random(in: 0..<min(8, finding.count), using: &random)] = .random(in: 0...255, using: &random)
      case 1: finding[Int.random(in: finding.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: finding.removeLast(isOne ? 1 : Int.random(in: 1...finding.count, using: &random))
      default: finding += [UInt8](repeating: 0, count: isOne ? 1 : 4)
      }
      try write(sound.with(finding, in: record), to: forged)
      let result = Swift.Result { try run(path, [forged], setting) }
      guard case .failure(let error) = result else { continue }
      refused += 1
      let found = error as? PointCloudError
      #expect(
        found?.code == .corrupt && found?.offset != nil && found?.message.contains("forged.tiles") == true,
        "\(error), seed \(testSeed), round \(round)")
    }
    return refused
  }

  private func stagesParameters() throws -> StagesParameters {
    guard case .stages(let stages, let format) = self else { return StagesParameters(stages: []) }
    return StagesParameters(
      stages: try JSONDecoder().decode([StageRequest].self, from: Data(stages.utf8)), format: format)
  }

  private func rasterParameters(_ setting: Setting) -> RasterParameters {
    guard case .raster(let products, let ground, let method) = self else { return RasterParameters() }
    return RasterParameters(
      products: products, method: method, ground: ground, reach: 12,
      filter: GroundParameters(cell: setting.cell, window: 6))
  }

  private func result(
    _ out: TemporaryFolder, _ summary: [UInt8], _ taken: [String: Int], _ tiles: Int, _ warnings: [String],
    _ worked: Int
  ) throws -> Result {
    var files: [String: [UInt8]] = [:]
    for name in out.names where name.contains(where: { $0 != "." }) && name != "summary.json" {
      files[name] = try bytes(ofFile: "\(out.path)/\(name)")
    }
    return Result(files: files, summary: summary, taken: taken, tiles: tiles, warnings: warnings, worked: worked)
  }
}

/// Checks that two runs have come to the same.
func expectSame(
  _ one: WorkInParts.Result, _ other: WorkInParts.Result, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(one.files.keys.sorted() == other.files.keys.sorted(), "\(what)", sourceLocation: sourceLocation)
  for (name, bytes) in one.files {
    let isSame = other.files[name] == bytes
    #expect(isSame, "\(what): \(name), \(bytes.count) bytes", sourceLocation: sourceLocation)
  }
  let (mine, theirs) = (String(decoding: one.summary, as: UTF8.self), String(decoding: other.summary, as: UTF8.self))
  #expect(mine == theirs, "\(what)", sourceLocation: sourceLocation)
}

/// What a file of tiles holds, read as its format is described.
struct TilesFile {
  /// Where each record begins, its pass and its tile.
  private(set) var records: [Record] = []
  let bytes: [UInt8]

  struct Record {
    let start: Int
    let pass: String
    let tile: Int
    /// Where what was found lies.
    let finding: Range<Int>
  }

  init(_ path: String) throws {
    bytes = try PointCloudsTests.bytes(ofFile: path)
    #expect(Array(bytes.prefix(8)) == Array("STRATILE".utf8))
    var place = 16 + number(12, 4) + 8
    while place + 36 <= bytes.count {
      let name = bytes[place..<place + 8].prefix { $0 != 0 }
      let end = place + 36 + number(place + 12, 8)
      records.append(
        Record(
          start: place, pass: String(decoding: name, as: UTF8.self), tile: number(place + 8, 4),
          finding: place + 36..<end)
      )
      place = end
    }
    #expect(place == bytes.count)
  }

  /// The same file with something else found of a tile, and checks that are right.
  func with(_ finding: [UInt8], in record: Record) -> [UInt8] {
    var header = Array(bytes[record.start..<record.start + 12])
    header += Self.bytes(UInt64(finding.count)) + Self.bytes(Self.fingerprint(finding))
    header += Self.bytes(Self.fingerprint(header))
    return bytes[..<record.start] + header + finding + bytes[record.finding.upperBound...]
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func fingerprint(_ bytes: [UInt8]) -> UInt64 {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ word: UInt64) {
      value = (value ^ word) &* 0x100_0000_01B3
      value ^= value >> 32
    }
    let whole = bytes.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      add(bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
    add(bytes[whole...].reduce(UInt64(bytes.count)) { $0 << 8 | UInt64($1) })
    return value
  }

  private func number(_ place: Int, _ size: Int) -> Int {
    bytes[place..<place + size].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
