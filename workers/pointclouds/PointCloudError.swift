/// Why a point cloud could not be read, processed or written: what, where, and what to do about it.
public struct PointCloudError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A stable name for programs. More may be added.
  public enum Code: String, Sendable, CaseIterable {
    /// The file ends before what it announces.
    case truncated
    /// The file contradicts itself or its format.
    case corrupt
    /// The file is sound, but of a kind that is not read here.
    case unsupported
    /// A named limit would be exceeded.
    case limitExceeded = "limit_exceeded"
    /// A parameter is outside its range.
    case invalidParameter = "invalid_parameter"
    /// Coordinates are in degrees where lengths are needed.
    case geographicCoordinates = "geographic_coordinates"
    /// The operating system refused a file operation.
    case fileAccess = "file_access"
    /// GDAL refused to make or write a raster or to read a coordinate reference system.
    case raster
    /// GDAL is not installed where this runs.
    case libraryMissing = "library_missing"
    /// There is nothing to work on.
    case empty
    /// Whoever asked for the work no longer wants it.
    case cancelled
  }

  public let code: Code
  /// One sentence: what is wrong, and where.
  public let message: String
  /// One sentence: what to do.
  public let remedy: String
  /// Where in the file, in bytes from its start, when the fault has a place.
  public let offset: Int?
  /// Which compressed chunk, counted from 0, when the fault lies in one.
  public let chunk: Int?

  public init(_ code: Code, _ message: String, remedy: String, offset: Int? = nil, chunk: Int? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.offset = offset
    self.chunk = chunk
  }

  public var description: String {
    let place = offset.map { " (byte \($0))" } ?? ""
    return "\(code.rawValue): \(message)\(place). \(remedy)"
  }
}

extension PointCloudError {
  static let damagedFileRemedy = "Fetch or export the file again; if it stays so, check it with another reader."

  static func truncated(_ what: String, at offset: Int, needs needed: UInt64, has available: Int) -> Self {
    Self(
      .truncated, "\(what) needs \(needed) bytes, and the file has \(available) left", remedy: damagedFileRemedy,
      offset: offset)
  }

  static func corrupt(_ message: String, at offset: Int) -> Self {
    Self(.corrupt, message, remedy: damagedFileRemedy, offset: offset)
  }

  static func corruptChunk(_ chunk: Int, at offset: Int, _ what: String) -> Self {
    Self(.corrupt, "chunk \(chunk): \(what)", remedy: damagedFileRemedy, offset: offset, chunk: chunk)
  }

  static func libraryMissing(_ reason: String) -> Self {
    Self(
      .libraryMissing, "GDAL, which knows coordinate systems and rasters, cannot be loaded: \(reason)",
      remedy: "Install it where the worker runs: scripts/install-packages, or apt-get install libgdal32.")
  }

  static let cancelled = Self(.cancelled, "the work was cancelled", remedy: "Start it again when it is wanted.")
}
