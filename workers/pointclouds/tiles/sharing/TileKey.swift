import FoundationEssentials

/// All that the tiles of a scan, and what a run finds of them, depend on: runs with the same key find the same.
struct TileKey: Hashable, Codable, Sendable {
  /// Which pipeline.
  let work: String
  let points: Int
  /// Of the sorted points, and of what cuts them into tiles: the file's name and place do not count.
  let scan: String
  let tilePointsMax: Int
  /// As used, as JSON with its keys in order.
  let parameters: String

  enum CodingKeys: String, CodingKey {
    case work, points, scan, parameters
    case tilePointsMax = "tile_points_max"
  }

  /// - Throws: `corrupt` where a parameter is no number that JSON can hold.
  init(_ work: String, _ scan: TiledScan, tilePointsMax: Int, parameters: some Encodable) throws(PointCloudError) {
    (self.work, points, self.tilePointsMax) = (work, scan.count, tilePointsMax)
    self.scan = String(scan.fingerprint, radix: 16)
    self.parameters = String(decoding: try Self.json(parameters), as: UTF8.self)
  }

  func json() throws(PointCloudError) -> [UInt8] { try Self.json(self) }

  init?(json: [UInt8]) {
    guard let key = try? JSONDecoder().decode(TileKey.self, from: Data(json)) else { return nil }
    self = key
  }

  private static func json(_ value: some Encodable) throws(PointCloudError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return Array(try encoder.encode(value)) } catch {
      throw PointCloudError(
        .corrupt, "a parameter is a number that JSON cannot hold: \(error)", remedy: "Check the file's coordinates.")
    }
  }

  /// What of another key is not as in this one, in words; nil where nothing is.
  func difference(from other: TileKey) -> String? {
    if other.work != work {
      return
        "is of pointcloud.\(String(decoding: other.work.utf8.prefix(32), as: UTF8.self)), and this is pointcloud.\(work)"
    }
    if other.points != points { return "is of a scan of \(other.points) points, and this one has \(points)" }
    if other.tilePointsMax != tilePointsMax {
      return "is of tiles of up to \(other.tilePointsMax) points, and here they have up to \(tilePointsMax)"
    }
    // Lengths and cells may follow from the scan: where it is another one, that is what there is to be told.
    if other.scan != scan, other.parameters == parameters {
      return "is of another scan, or of other cells, though with as many points"
    }
    if other.parameters != parameters {
      let (theirs, mine) = Self.excerpts(Array(other.parameters.utf8), Array(parameters.utf8))
      return "was made with other parameters: \(theirs), and here \(mine)"
    }
    return nil
  }

  /// From the name of the first value on that two texts differ in.
  private static func excerpts(_ one: [UInt8], _ other: [UInt8]) -> (String, String) {
    let same = zip(one, other).prefix { $0 == $1 }.count
    let start = one[..<same].lastIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "{") }.map { $0 + 1 } ?? 0
    func excerpt(_ text: [UInt8]) -> String {
      let rest = text[start...]
      let end = text[same...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? text.endIndex
      return String(decoding: rest[..<min(end, start + excerptBytesMax, text.endIndex)], as: UTF8.self)
    }
    return (excerpt(one), excerpt(other))
  }

  private static let excerptBytesMax = 120
}
