extension PointCloud {
  /// The coordinate reference system that the file's records tell of; nil when they tell of none.
  ///
  /// The header says whether well-known text or GeoTIFF keys count; where that one is absent or not understood, the
  /// other is tried.
  /// - Throws: `raster` when there are records and none is understood.
  public func coordinateSystem() throws(PointCloudError) -> CoordinateSystem? {
    try RecordedSystem(header: header, records: records + extendedRecords).coordinateSystem()
  }
}

extension PointFile {
  /// As that of a cloud.
  public func coordinateSystem() throws(PointCloudError) -> CoordinateSystem? {
    try RecordedSystem(header: header, records: records + extendedRecords).coordinateSystem()
  }
}

/// What a file says of its coordinate reference system.
private struct RecordedSystem {
  let header: LASHeader
  let records: [VariableLengthRecord]

  func coordinateSystem() throws(PointCloudError) -> CoordinateSystem? {
    let attempts = header.usesWKT ? [fromText, fromKeys] : [fromKeys, fromText]
    var failure: PointCloudError?
    for attempt in attempts {
      do throws(PointCloudError) {
        if let system = try attempt() { return system }
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return nil
  }

  private func payload(_ number: Int) -> [UInt8]? {
    // Before LAS 1.4 knew well-known text, libLAS kept it in a record of its own.
    let users = number == 2112 ? ["LASF_Projection", "liblas"] : ["LASF_Projection"]
    return records.first { $0.recordIdentifier == number && users.contains($0.userIdentifier) }.map {
      Array($0.payload)
    }
  }

  private func fromText() throws(PointCloudError) -> CoordinateSystem? {
    guard let bytes = payload(2112)?.prefix(while: { $0 != 0 }), !bytes.isEmpty else { return nil }
    return try CoordinateSystem(wkt: String(decoding: bytes, as: UTF8.self))
  }

  private func fromKeys() throws(PointCloudError) -> CoordinateSystem? {
    // Four numbers of header; without keys after them there is nothing to understand.
    guard let directory = payload(34_735), directory.count > 8 else { return nil }
    let keys = GeoKeys(directory: directory, doubles: payload(34_736) ?? [], text: payload(34_737) ?? [])
    return try CoordinateSystem(wkt: keys.wkt())
  }
}
