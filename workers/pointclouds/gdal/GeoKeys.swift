import CGDAL
import Synchronization

/// The GeoTIFF keys by which LAS files before 1.4 say their coordinate reference system.
///
/// GDAL reads such keys from GeoTIFF files only, so the three records are put into the smallest of them: one pixel, in
/// memory.
struct GeoKeys {
  let directory: [UInt8]
  let doubles: [UInt8]
  let text: [UInt8]

  /// - Throws: `raster` when GDAL does not understand the keys.
  func wkt() throws(PointCloudError) -> String {
    let path = "/vsimem/strata-geokeys-\(Self.serial.wrappingAdd(1, ordering: .relaxed).newValue).tif"
    var tiff = tiff()
    return try GDALCall.attempt("cannot read the GeoTIFF keys", remedy: CoordinateSystem.remedy) { gdal in
      unsafe tiff.withUnsafeMutableBufferPointer { bytes in
        let size = UInt64(bytes.count)
        guard let file = unsafe gdal.VSIFileFromMemBuffer(path, bytes.baseAddress, size, 0) else { return nil }
        _ = unsafe gdal.VSIFCloseL(file)
        defer { _ = unsafe gdal.VSIUnlink(path) }
        guard let dataset = unsafe gdal.GDALOpen(path, GA_ReadOnly) else { return nil }
        defer { unsafe gdal.GDALClose(dataset) }
        guard let wkt = unsafe gdal.GDALGetProjectionRef(dataset), unsafe wkt.pointee != 0 else { return nil }
        return unsafe String(cString: wkt)
      }
    }
  }

  private static let serial = Atomic<Int>(0)

  private struct Field {
    let tag: UInt16
    let type: UInt16
    let count: Int
    let bytes: [UInt8]

    static func number(_ tag: UInt16, _ value: UInt32) -> Field {
      Field(tag: tag, type: 4, count: 1, bytes: little(value))
    }
  }

  private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: number.bitWidth / 8)
    bytes.put(number, at: 0)
    return bytes
  }

  /// Baseline TIFF 6.0 tags of one grey pixel, then those of GeoTIFF 1.1: scale, tie point, and the keys themselves.
  private func fields() -> [Field] {
    let one = Self.little(Double(1).bitPattern)
    let zero = Self.little(UInt64(0))
    var fields: [Field] = [
      .number(256, 1), .number(257, 1), .number(258, 8), .number(259, 1), .number(262, 1), .number(273, 8),
      .number(277, 1), .number(278, 1), .number(279, 1),
      Field(tag: 33_550, type: 12, count: 3, bytes: one + one + zero),
      Field(tag: 33_922, type: 12, count: 6, bytes: Array(repeatElement(zero, count: 6).joined())),
      Field(tag: 34_735, type: 3, count: directory.count / 2, bytes: directory),
    ]
    if doubles.count >= 8 { fields.append(Field(tag: 34_736, type: 12, count: doubles.count / 8, bytes: doubles)) }
    if !text.isEmpty { fields.append(Field(tag: 34_737, type: 2, count: text.count, bytes: text)) }
    return fields
  }

  /// Header, the pixel with padding, the directory, then whatever does not fit in it.
  private func tiff() -> [UInt8] {
    let fields = fields()
    let directoryStart = 16
    var overflow: [UInt8] = []
    var entries: [UInt8] = Self.little(UInt16(fields.count))
    let overflowStart = directoryStart + 2 + 12 * fields.count + 4
    for field in fields {
      entries += Self.little(field.tag) + Self.little(field.type) + Self.little(UInt32(field.count))
      if field.bytes.count <= 4 {
        entries += field.bytes + [UInt8](repeating: 0, count: 4 - field.bytes.count)
      } else {
        entries += Self.little(UInt32(overflowStart + overflow.count))
        overflow += field.bytes + [UInt8](repeating: 0, count: field.bytes.count % 2)
      }
    }
    let header: [UInt8] = [0x49, 0x49, 42, 0] + Self.little(UInt32(directoryStart)) + [UInt8](repeating: 0, count: 8)
    return header + entries + [0, 0, 0, 0] + overflow
  }
}
