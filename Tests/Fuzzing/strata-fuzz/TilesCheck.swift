import FoundationEssentials
import PointClouds

/// What was found of the tiles of a scan, as parts and attempts hand it on.
///
/// The first byte says which work it is of, whether as the file of a part or as a checkpoint, and whether the rest is that file behind a sound
/// header or findings in which checks are put that are right: whoever writes such a file knows how to make them.
struct TilesCheck {
  private let scratch: Scratch
  private let scan: String
  private let works: [Work]
  private let out: String
  private let checkpoint: String
  private static let tilePoints = 40

  /// One pipeline, and what it finds of all tiles of the scan.
  private struct Work {
    let runner: Runner
    let file: [UInt8]
    let header: [UInt8]
    let findings: [Finding]
  }

  private struct Finding {
    let pass: String
    let tile: Int
    let bytes: [UInt8]
  }

  /// Maps have ground found, too.
  private enum Runner: CaseIterable { case stages, maps }

  private static let passes = ["ground", "stages", "maps", "other", "stages2", "stages3"]

  init(_ scratch: Scratch) throws {
    self.scratch = scratch
    scan = scratch("scan.las")
    (out, checkpoint) = (try scratch.folder("out"), try scratch.folder("checkpoint"))
    try ScanSimulator(seed: 5, points: 150).makeCloud().write(path: scan)
    let (scan, out) = (scan, out)
    works = try Runner.allCases.map { runner in
      let file = try Scratch.read(try Self.part(runner, scan, out, checkpoint: nil))
      let (header, findings) = Self.parse(file)
      return Work(runner: runner, file: file, header: header, findings: findings)
    }
  }

  func callAsFunction(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let work = works[Int(first & 0x3F) % works.count]
    let (isForged, isCheckpoint) = (first & 0x80 != 0, first & 0x40 != 0)
    let file = isForged ? work.header + Self.forged(bytes.dropFirst()) : work.header + bytes.dropFirst()
    let path = isCheckpoint ? "\(checkpoint)/finished.tiles" : scratch("part.tiles")
    do { try Scratch.write(file, path) } catch { broken("\(error)") }
    guard isCheckpoint else {
      do throws(PointCloudError) { try Self.bringTogether(work.runner, scan, out, path) } catch {
        require(
          [.corrupt, .truncated, .invalidParameter, .cancelled, .empty].contains(error.code),
          "a part that is damaged is told: \(error)")
      }
      return
    }
    do throws(PointCloudError) {
      let path = try Self.part(work.runner, scan, out, checkpoint: checkpoint)
      let made = try? Scratch.read(path)
      // What is found of stages has times in it.
      require(
        isForged || work.runner == .stages || made == work.file, "a checkpoint that is damaged changes nothing")
    } catch { broken("a checkpoint does no harm: \(error)") }
  }

  func seeds() throws -> [[UInt8]] {
    works.enumerated().flatMap { (number: Int, work: Work) -> [[UInt8]] in
      let mark = UInt8(number)
      let records = work.findings.map { Self.encoded($0) }
      let all: [UInt8] = Array(records.joined())
      let raw: [UInt8] = Self.forged(all[...])
      var seeds: [[UInt8]] = [[0x80 | mark] + all, [mark] + raw, [0x40 | mark] + raw]
      for record in records.prefix(4) { seeds += [[0x80 | mark] + record, [0xC0 | mark] + record] }
      return seeds
    }
  }

  // MARK: Files of tiles

  private static func parse(_ file: [UInt8]) -> (header: [UInt8], findings: [Finding]) {
    var (place, findings) = (16 + Int(file.number(12, 4)) + 8, [Finding]())
    let header = Array(file[..<place])
    while place + 36 <= file.count {
      let end = place + 36 + Int(file.number(place + 12, 8))
      let pass = String(decoding: file[place..<place + 8].prefix { $0 != 0 }, as: UTF8.self)
      findings.append(Finding(pass: pass, tile: Int(file.number(place + 8, 4)), bytes: Array(file[place + 36..<end])))
      place = end
    }
    return (header, findings)
  }

  /// A finding as it lies in a corpus: pass, tile, number of bytes, and those.
  private static func encoded(_ finding: Finding) -> [UInt8] {
    var bytes = [UInt8(passes.firstIndex(of: finding.pass) ?? 3), UInt8(finding.tile)]
    bytes.add(UInt64(finding.bytes.count), 2)
    return bytes + finding.bytes
  }

  /// Records with checks that are right.
  private static func forged(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var (rest, file) = (Array(bytes), [UInt8]())
    while rest.count >= 4 {
      let count = min(Int(rest.number(2, 2)), rest.count - 4)
      let finding = Array(rest[4..<4 + count])
      let name = Array(passes[Int(rest[0]) % passes.count].utf8)
      var header = name + [UInt8](repeating: 0, count: 8 - name.count)
      header.add(UInt64(rest[1]), 4)
      header.add(UInt64(count), 8)
      header.add(Fingerprint.of(finding), 8)
      header.add(Fingerprint.of(header), 8)
      file += header + finding
      rest.removeFirst(4 + count)
    }
    return file
  }

  // MARK: The pipelines

  private static let stages: StagesParameters = {
    let text =
      #"[{"stage": "thin", "size": 2}, {"stage": "ground"}, {"stage": "normals", "neighbours": 5}, "#
      + #"{"stage": "height_above_ground"}]"#
    let stages = try? JSONDecoder().decode([StageRequest].self, from: Data(text.utf8))
    return StagesParameters(stages: stages ?? [], format: .las)
  }()

  private static let maps = RasterParameters(
    products: [.dtm], method: .tin, ground: .find, reach: 8, filter: GroundParameters(cell: 6, window: 12))

  /// - Returns: where the file of all tiles is.
  private static func part(
    _ runner: Runner, _ scan: String, _ out: String, checkpoint: String?
  ) throws(PointCloudError) -> String {
    let whole = try TilePart(1, of: 1)
    let summary =
      switch runner {
      case .stages:
        try StagesPipeline.runPart(
          whole, input: scan, outputDirectory: out, parameters: stages, tilePointsMax: tilePoints,
          checkpointFolder: checkpoint)
      case .maps:
        try RasterPipeline.runPart(
          whole, input: scan, outputDirectory: out, parameters: maps, tilePointsMax: tilePoints,
          checkpointFolder: checkpoint)
      }
    return "\(out)/\(summary.outputs[0])"
  }

  /// Takes what a file tells and makes up for the rest, and stops when the results are to be written: their pictures take most of the time.
  private static func bringTogether(
    _ runner: Runner, _ scan: String, _ out: String, _ finished: String
  ) throws(PointCloudError) {
    var last = ""
    switch runner {
    case .stages:
      _ = try StagesPipeline.run(
        input: scan, outputDirectory: out, parameters: stages, tilePointsMax: tilePoints, finished: [finished],
        progress: { stage, _ in last = stage }, isCancelled: { last == "write" })
    case .maps:
      _ = try RasterPipeline.run(
        input: scan, outputDirectory: out, parameters: maps, tilePointsMax: tilePoints, finished: [finished],
        progress: { stage, _ in last = stage }, isCancelled: { last == "write" })
    }
  }
}
