import CGDAL
import Glibc
import Numerics

/// A picture with colours and a place on the map, read by windows. One thread may use it at a time.
@safe final class Orthophoto {
  let columns: Int
  let rows: Int
  /// Nil where the file does not say.
  let wkt: String?
  /// From coordinates to columns and rows, counted from the corner of the first pixel.
  private let toPixels: [Double]
  private let bands: [Int32]
  private let alpha: Int32?
  private let isByte: Bool
  private let noData: [Double?]
  private let dataset: GDALDatasetH
  private let path: String

  /// - Throws: `fileAccess` where there is no such file; `raster` where GDAL cannot read it; `unsupported` for a raster
  ///   without a place on the map, or whose numbers are not colours of 8 or 16 bits.
  init(path: String) throws(PointCloudError) {
    // GDAL would take some names for addresses.
    guard unsafe access(path, R_OK) == 0 else { throw .fileAccess("open", path) }
    let found = try GDALCall.attempt("cannot read '\(path)' as a picture", remedy: Self.remedy) { gdal in
      GDALOpenedPicture(gdal, path)
    }
    unsafe dataset = found.dataset
    self.path = path
    (columns, rows, wkt) = (found.columns, found.rows, found.wkt)
    (bands, alpha, noData) = (found.colors, found.alpha, found.noData)
    isByte = found.types.allSatisfy { $0 == GDT_Byte }
    toPixels = found.toPixels ?? []
    if let fault = found.fault {
      throw PointCloudError(.unsupported, "'\(path)' \(fault)", remedy: Self.remedy)
    }
  }

  deinit { unsafe GDALOpenedPicture.close(dataset) }

  private static let remedy = "Give an orthophoto of red, green and blue in 8 or 16 bits, such as a GeoTIFF."

  /// The place of coordinates, in pixels from the corner of the first one.
  @inline(__always) func pixel(_ x: Double, _ y: Double) -> SIMD2<Double> {
    SIMD2(
      toPixels[0] + x * toPixels[1] + y * toPixels[2], toPixels[3] + x * toPixels[4] + y * toPixels[5])
  }

  /// The pixels of a window, row by row: 16 bits each, whatever the file has; transparency and what is no data as 0 in
  /// the fourth.
  ///
  /// - Throws: `raster`.
  func window(columns: Range<Int>, rows: Range<Int>) throws(PointCloudError) -> [SIMD4<UInt16>] {
    let count = columns.count * rows.count
    var result = [SIMD4<UInt16>](repeating: SIMD4(0, 0, 0, 65_535), count: count)
    var isEmpty = [Bool](repeating: noData.allSatisfy { $0 != nil }, count: count)
    for (channel, band) in (bands + [alpha].compactMap { $0 }).enumerated() {
      let values = try read(band, columns, rows)
      for place in 0..<count {
        let value = values[place]
        if channel < 3, let none = noData[channel], Double(value) != none { isEmpty[place] = false }
        result[place][channel] = isByte ? value * 257 : value
      }
    }
    for place in 0..<count where isEmpty[place] { result[place].w = 0 }
    return result
  }

  private func read(
    _ number: Int32, _ columns: Range<Int>, _ rows: Range<Int>
  ) throws(PointCloudError) -> [UInt16] {
    var values = [UInt16](repeating: 0, count: columns.count * rows.count)
    try GDALCall.attempt("cannot read the pixels of '\(path)'", remedy: PointCloudError.damagedFileRemedy) {
      gdal -> Void? in
      guard let band = unsafe gdal.GDALGetRasterBand(dataset, number) else { return nil }
      let (width, height) = (Int32(columns.count), Int32(rows.count))
      let status = unsafe values.withUnsafeMutableBytes { bytes in
        unsafe gdal.GDALRasterIO(
          band, GF_Read, Int32(columns.lowerBound), Int32(rows.lowerBound), width, height, bytes.baseAddress, width,
          height, GDT_UInt16, 0, 0)
      }
      return status == CE_None ? () : nil
    }
    return values
  }
}

/// What GDAL says of a picture.
@safe private struct GDALOpenedPicture {
  let dataset: GDALDatasetH
  let columns: Int
  let rows: Int
  private(set) var wkt: String?
  private(set) var toPixels: [Double]?
  private(set) var colors: [Int32] = []
  private(set) var alpha: Int32?
  private(set) var types: [GDALDataType] = []
  private(set) var noData: [Double?] = []
  /// What keeps it from being used.
  private(set) var fault: String?

  init?(_ gdal: strata_gdal, _ path: String) {
    guard let dataset = unsafe gdal.GDALOpen(path, GA_ReadOnly) else { return nil }
    unsafe self.dataset = dataset
    (columns, rows) = unsafe (Int(gdal.GDALGetRasterXSize(dataset)), Int(gdal.GDALGetRasterYSize(dataset)))
    if let text = unsafe gdal.GDALGetProjectionRef(dataset), unsafe text.pointee != 0 {
      wkt = unsafe String(cString: text)
    }
    var (transform, inverse) = ([Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6))
    if unsafe gdal.GDALGetGeoTransform(dataset, &transform) == CE_None,
      unsafe gdal.GDALInvGeoTransform(&transform, &inverse) != 0, inverse.allSatisfy(\.isFinite)
    {
      toPixels = inverse
    }
    readBands(gdal)
    if toPixels == nil { fault = "does not say where it lies on the map" }
  }

  private mutating func readBands(_ gdal: strata_gdal) {
    let count = unsafe gdal.GDALGetRasterCount(dataset)
    guard count > 0 else { return fault = "has no colours" }
    var others: [Int32] = []
    for number in 1...count {
      guard let band = unsafe gdal.GDALGetRasterBand(dataset, number) else { continue }
      let meaning = unsafe gdal.GDALGetRasterColorInterpretation(band)
      if meaning == GCI_PaletteIndex { fault = "has a palette instead of colours" }
      if meaning == GCI_AlphaBand { alpha = alpha ?? number } else { others.append(number) }
    }
    // Grey pictures have the same in all three.
    colors = others.count >= 3 ? Array(others.prefix(3)) : others.prefix(1).flatMap { [$0, $0, $0] }
    guard colors.count == 3 else { return fault = "has no colours" }
    for number in colors + [alpha].compactMap({ $0 }) {
      guard let band = unsafe gdal.GDALGetRasterBand(dataset, number) else { continue }
      types.append(unsafe gdal.GDALGetRasterDataType(band))
      var isKnown: Int32 = 0
      let value = unsafe gdal.GDALGetRasterNoDataValue(band, &isKnown)
      if number != alpha { noData.append(isKnown != 0 ? value : nil) }
    }
    let isAlike = types.allSatisfy { $0 == types[0] } && (types.first == GDT_Byte || types.first == GDT_UInt16)
    if !isAlike { fault = "has numbers that are not colours of 8 or of 16 bits" }
  }

  /// Nothing can be done about a picture that does not close.
  static func close(_ dataset: GDALDatasetH) {
    try? GDALCall.attempt("cannot close a picture", remedy: "Try again.") { gdal -> Void? in
      unsafe gdal.GDALClose(dataset)
      return ()
    }
  }
}
