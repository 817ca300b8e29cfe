/// One of several parts of the work on a scan, such as `3/8`: a stretch of its tiles.
///
/// Tiles depend on the file and the parameters alone, so all parts agree on them without talking to each other.
public struct TilePart: Hashable, Sendable, CustomStringConvertible {
  /// From 1 to `count`.
  public let number: Int
  public let count: Int

  /// The most parts of one scan.
  public static let countMax = 256

  /// - Throws: `invalidParameter` where there is no such part.
  public init(_ number: Int, of count: Int) throws(PointCloudError) {
    guard (1...Self.countMax).contains(count), (1...count).contains(number) else {
      throw PointCloudError(
        .invalidParameter, "there is no part \(number)/\(count)",
        remedy: "Give 1/8 to 8/8, say, of at most \(Self.countMax) parts.")
    }
    (self.number, self.count) = (number, count)
  }

  /// - Parameter text: such as `3/8`.
  /// - Throws: `invalidParameter`.
  public init(_ text: String) throws(PointCloudError) {
    let words = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = words.compactMap { $0.allSatisfy(\.isASCII) && $0.first?.isNumber == true ? Int($0) : nil }
    guard words.count == 2, numbers.count == 2 else {
      throw PointCloudError(
        .invalidParameter, "part is '\(text.prefix(32))'", remedy: "It must be like 3/8, the third of eight parts.")
    }
    try self.init(numbers[0], of: numbers[1])
  }

  public var description: String { "\(number)/\(count)" }

  /// No part of a scan of so many points has more: tiles at both its ends may reach out of it by half.
  public func pointsMax(of total: Int) -> Int {
    let share = total / count
    return share >= total - Self.tilePointsMost - 1 ? total : share + 1 + Self.tilePointsMost
  }

  /// No tile has more points, with tiles of the usual size.
  package static let tilePointsMost = (TiledScan.tilesInOneBlockMax + 1) * defaultTilePointsMax

  /// What the file of its findings is called.
  func fileName(stem: String) -> String { "\(stem)-part-\(number)-of-\(count).\(TileRecordFormat.ending)" }

  /// Of tiles with so many points each, in their order, those of this part: a stretch of about as many points as the others have. A tile
  /// belongs where its middle point does, but the first one to the first part.
  package func share(of points: [Int]) -> [Int] {
    let total = max(1, points.reduce(0, +))
    var before = 0
    var share: [Int] = []
    for (tile, count) in points.enumerated() {
      let part = tile == 0 ? 1 : min(self.count, (2 * before + count) * self.count / (2 * total) + 1)
      if part == number { share.append(tile) }
      before += count
    }
    return share
  }
}

/// What a run over a part of a scan's tiles did: the content of its `summary.json`.
public struct TilePartSummary: Hashable, Codable, PipelineSummary {
  /// From 1 to `parts`.
  public var part: Int
  public var parts: Int
  /// Points of this part's tiles.
  public var points: Int
  /// This part's tiles.
  public var tiles: Int
  public var pointsOfScan: Int
  public var tilesOfScan: Int
  /// Of each pass, how many tiles an attempt before had finished.
  public var tilesTaken: [String: Int]
  /// The most threads used at a time.
  public var threads: Int
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd and was worked around.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case part, parts, points, tiles, threads, stages, outputs, warnings
    case pointsOfScan = "points_of_scan"
    case tilesOfScan = "tiles_of_scan"
    case tilesTaken = "tiles_taken"
  }

  public var pointsWorked: Int { points }
}
