/// A file of what was found of tiles: a header with the key of the run, then records, each appended whole.
///
/// All numbers are little-endian, checks are `Fingerprint`s. The header: `STRATILE`, version (4 bytes), bytes of the key (4), the key as JSON, a
/// check of all that. A record: the name of its pass (8 bytes, padded with 0), the number of its tile (4), bytes of the finding (8), their
/// check (8), a check of those 28 bytes (8), and the finding.
enum TileRecordFormat {
  static let magic = Array("STRATILE".utf8)
  /// Another one wherever tiles, or what is found of them, or the bytes of that, come to be others.
  static let version: UInt32 = 2
  static let prefixBytes = 16
  static let checkBytes = 8
  static let recordHeaderBytes = 36
  /// The longest key that is read, unless the run's own is longer.
  static let keyBytesMax = 1 << 20
  /// What the names of results of parts end in.
  static let ending = "tiles"

  static func header(_ key: TileKey) throws(PointCloudError) -> [UInt8] {
    let json = try key.json()
    var bytes = magic
    bytes.append(version)
    bytes.append(UInt32(json.count))
    bytes += json
    bytes.append(Fingerprint.of(bytes))
    return bytes
  }

  static func recordHeader(_ pass: TilePassName, _ tile: Int, _ finding: [UInt8]) -> [UInt8] {
    let name = Array(pass.rawValue.utf8)
    var bytes = name + [UInt8](repeating: 0, count: 8 - name.count)
    bytes.append(UInt32(tile))
    bytes.append(UInt64(finding.count))
    bytes.append(Fingerprint.of(finding))
    bytes.append(Fingerprint.of(bytes))
    return bytes
  }
}

/// Which finding: that of one pass over one tile.
struct FindingName: Hashable, Sendable {
  let pass: TilePassName
  let tile: Int
}

/// Where the findings of one file lie; they are read when their turn comes.
struct TileRecords: Sendable {
  let file: InputFile
  private(set) var places: [FindingName: Place] = [:]
  /// Where the last whole record ends.
  private(set) var end = 0
  /// Why no record is known beyond `end`; nil at the end of the file, or where it was cut off within a record.
  private(set) var problem: PointCloudError?

  /// Whether the file ends within a record.
  var isCutOff: Bool { problem == nil && end < file.byteCount }

  struct Place: Sendable {
    let bytes: Range<Int>
    let check: UInt64
  }

  /// Reads the header of the file and of each record.
  ///
  /// - Parameters:
  ///   - bytesMax: the most that may be found of a tile.
  ///   - isChecked: whether findings are read, too, and end with the first that is damaged.
  /// - Throws: `fileAccess`, `limitExceeded`; `invalidParameter`, saying what differs, where the file is of another run; `corrupt`,
  ///   `truncated` for a damaged header.
  /// - Complexity: O(records) reads; memory for no more records than there are tiles in all passes.
  init(
    _ path: String, key: TileKey, limits: ReadLimits, isChecked: Bool, tiles: Int, bytesMax: (Int) -> Int
  ) throws(PointCloudError) {
    file = try InputFile(path, sizeMax: limits.fileBytesMax)
    end = try Self.checkHeader(file, key)
    while file.byteCount - end >= TileRecordFormat.recordHeaderBytes {
      do throws(PointCloudError) {
        guard let next = try record(at: end, tiles, bytesMax, isChecked) else { break }
        places[next.name] = next.place
        end = next.place.bytes.upperBound
      } catch  where error.code == .corrupt {
        problem = error
        break
      }
    }
  }

  /// - Returns: where the records begin.
  private static func checkHeader(_ file: InputFile, _ key: TileKey) throws(PointCloudError) -> Int {
    let prefixBytes = TileRecordFormat.prefixBytes
    let prefix = try file.reader(0..<min(prefixBytes, file.byteCount), for: "a header of tiles")
    guard file.byteCount >= 8, prefix.bytes(0..<8) == TileRecordFormat.magic else {
      throw PointCloudError(
        .unsupported, "this is no file of tiles", remedy: "Give the scan, and after it what its parts have written.",
        offset: 0)
    }
    try prefix.require(UInt64(prefixBytes), at: 0, for: "a header of tiles")
    let version: UInt32 = prefix.number(at: 8)
    guard version == TileRecordFormat.version else {
      throw other("is of version \(version), and this is version \(TileRecordFormat.version)")
    }
    let own = try TileRecordFormat.header(key)
    let count = Int(prefix.number(at: 12, as: UInt32.self))
    guard count <= max(own.count, TileRecordFormat.keyBytesMax) else {
      throw other("was made with other parameters, of \(count) bytes")
    }
    let total = prefixBytes + count + TileRecordFormat.checkBytes
    try prefix.require(UInt64(total), at: 0, for: "a header of tiles")
    let bytes = try file.reader(0..<total, for: "a header of tiles").bytes(0..<total)
    guard bytes != own else { return total }
    var check: [UInt8] = []
    check.append(Fingerprint.of(Array(bytes.dropLast(TileRecordFormat.checkBytes))))
    guard Array(bytes.suffix(TileRecordFormat.checkBytes)) == check,
      let found = TileKey(json: Array(bytes[prefixBytes..<prefixBytes + count]))
    else { throw .corrupt("the header of the tiles is damaged", at: 0) }
    throw other(key.difference(from: found) ?? "has a header written otherwise")
  }

  private static func other(_ what: String) -> PointCloudError {
    PointCloudError(
      .invalidParameter, "this file of tiles \(what)",
      remedy: "Give what this version has made of parts of the same scan with the same parameters.")
  }

  /// The next record; nil where the file ends within it.
  private func record(
    at start: Int, _ tiles: Int, _ bytesMax: (Int) -> Int, _ isChecked: Bool
  ) throws(PointCloudError) -> (name: FindingName, place: Place)? {
    let size = TileRecordFormat.recordHeaderBytes
    let header = try file.reader(start..<start + size, for: "a tile")
    guard header.number(at: start + size - 8, as: UInt64.self) == Fingerprint.of(header.bytes(start..<start + size - 8))
    else { throw .corrupt("the header of a tile is damaged", at: start) }
    let (tile, count) = (
      Int(header.number(at: start + 8, as: UInt32.self)), header.number(at: start + 12, as: UInt64.self)
    )
    guard let pass = TilePassName(rawValue: header.text(start..<start + 8)), tile < tiles else {
      throw .corrupt("a record is of no pass or of a tile that there is not", at: start)
    }
    guard count <= UInt64(bytesMax(tile)) else {
      throw .corrupt("\(count) bytes are more than can be found of tile \(tile)", at: start)
    }
    let name = FindingName(pass: pass, tile: tile)
    guard places[name] == nil else {
      throw .corrupt("tile \(tile) is there twice for pass '\(pass.rawValue)'", at: start)
    }
    guard Int(count) <= file.byteCount - start - size else { return nil }
    let place = Place(bytes: start + size..<start + size + Int(count), check: header.number(at: start + 20))
    if isChecked { _ = try reader(place) }
    return (name, place)
  }

  /// Reads a finding.
  /// - Throws: `corrupt` where it is damaged; `fileAccess`.
  func reader(_ place: Place) throws(PointCloudError) -> FindingReader {
    let reader = try file.reader(place.bytes, for: "a tile")
    var check = Fingerprint()
    unsafe check.add(UnsafeRawBufferPointer(rebasing: reader.block.bytes[..<place.bytes.count]))
    guard check.value == place.check else {
      throw .corrupt("what was found of a tile is damaged", at: place.bytes.lowerBound)
    }
    return FindingReader(reader)
  }
}
