/// How the work on the tiles of a scan is shared with other runs.
struct TileSharing: Sendable {
  /// The only tiles to be worked on; nil for all.
  var part: TilePart?
  /// Files of tiles that others have finished.
  var finished: [String] = []
  /// Where tiles that are finished are kept for another attempt.
  var checkpointFolder: String?

  /// Whether a run does, or goes on from, parts of the work.
  var isSplit: Bool { part != nil || !finished.isEmpty }
}

/// The tiles of a scan in one run: which of them it works on, what is known of them already, and where what is found is kept.
final class SharedTiles {
  let scan: TiledScan
  let part: TilePart?
  /// The tiles that the run answers for.
  let own: [Int]
  private(set) var warnings: [String] = []
  /// Of each pass, how many findings were taken instead of made.
  private(set) var taken: [String: Int] = [:]
  private let finishedCount: Int
  private let records: [TileRecords]
  private let output: TilePartFile?
  /// Nil also once it could not be written.
  private var checkpoint: TileCheckpoint?

  /// - Parameters:
  ///   - key: of the run.
  ///   - columnBytes: the most that a pass says of each point in columns.
  ///   - outputPath: of the file that a part writes.
  /// - Throws: `invalidParameter`, naming the file and what differs, where others worked on something else or on the same tile twice;
  ///   `corrupt`, `truncated`, `unsupported`, `limitExceeded`, `fileAccess`, naming the file.
  init(
    _ scan: TiledScan, _ sharing: TileSharing, columnBytes: Int = 0, outputPath: (TilePart) -> String,
    limits: ReadLimits,
    key: () throws(PointCloudError) -> TileKey
  ) throws(PointCloudError) {
    (self.scan, part, finishedCount) = (scan, sharing.part, sharing.finished.count)
    own = sharing.part?.share(of: scan.tiles.map(scan.pointCount)) ?? Array(scan.tiles.indices)
    guard sharing.isSplit || sharing.checkpointFolder != nil else {
      (records, output, checkpoint) = ([], nil, nil)
      return
    }
    let key = try key()
    let bytesMax = { scan.findingBytesMax($0, columnBytes: columnBytes) }
    var records: [TileRecords] = []
    for path in sharing.finished {
      do throws(PointCloudError) {
        let found = try TileRecords(
          path, key: key, limits: limits, isChecked: false, tiles: scan.tiles.count, bytesMax: bytesMax)
        if let problem = found.problem { throw problem }
        try Self.requireOthers(found, than: records)
        records.append(found)
      } catch {
        throw error.of(path)
      }
    }
    var odd: [String] = []
    do throws(PointCloudError) {
      checkpoint = try sharing.checkpointFolder.map { folder throws(PointCloudError) in
        try TileCheckpoint(
          folder, key: key, limits: limits, tiles: scan.tiles.count, bytesMax: bytesMax, &odd)
      }
    } catch {
      odd.append(Self.unkept(error))
    }
    warnings = odd
    if let found = checkpoint?.records { records.append(found) }
    self.records = records
    output = try sharing.part.map { part throws(PointCloudError) in try TilePartFile(outputPath(part), key) }
  }

  private static func requireOthers(_ found: TileRecords, than known: [TileRecords]) throws(PointCloudError) {
    for other in known {
      guard let twice = found.places.keys.filter({ other.places[$0] != nil }).min(by: { $0.tile < $1.tile }) else {
        continue
      }
      throw PointCloudError(
        .invalidParameter,
        "tile \(twice.tile) (pass '\(twice.pass.rawValue)') is there, and in '\(fileName(of: other.file.path))', too",
        remedy: "Give each part once, all of them of the same number of parts.")
    }
  }

  /// Points of the tiles that the run answers for.
  var pointCount: Int { own.reduce(0) { $0 + scan.pointCount(scan.tiles[$1]) } }

  /// Points of those of them that parts have not brought.
  func pointsWorked(_ pass: TilePassName) -> Int {
    own.reduce(0) { sum, number in
      let isBrought = Self.isKnown(FindingName(pass: pass, tile: number), Array(records.prefix(finishedCount)))
      return isBrought ? sum : sum + scan.pointCount(scan.tiles[number])
    }
  }

  private static func isKnown(_ name: FindingName, _ records: [TileRecords]) -> Bool {
    records.contains { $0.places[name] != nil }
  }

  /// Tiles of its own that are yet to be worked on.
  func missing(_ pass: TilePassName) -> [Int] {
    own.filter { !Self.isKnown(FindingName(pass: pass, tile: $0), records) }
  }

  /// Makes what is to be found of tiles, as `TiledScan.forEachTile`, or takes it where it is known, and keeps it where that is wanted.
  ///
  /// - Parameter numbers: of the tiles. Findings of those that others answer for are not handed on.
  /// - Throws: what `make` and `consume` do; `corrupt` for what others have found, naming the file and the place.
  func forEachTile<Finding: Sendable>(
    _ numbers: [Int], _ pass: TilePass<Finding>, threads: Int, keepGoing: (Double) -> Bool,
    _ make:
      @Sendable (TiledScan.Tile, _ threads: Int, _ going: @escaping (Double) -> Bool)
      throws(PointCloudError) -> Finding,
    _ consume: (TiledScan.Tile, Finding) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    let (records, own, kept) = (records, Set(own), checkpoint?.records)
    try scan.forEachTile(
      numbers, threads: threads, keepGoing: keepGoing,
      { (tile, threads, going) throws(PointCloudError) in
        if let known = try Self.known(tile, pass, records, mendable: kept) { return (finding: known, isNew: false) }
        return (finding: try make(tile, threads, going), isNew: true)
      },
      { (tile, made) throws(PointCloudError) in
        try consume(tile, made.finding)
        if !made.isNew { taken[pass.name.rawValue, default: 0] += 1 }
        let output = own.contains(tile.number) ? output : nil
        let checkpoint = made.isNew ? checkpoint : nil
        guard output != nil || checkpoint != nil else { return }
        let bytes = try pass.encode(tile, made.finding)
        try output?.append(pass.name, tile.number, bytes)
        do throws(PointCloudError) { try checkpoint?.append(pass.name, tile.number, bytes) } catch {
          self.checkpoint = nil
          warnings.append(Self.unkept(error))
        }
      })
  }

  /// Keeping tiles is a help for another attempt: this one does without.
  private static func unkept(_ error: PointCloudError) -> String {
    "finished tiles are not kept for another attempt: \(error.message)"
  }

  private static func known<Finding>(
    _ tile: TiledScan.Tile, _ pass: TilePass<Finding>, _ records: [TileRecords], mendable: TileRecords?
  ) throws(PointCloudError) -> Finding? {
    let name = FindingName(pass: pass.name, tile: tile.number)
    for found in records {
      guard let place = found.places[name] else { continue }
      do throws(PointCloudError) {
        var reader = try found.reader(place)
        let finding = try pass.decode(tile, &reader)
        try reader.finish()
        return finding
      } catch {
        // What an attempt before has kept is a help, no input.
        if error.code == .corrupt, found.file.path == mendable?.file.path { continue }
        throw error.of(found.file.path)
      }
    }
    return nil
  }

  /// Warns of tiles that no part has brought.
  func warnOfMissing(_ pass: TilePassName) {
    let missing = missing(pass).count
    guard finishedCount > 0, missing > 0 else { return }
    let torn = records.prefix(finishedCount).filter(\.isCutOff).map { "'\(fileName(of: $0.file.path))'" }
    warnings.append(
      "\(missing) of \(own.count) tiles are in none of the \(finishedCount) files of parts, and were worked on here"
        + (torn.isEmpty ? "" : "; cut off: \(torn.joined(separator: ", "))"))
  }

  /// Gives the file of a part its name, and writes the summary.
  func finish(
    _ part: TilePart, stem: String, in folder: String, threads: Int, times: [StageTime], warnings others: [String]
  ) throws(PointCloudError) -> TilePartSummary {
    try output?.commit()
    let summary = TilePartSummary(
      part: part.number, parts: part.count, points: pointCount, tiles: own.count, pointsOfScan: scan.count,
      tilesOfScan: scan.tiles.count, tilesTaken: taken, threads: threads, stages: times,
      outputs: [part.fileName(stem: stem), "summary.json"], warnings: others + warnings)
    try writeSummary(summary, in: folder)
    return summary
  }
}
