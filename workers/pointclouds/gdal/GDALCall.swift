import CGDAL

/// Calls into GDAL, with its errors as typed errors and nothing on standard error. GDAL is loaded at the first one.
enum GDALCall {
  /// Bytes of the dynamic linker's complaint.
  private static let complaintBytesMax = 500

  /// Bytes of rasters that GDAL keeps in memory: some rows of blocks of the widest.
  private static let cacheBytesMax: GIntBig = 128 << 20

  /// GDAL's functions, or why they cannot be had: tried once in a process.
  private static let library: Result<strata_gdal, PointCloudError> = {
    var table = strata_gdal()
    var complaint = [CChar](repeating: 0, count: complaintBytesMax)
    guard unsafe strata_gdal_load(&table, &complaint, Int32(complaint.count)) == 0 else {
      let reason = String(decoding: complaint.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      return .failure(.libraryMissing(reason))
    }
    table.GDALAllRegister()
    // By default a twentieth of the machine's memory, which others use as well.
    table.GDALSetCacheMax64(cacheBytesMax)
    return .success(table)
  }()

  /// Runs `body`, which answers nil when GDAL refused.
  /// - Throws: `raster`, with GDAL's own words; `libraryMissing`.
  static func attempt<Result>(
    _ what: String, remedy: String, _ body: (strata_gdal) -> Result?
  ) throws(PointCloudError) -> Result {
    let gdal = try library.get()
    unsafe gdal.CPLPushErrorHandler(gdal.CPLQuietErrorHandler)
    // Side files with statistics beside a raster are not among the results.
    unsafe gdal.CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", "NO")
    defer {
      unsafe gdal.CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", nil)
      gdal.CPLPopErrorHandler()
    }
    gdal.CPLErrorReset()
    if let result = body(gdal) { return result }
    let reason = unsafe gdal.CPLGetLastErrorMsg().map { unsafe String(cString: $0) } ?? ""
    throw PointCloudError(
      .raster, "\(what): \(reason.isEmpty ? "GDAL gives no reason" : reason)", remedy: remedy)
  }
}

extension strata_gdal {
  /// Whether anything since the attempt began went wrong, such as a flush at closing.
  var hasFailed: Bool { CPLGetLastErrorType().rawValue >= CE_Failure.rawValue }
}
