/// One point of a new cloud.
public struct NewPoint: Hashable, Sendable {
  public var x: Double
  public var y: Double
  public var z: Double
  public var intensity: UInt16
  /// From 1 to 5.
  public var returnNumber: Int
  public var returnCount: Int
  /// From 0 to 31.
  public var classification: UInt8
  /// Seconds.
  public var time: Double

  public init(
    x: Double, y: Double, z: Double, intensity: UInt16 = 0, returnNumber: Int = 1, returnCount: Int = 1,
    classification: UInt8 = 0, time: Double = 0
  ) {
    (self.x, self.y, self.z) = (x, y, z)
    self.intensity = intensity
    self.returnNumber = returnNumber
    self.returnCount = returnCount
    self.classification = classification
    self.time = time
  }
}

extension PointCloud {
  /// A new cloud, as LAS 1.2 with point format 1.
  ///
  /// - Parameters:
  ///   - scale: the size of one step of the coordinates, the same along each axis.
  ///   - wkt: the coordinate reference system as well-known text, kept in a record of LASF_Projection.
  /// - Throws: `invalidParameter` when the points are too far apart for 32 bits at this scale.
  public init(
    points: [NewPoint], scale: Double = 0.001, systemIdentifier: String, generatingSoftware: String, wkt: String? = nil
  ) throws(PointCloudError) {
    let low = points.reduce(Vector3(x: .infinity, y: .infinity, z: .infinity)) { low, point in
      Vector3(x: min(low.x, point.x), y: min(low.y, point.y), z: min(low.z, point.z))
    }
    let high = points.reduce(Vector3(x: -.infinity, y: -.infinity, z: -.infinity)) { high, point in
      Vector3(x: max(high.x, point.x), y: max(high.y, point.y), z: max(high.z, point.z))
    }
    let origin = points.isEmpty ? Vector3(x: 0, y: 0, z: 0) : Vector3(x: low.x.rounded(), y: low.y.rounded(), z: 0)
    let extent = [high.x - origin.x, high.y - origin.y, high.z, -low.z].max() ?? 0
    let isFinite = points.allSatisfy { ($0.x + $0.y + $0.z).isFinite }
    guard isFinite, scale > 0, extent / scale < Double(Int32.max) else {
      throw PointCloudError(
        .invalidParameter, "points \(extent) apart do not fit 32-bit coordinates in steps of \(scale)",
        remedy: "Choose a larger scale.")
    }
    guard wkt?.utf8.count ?? 0 < VariableLengthRecord.payloadMax else {
      throw PointCloudError(
        .invalidParameter, "the coordinate system takes more than \(VariableLengthRecord.payloadMax) bytes",
        remedy: "Give it in a shorter form.")
    }
    let records = wkt.map { text in
      VariableLengthRecord(
        userIdentifier: "LASF_Projection", recordIdentifier: 2112, payload: Array(text.utf8) + [0])
    }
    var file = Self.newHeader(points, low, high, origin, scale, systemIdentifier, generatingSoftware)
    let prefix = file.count
    let recordBytes = [records].compactMap { $0?.bytes }.joined()
    file.put(UInt32(recordBytes.isEmpty ? 0 : 1), at: 100)
    file.put(UInt32(prefix + recordBytes.count), at: 96)
    file += recordBytes
    file.reserveCapacity(file.count + 28 * points.count)
    for point in points { Self.append(point, to: &file, origin, scale) }
    self = try Self.read(bytes: file)
  }

  private static func newHeader(
    _ points: [NewPoint], _ low: Vector3, _ high: Vector3, _ origin: Vector3, _ scale: Double, _ system: String,
    _ software: String
  ) -> [UInt8] {
    var header = newHeader(minorVersion: 2, format: 1, recordLength: 28, scale, origin, system, software)
    header.put(UInt32(points.count), at: 107)
    for number in 1...5 { header.put(UInt32(points.count { $0.returnNumber == number }), at: 107 + 4 * number) }
    let bounds = points.isEmpty ? [0, 0, 0, 0, 0, 0] : [high.x, low.x, high.y, low.y, high.z, low.z]
    for (index, number) in bounds.enumerated() { header.put(number.bitPattern, at: 179 + 8 * index) }
    return header
  }

  /// The header of a new file that has neither points nor records yet.
  static func newHeader(
    minorVersion: Int, format: Int, recordLength: Int, _ scale: Double, _ origin: Vector3, _ system: String,
    _ software: String
  ) -> [UInt8] {
    let size = LASHeader.sizes[minorVersion]
    var header = [UInt8](repeating: 0, count: size)
    header.replaceSubrange(0..<4, with: "LASF".utf8)
    // From format 6 on, coordinate systems are well-known text.
    if format >= 6 { header[6] = 0x10 }
    (header[24], header[25], header[104]) = (1, UInt8(minorVersion), UInt8(format))
    header.put(text: system, at: 26, length: 32)
    header.put(text: software, at: 58, length: 32)
    header.put(UInt16(size), at: 94)
    header.put(UInt32(size), at: 96)
    header.put(UInt16(recordLength), at: 105)
    let numbers = [scale, scale, scale, origin.x, origin.y, origin.z]
    for (index, number) in numbers.enumerated() { header.put(number.bitPattern, at: 131 + 8 * index) }
    return header
  }

  private static func append(_ point: NewPoint, to file: inout [UInt8], _ origin: Vector3, _ scale: Double) {
    let start = file.count
    file.append(contentsOf: repeatElement(0, count: 28))
    let steps = [point.x - origin.x, point.y - origin.y, point.z - origin.z].map { Int32(($0 / scale).rounded()) }
    for (axis, step) in steps.enumerated() { file.put(step, at: start + 4 * axis) }
    file.put(point.intensity, at: start + 12)
    file[start + 14] = UInt8(point.returnNumber & 7 | (point.returnCount & 7) << 3)
    file[start + 15] = point.classification & 31
    file.put(point.time.bitPattern, at: start + 20)
  }
}

extension [UInt8] {
  /// Overwrites `length` bytes with text, cut or padded with zeros.
  mutating func put(text: String, at offset: Int, length: Int) {
    for (index, byte) in text.utf8.prefix(length).enumerated() { self[offset + index] = byte }
  }
}
