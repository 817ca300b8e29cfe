/// One pass over the tiles of a scan, whose findings can be kept as bytes and handed on.
struct TilePass<Finding: Sendable>: Sendable {
  let name: TilePassName
  let encode: @Sendable (TiledScan.Tile, Finding) throws(PointCloudError) -> [UInt8]
  /// - Throws: `corrupt`, for bytes that are no finding of this tile.
  let decode: @Sendable (TiledScan.Tile, inout FindingReader) throws(PointCloudError) -> Finding
}

/// What passes are called in files and summaries.
struct TilePassName: RawRepresentable, Hashable, Sendable {
  let rawValue: String

  static let ground = TilePassName(known: "ground")
  static let maps = TilePassName(known: "maps")

  /// Those of a list of stages, counted from 0: `stages`, `stages2`, and so on.
  static func stages(_ number: Int) -> TilePassName {
    TilePassName(known: number == 0 ? "stages" : "stages\(number + 1)")
  }

  private init(known name: String) { rawValue = name }

  private static let all = Set(
    ["ground", "maps"] + (0..<StagesParameters.stagesMax).map { stages($0).rawValue })

  init?(rawValue: String) {
    guard Self.all.contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }
}

/// Reads the bytes of one finding, never beyond them.
struct FindingReader {
  private let source: ByteReader
  private var place: Int

  /// - Parameter source: of these bytes alone.
  init(_ source: ByteReader) {
    self.source = source
    place = source.range.lowerBound
  }

  func corrupt(_ what: String) -> PointCloudError { .corrupt("what was found of a tile has \(what)", at: place) }

  private mutating func take(_ count: Int) throws(PointCloudError) -> Range<Int> {
    guard count >= 0, count <= source.range.upperBound - place else { throw corrupt("fewer bytes than it should") }
    defer { place += count }
    return place..<place + count
  }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(PointCloudError) -> Number {
    source.number(at: try take(MemoryLayout<Number>.size).lowerBound)
  }

  mutating func bytes(_ count: Int) throws(PointCloudError) -> [UInt8] { source.bytes(try take(count)) }

  /// A number of points, at most `most`.
  mutating func count(atMost most: Int) throws(PointCloudError) -> Int {
    let count = try number(UInt32.self)
    guard count <= most else { throw corrupt("\(count) of \(most) points") }
    return Int(count)
  }

  /// - Throws: `corrupt` also for infinite ones, which no map has.
  mutating func floats(_ count: Int) throws(PointCloudError) -> [Float] {
    let floats = try anyFloats(count)
    guard !floats.contains(where: \.isInfinite) else { throw corrupt("a value that is infinite") }
    return floats
  }

  /// As `floats`, whatever they are.
  mutating func anyFloats(_ count: Int) throws(PointCloudError) -> [Float] {
    let start = try take(4 * count).lowerBound
    return (0..<count).map { Float(bitPattern: source.number(at: start + 4 * $0)) }
  }

  /// - Throws: `corrupt` where bytes are left.
  func finish() throws(PointCloudError) {
    guard place == source.range.upperBound else { throw corrupt("more bytes than it should") }
  }
}
