import CGDAL

/// Calls into GDAL, with its errors as typed errors and nothing on standard error.
enum GDALCall {
  private static let registration: Void = GDALAllRegister()

  /// Runs `body`, which answers nil when GDAL refused.
  /// - Throws: `raster`, with GDAL's own words.
  static func attempt<Result>(
    _ what: String, remedy: String, _ body: () -> Result?
  ) throws(PointCloudError) -> Result {
    _ = registration
    unsafe CPLPushErrorHandler(CPLQuietErrorHandler)
    // Side files with statistics beside a raster are not among the results.
    unsafe CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", "NO")
    defer {
      unsafe CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", nil)
      CPLPopErrorHandler()
    }
    CPLErrorReset()
    if let result = body() { return result }
    let reason = unsafe String(cString: CPLGetLastErrorMsg())
    throw PointCloudError(
      .raster, "\(what): \(reason.isEmpty ? "GDAL gives no reason" : reason)", remedy: remedy)
  }

  /// Whether anything since the attempt began went wrong, such as a flush at closing.
  static var hasFailed: Bool { CPLGetLastErrorType().rawValue >= CE_Failure.rawValue }
}
