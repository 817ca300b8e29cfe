import CGDAL

/// The coordinate reference system of a cloud.
public struct CoordinateSystem: Hashable, Codable, Sendable {
  public let name: String
  /// Its number in the EPSG registry, where it is known.
  public let epsg: Int?
  /// Whether coordinates are degrees of longitude and latitude.
  public let isGeographic: Bool
  /// The unit of x and y, such as `metre` or `US survey foot`.
  public let unit: String
  /// How many metres a step of one in x or y is. Meaningless where coordinates are degrees.
  public let metresPerUnit: Double
  /// How many metres a step of one in z is, when it is said; else z has the unit of x and y.
  public let metresPerVerticalUnit: Double?
  /// The whole definition as well-known text.
  public let wkt: String

  enum CodingKeys: String, CodingKey {
    case name, epsg, unit
    case isGeographic = "geographic"
    case metresPerUnit = "metres_per_unit"
    case metresPerVerticalUnit = "metres_per_vertical_unit"
    case wkt
  }

  /// What to multiply z by to measure it as x and y are.
  var heightFactor: Double {
    guard let vertical = metresPerVerticalUnit, vertical > 0, (vertical / metresPerUnit).isFinite else { return 1 }
    return vertical / metresPerUnit
  }
}

extension CoordinateSystem {
  static let remedy = "Set the file's coordinate reference system again, for example with las2las -epsg."

  /// Understands well-known text.
  /// - Throws: `raster` when GDAL does not understand it.
  init(wkt: String) throws(PointCloudError) {
    self = try GDALCall.attempt("cannot read the coordinate reference system", remedy: Self.remedy) { gdal in
      guard let system = gdal.OSRNewSpatialReference(nil) else { return nil }
      defer { unsafe gdal.OSRDestroySpatialReference(system) }
      guard unsafe gdal.OSRSetFromUserInput(system, wkt) == OGRERR_NONE else { return nil }
      return unsafe Self(system, gdal)
    }
  }

  private init(_ system: OGRSpatialReferenceH, _ gdal: strata_gdal) {
    unsafe name = gdal.OSRGetName(system).map { unsafe String(cString: $0) } ?? "unnamed"
    unsafe isGeographic = gdal.OSRIsGeographic(system) != 0
    var unitName: UnsafeMutablePointer<CChar>?
    let size = unsafe gdal.OSRGetLinearUnits(system, &unitName)
    metresPerUnit = size > 0 ? size : 1
    unit = isGeographic ? "degree" : unsafe unitName.map { unsafe String(cString: $0) } ?? "unknown"
    unsafe metresPerVerticalUnit =
      gdal.OSRIsCompound(system) != 0 ? gdal.OSRGetTargetLinearUnits(system, "VERT_CS", nil) : nil
    unsafe epsg = Self.epsg(system, gdal)
    unsafe wkt = Self.text(system, gdal)
  }

  private static func epsg(_ system: OGRSpatialReferenceH, _ gdal: strata_gdal) -> Int? {
    _ = unsafe gdal.OSRAutoIdentifyEPSG(system)
    let keys = unsafe gdal.OSRIsGeographic(system) != 0 ? [nil, "GEOGCS"] : [nil, "PROJCS"]
    for key in keys {
      if let name = unsafe gdal.OSRGetAuthorityName(system, key), unsafe String(cString: name) == "EPSG",
        let code = unsafe gdal.OSRGetAuthorityCode(system, key)
      {
        return unsafe Int(String(cString: code))
      }
    }
    return unsafe bestMatch(system, gdal)
  }

  /// PROJ's own measure of how sure it is, in percent: 90 is the same system under another name.
  private static let matchConfidenceMin: Int32 = 90

  /// Searches the registry for a system with the same definition, for files that carry a name of their own.
  private static func bestMatch(_ system: OGRSpatialReferenceH, _ gdal: strata_gdal) -> Int? {
    var count: Int32 = 0
    var confidences: UnsafeMutablePointer<Int32>?
    guard let matches = unsafe gdal.OSRFindMatches(system, nil, &count, &confidences) else { return nil }
    defer {
      unsafe gdal.OSRFreeSRSArray(matches)
      unsafe gdal.VSIFree(confidences)
    }
    guard count > 0, let confidences = unsafe confidences, unsafe confidences[0] >= matchConfidenceMin,
      let code = unsafe gdal.OSRGetAuthorityCode(matches[0], nil)
    else { return nil }
    return unsafe Int(String(cString: code))
  }

  private static func text(_ system: OGRSpatialReferenceH, _ gdal: strata_gdal) -> String {
    var text: UnsafeMutablePointer<CChar>?
    defer { unsafe gdal.VSIFree(text) }
    guard unsafe gdal.OSRExportToWkt(system, &text) == OGRERR_NONE else { return "" }
    return unsafe text.map { unsafe String(cString: $0) } ?? ""
  }
}
