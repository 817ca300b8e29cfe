import Glibc
import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

/// Files of finished tiles: what is refused of them, what is made up for, and how an attempt goes on from another.
@Suite struct TileRecordsTests {
  private static let points = 8_000
  private static var setting: WorkInParts.Setting { WorkInParts.Setting(tilePoints: 400) }
  private static let works: [WorkInParts] = [
    .stages(#"[{"stage": "thin", "size": 2}, {"stage": "classes", "returns": "first"}]"#, .laz), .ground(.smrf),
    .raster([.dtm], .find, .tin),
  ]

  private func scan(_ name: String = "scan", in folder: TemporaryFolder, seed: UInt64 = 5) throws -> String {
    let path = "\(folder.path)/\(name).las"
    try ScanSimulator(seed: seed, points: Self.points).makeCloud().write(path: path)
    return path
  }

  private static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private func refused(
    _ work: WorkInParts, _ path: String, _ parts: [String], with setting: WorkInParts.Setting = Self.setting,
    code: PointCloudError.Code = .invalidParameter, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: PointCloudError.self, sourceLocation: sourceLocation) {
      try work.run(path, parts, setting)
    }
    let message = error?.message ?? ""
    #expect(error?.code == code, "\(message)", sourceLocation: sourceLocation)
    for word in words { #expect(message.contains(word), "\(message)", sourceLocation: sourceLocation) }
  }

  @Test func `parts of other work are refused, and what differs is named`() throws {
    let (folder, out, other) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let work = WorkInParts.ground(.smrf)
    let part = try work.runPart(TilePart(1, of: 2), path, in: out, Self.setting).path
    let name = "scan-part-1-of-2.tiles"
    var setting = Self.setting
    setting.tilePoints = 600
    refused(work, path, [part], with: setting, name, "400 points", "600")
    setting = Self.setting
    setting.cell = 0.5
    refused(work, path, [part], with: setting, name, #""cell":1"#, #""cell":0.5"#)
    refused(.ground(.auto), path, [part], name, "smrf", "auto")
    refused(Self.works[2], path, [part], name, "pointcloud.ground", "pointcloud.raster")
    // A scan of as many points.
    refused(work, try scan("other", in: folder, seed: 6), [part], name, "another scan")
    // And the same scan but for the class of one point, whose header is the same.
    var bytes = try bytes(ofFile: path)
    bytes[bytes.count - 13] ^= 8
    try write(bytes, to: "\(folder.path)/changed.las")
    refused(work, "\(folder.path)/changed.las", [part], name, "another scan")
    refused(work, path, [part, part], name, "tile 0", "ground")
    let half = try work.runPart(TilePart(1, of: 3), path, in: other, Self.setting).path
    refused(work, path, [part, half], "scan-part-1-of-3.tiles", name, "tile 0")
    refused(work, path, [path], code: .unsupported, "scan.las", "no file of tiles")
    refused(work, path, ["\(folder.path)/none.tiles"], code: .fileAccess, "none.tiles")
  }

  @Test func `a file may go by any name, and so may the scan`() throws {
    let (folder, out) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let work = Self.works[1]
    let part = try work.runPart(TilePart(2, of: 2), path, in: out, Self.setting).path
    let (moved, copy) = ("\(folder.path)/a", "\(folder.path)/copy.las")
    try write(bytes(ofFile: part), to: moved)
    try write(bytes(ofFile: path), to: copy)
    let merged = try work.run(copy, [moved], Self.setting)
    #expect(merged.taken["ground"] ?? 0 > 0)
    expectSame(merged, try work.run(copy, [], Self.setting), "moved")
  }

  @Test(arguments: works) func `damage is an error that names its place, or changes nothing`(work: WorkInParts) throws {
    let (folder, out) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let part = try work.runPart(TilePart(1, of: 2), path, in: out, Self.setting).path
    let whole = try work.run(path, [], Self.setting)
    let sound = try TilesFile(part)
    #expect(sound.records.count > 5)
    var random = SeededGenerator(seed: testSeed)
    let damaged = "\(out.path)/damaged.tiles"
    for round in 0..<16 {
      var bytes = sound.bytes
      switch round % 4 {
      case 0: bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
      case 2:
        let record = try #require(sound.records.randomElement(using: &random))
        bytes[record.start + Int.random(in: 0..<36, using: &random)] = .random(in: 0...255, using: &random)
      default:
        let start = Int.random(in: bytes.indices, using: &random)
        bytes.removeSubrange(start..<min(bytes.count, start + 9))
      }
      try write(bytes, to: damaged)
      do throws(PointCloudError) {
        var merged: WorkInParts.Result?
        let result = Result { try work.run(path, [damaged], Self.setting) }
        switch result {
        case .success(let found): merged = found
        case .failure(let error as PointCloudError): throw error
        case .failure(let error): Issue.record(error)
        }
        if let merged { expectSame(merged, whole, "seed \(testSeed), round \(round)") }
      } catch {
        let isTyped = [.corrupt, .truncated, .unsupported, .invalidParameter].contains(error.code)
        #expect(isTyped && error.message.contains("damaged.tiles"), "\(error), seed \(testSeed), round \(round)")
      }
    }
  }

  @Test(arguments: works) func `findings that cannot be are errors, and never a crash`(work: WorkInParts) throws {
    let folder = try TemporaryFolder()
    let refused = try work.refusedForgeries(try scan(in: folder), Self.setting, rounds: 16)
    #expect(refused >= 5, "seed \(testSeed)")
  }

  /// Ends attempts again and again, each of which goes on where the one before was ended.
  @Test(arguments: works) func `an attempt goes on from what others have finished`(work: WorkInParts) throws {
    let (folder, checkpoint) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let whole = try work.run(path, [], Self.setting)
    let file = "\(checkpoint.path)/finished.tiles"
    var setting = Self.setting
    setting.checkpoint = checkpoint
    var known = 0
    for attempt in 0..<6 {
      // Ended by the first tile that it finishes; the first one before that.
      let size = Self.size(file)
      setting.isCancelled = { Self.size(file) > size }
      let error = #expect(throws: PointCloudError.self) { try work.run(path, [], setting) }
      #expect(error?.code == .cancelled)
      let records = try TilesFile(file).records
      #expect(attempt == 0 ? records.isEmpty : records.count > known)
      #expect(Set(records.map { "\($0.pass) \($0.tile)" }).count == records.count)
      known = records.count
    }
    setting.isCancelled = { false }
    let made = try work.run(path, [], setting)
    #expect(made.taken.values.reduce(0, +) == known && known >= 5 && made.warnings == whole.warnings)
    expectSame(made, whole, "after \(known) tiles")
    // All is finished now.
    let again = try work.run(path, [], setting)
    #expect(again.taken.values.allSatisfy { $0 == whole.tiles } && !again.taken.isEmpty)
    expectSame(again, whole, "again")
  }

  @Test func `a part goes on from its own checkpoint, and hands on no tiles of others`() throws {
    let (folder, checkpoint) = (try TemporaryFolder(), try TemporaryFolder())
    let (out, fresh) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let work = Self.works[2]
    var setting = Self.setting
    setting.checkpoint = checkpoint
    _ = try work.runPart(TilePart(2, of: 4), path, in: out, setting)
    let kept = try TilesFile("\(checkpoint.path)/finished.tiles").records
    let second = try work.runPart(TilePart(2, of: 4), path, in: out, setting)
    let tiles = second.summary.tiles
    #expect(second.summary.tilesTaken == ["ground": tiles, "maps": tiles])
    // Maps reach into the tiles around.
    #expect(kept.count { $0.pass == "ground" } > tiles && kept.count { $0.pass == "maps" } == tiles)
    let records = try TilesFile(second.path).records
    #expect(records.count { $0.pass == "ground" } == tiles && records.count == 2 * tiles)
    let plain = try work.runPart(TilePart(2, of: 4), path, in: fresh, Self.setting).path
    let isSame = try bytes(ofFile: plain) == bytes(ofFile: second.path)
    #expect(isSame)
  }

  /// It is a help, no input: what is of no use in it is worked on again.
  @Test func `a checkpoint that is damaged or of other work does no harm`() throws {
    let (folder, checkpoint) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let work = WorkInParts.ground(.smrf)
    var setting = Self.setting
    setting.checkpoint = checkpoint
    let whole = try work.run(path, [], setting)
    let file = "\(checkpoint.path)/finished.tiles"
    let sound = try TilesFile(file)
    var bytes = sound.bytes
    let third = sound.records[2]
    bytes[third.start + 40] ^= 1
    try write(bytes, to: file)
    let mended = try work.run(path, [], setting)
    expectSame(mended, whole, "damaged")
    #expect(mended.taken == ["ground": 2])
    let isWhole = try TilesFile(file).bytes == sound.bytes
    #expect(isWhole)
    // An attempt that was killed as it wrote.
    try write(sound.bytes.dropLast(5), to: file)
    let after = try work.run(path, [], setting)
    #expect(after.taken == ["ground": whole.tiles - 1])
    setting.cell = 2
    let other = try work.run(path, [], setting)
    #expect(other.taken.isEmpty && other.warnings.contains { $0.contains("of no use") })
    try write(Array("nothing".utf8), to: file)
    #expect(try work.run(path, [], setting).taken.isEmpty)
    #expect(try work.run(path, [], setting).taken == ["ground": other.tiles])
  }

  @Test func `a checkpoint that cannot be written is done without`() throws {
    let (folder, none) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try scan(in: folder)
    let whole = try WorkInParts.ground(.smrf).run(path, [], Self.setting)
    let summary = try GroundPipeline.run(
      input: path, outputDirectory: none.path, parameters: GroundParameters(cell: Self.setting.cell), threads: 2,
      tilePointsMax: Self.setting.tilePoints, checkpointFolder: "\(folder.path)/none")
    #expect(summary.warnings.contains { $0.contains("not kept") } && summary.tiles == whole.tiles)
  }
}
