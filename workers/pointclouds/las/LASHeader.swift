/// What the public header block of a LAS file says. LAS 1.4 R15, section 2.4.
public struct LASHeader: Hashable, Sendable {
  /// The minor version: 0 to 4, for LAS 1.0 to 1.4.
  public let minorVersion: Int
  public let systemIdentifier: String
  public let generatingSoftware: String
  public let headerSize: Int
  public let pointDataOffset: Int
  public let recordCount: UInt32
  public let pointFormat: PointFormat
  /// Whether the points are compressed (LAZ).
  public let isCompressed: Bool
  /// Bytes of one uncompressed record, extra bytes included.
  public let recordLength: Int
  public internal(set) var pointCount: UInt64
  /// A coordinate is `offset + scale × integer`.
  public let scale: Vector3
  public let offset: Vector3
  public internal(set) var minimum: Vector3
  public internal(set) var maximum: Vector3
  /// Where the extended records begin, 0 when there are none.
  public let extendedRecordsOffset: UInt64
  public let extendedRecordCount: UInt32

  /// Where the record with the samples of waveforms begins, 0 when they are not in the file. LAS 1.3 and later.
  public let waveformOffset: UInt64

  /// Whether the WKT record, not the GeoTIFF keys, says which coordinate reference system is used.
  public let usesWKT: Bool
}

/// Three numbers, along x, y and z.
public struct Vector3: Hashable, Sendable, Codable {
  public var x: Double
  public var y: Double
  public var z: Double

  public init(x: Double, y: Double, z: Double) {
    self.x = x
    self.y = y
    self.z = z
  }
}

extension LASHeader {
  /// The smallest header of each minor version.
  static let sizes = [227, 227, 227, 235, 375]

  init(_ file: ByteReader) throws(PointCloudError) {
    try file.require(227, at: 0, for: "a LAS header")
    guard file.bytes(0..<4) == Array("LASF".utf8) else {
      throw PointCloudError(
        .unsupported, "this is not a LAS or LAZ file: it does not begin with LASF",
        remedy: "Give a LAS or LAZ file.", offset: 0)
    }
    minorVersion = try Self.version(file)
    headerSize = Int(file.number(at: 94, as: UInt16.self))
    guard headerSize >= Self.sizes[minorVersion] else {
      throw .corrupt("a header of \(headerSize) bytes is too short for LAS 1.\(minorVersion)", at: 94)
    }
    try file.require(UInt64(headerSize), at: 0, for: "the header")
    pointDataOffset = Int(file.number(at: 96, as: UInt32.self))
    guard pointDataOffset >= headerSize, pointDataOffset <= file.count else {
      throw .corrupt("the points are said to begin at byte \(pointDataOffset) of \(file.count)", at: 96)
    }
    systemIdentifier = file.text(26..<58)
    generatingSoftware = file.text(58..<90)
    recordCount = file.number(at: 100)
    (pointFormat, isCompressed) = try Self.format(file)
    recordLength = Int(file.number(at: 105, as: UInt16.self))
    guard recordLength >= pointFormat.baseLength else {
      throw .corrupt("records of \(recordLength) bytes are too short for format \(pointFormat.number)", at: 105)
    }
    usesWKT = minorVersion >= 4 && file.number(at: 6, as: UInt16.self) & 0x10 != 0
    waveformOffset = minorVersion >= 3 ? file.number(at: 227) : 0
    let extended = minorVersion >= 4
    extendedRecordsOffset = extended ? file.number(at: 235) : 0
    extendedRecordCount = extended ? file.number(at: 243) : 0
    let wideCount: UInt64 = extended ? file.number(at: 247) : 0
    pointCount = wideCount != 0 ? wideCount : UInt64(file.number(at: 107, as: UInt32.self))
    scale = try Self.vector(file, at: 131, named: "scale")
    offset = try Self.vector(file, at: 155, named: "offset")
    try Self.checkReach(scale, offset)
    maximum = Vector3(x: file.double(at: 179), y: file.double(at: 195), z: file.double(at: 211))
    minimum = Vector3(x: file.double(at: 187), y: file.double(at: 203), z: file.double(at: 219))
  }

  private static func version(_ file: ByteReader) throws(PointCloudError) -> Int {
    let (major, minor) = (file.number(at: 24, as: UInt8.self), file.number(at: 25, as: UInt8.self))
    guard major == 1, minor < sizes.count else {
      throw PointCloudError(
        .unsupported, "LAS \(major).\(minor) is not known", remedy: "Export the file as LAS 1.2 or 1.4.", offset: 24)
    }
    return Int(minor)
  }

  /// Compressed files set the highest bit (or the second, in old versions) of the format's number.
  private static func format(_ file: ByteReader) throws(PointCloudError) -> (PointFormat, Bool) {
    let byte: UInt8 = file.number(at: 104)
    guard let format = PointFormat(number: Int(byte & 0x3F)) else {
      throw PointCloudError(
        .unsupported, "point format \(byte & 0x3F) is unknown; formats 0–10 are read",
        remedy: "Export the points in one of them.", offset: 104)
    }
    return (format, byte & 0xC0 != 0)
  }

  /// Coordinates beyond this are no place on Earth in any unit, and would overflow what is computed from them.
  private static let coordinateMax = 1e15

  private static func checkReach(_ scale: Vector3, _ offset: Vector3) throws(PointCloudError) {
    for (scale, offset) in [(scale.x, offset.x), (scale.y, offset.y), (scale.z, offset.z)] {
      guard abs(offset) + abs(scale) * 0x1p31 <= coordinateMax else {
        throw .corrupt("a scale of \(scale) with an offset of \(offset) makes impossible coordinates", at: 131)
      }
    }
  }

  private static func vector(_ file: ByteReader, at offset: Int, named name: String) throws(PointCloudError) -> Vector3
  {
    let vector = Vector3(x: file.double(at: offset), y: file.double(at: offset + 8), z: file.double(at: offset + 16))
    guard vector.x.isFinite, vector.y.isFinite, vector.z.isFinite else {
      throw .corrupt("the coordinates' \(name) is not a number", at: offset)
    }
    return vector
  }
}
