import Numerics

extension PointFile {
  /// Draws the points of a file and writes the picture as PNG, in memory that does not grow with their number.
  ///
  /// - Parameter keepGoing: told on the caller's thread the share that is done; false ends the work with `cancelled`.
  /// - Throws: what reading does, and as `PointCloud.writePicture`.
  /// - Precondition: the picture is not coloured by given values.
  /// - Complexity: reads the file twice.
  public func writePicture(
    path: String, parameters: PictureParameters = PictureParameters(), threads: Int = 1,
    keepGoing: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) {
    precondition(parameters.coloring != .value)
    try parameters.validate()
    let reader = PicturePointReader(header, parameters)
    guard parameters.coloring != .color || header.pointFormat.colorOffset != nil else {
      throw PointCloudError(
        .unsupported, "points of format \(header.pointFormat.number) have no colours",
        remedy: "Colour the picture by height, class or intensity.")
    }
    var (low, high) = (SIMD3(repeating: Double.infinity), SIMD3(repeating: -Double.infinity))
    try parts.forEachInOrder(
      reader.fields, threads: threads, keepGoing: { keepGoing(0.4 * $0) }, { (records) in reader.bounds(records) },
      { bounds in (low, high) = (pointwiseMin(low, bounds.low), pointwiseMax(high, bounds.high)) })
    guard low.x <= high.x else {
      throw PointCloudError(.empty, "there is nothing to be drawn", remedy: "Give a cloud with points.")
    }
    let picture = try RecordsPicture(
      reader, low: Vector3(x: low.x, y: low.y, z: low.z), high: Vector3(x: high.x, y: high.y, z: high.z))
    try parts.forEachInOrder(
      reader.fields, threads: threads, keepGoing: { keepGoing(0.4 + 0.5 * $0) }, { (records) in picture.add(records) },
      { _ in })
    guard keepGoing(0.9) else { throw .cancelled }
    try picture.write(path: path, threads: threads)
  }
}

/// A picture to which points are added as the records of a file, in any parts and on any threads.
struct RecordsPicture: Sendable {
  private let reader: PicturePointReader
  private let picture: CloudPicture

  /// - Parameters:
  ///   - low: the least coordinates of the points that are shown.
  ///   - high: the greatest coordinates.
  /// - Throws: `invalidParameter`.
  init(_ reader: PicturePointReader, low: Vector3, high: Vector3) throws(PointCloudError) {
    self.reader = reader
    picture = try CloudPicture(low: low, high: high, parameters: reader.parameters)
  }

  func add(_ records: PointRecords) { picture.add(records.count) { reader.point(records, $0) } }

  /// Draws the picture and writes it as PNG.
  ///
  /// - Throws: `raster`, `libraryMissing`, `fileAccess`.
  func write(path: String, threads: Int) throws(PointCloudError) { try picture.write(path: path, threads: threads) }
}

/// Takes out of records what a picture shows of them.
struct PicturePointReader: Sendable {
  let header: LASHeader
  let parameters: PictureParameters
  /// Where in a record the number lies, of 32 bits, that it is coloured by in a picture coloured by value; nil where that is given otherwise.
  let valueOffset: Int?

  init(_ header: LASHeader, _ parameters: PictureParameters, valueOffset: Int? = nil) {
    (self.header, self.parameters, self.valueOffset) = (header, parameters, valueOffset)
  }

  var fields: PointFields { [.height, .classification, .intensity, .color] }

  func bounds(_ records: PointRecords) -> (low: SIMD3<Double>, high: SIMD3<Double>) {
    var (low, high) = (SIMD3(repeating: Double.infinity), SIMD3(repeating: -Double.infinity))
    for index in 0..<records.count {
      guard let point = point(records, index) else { continue }
      let place = SIMD3(point.x, point.y, point.z)
      (low, high) = (pointwiseMin(low, place), pointwiseMax(high, place))
    }
    return (low, high)
  }

  /// Nil for a point that is not shown.
  @inline(__always) func point(_ records: PointRecords, _ index: Int) -> PicturePoint? {
    let record = unsafe UnsafeRawPointer(records.block.base) + records.start + index * records.length
    let format = header.pointFormat
    let kind = unsafe record.load(fromByteOffset: format.classificationOffset, as: UInt8.self) & format.classMask
    if !parameters.showsNoise, PointClass.isNoise(kind) { return nil }
    let (scale, offset) = (header.scale, header.offset)
    var point = unsafe PicturePoint(
      x: Double(record.loadUnaligned(as: Int32.self)) * scale.x + offset.x,
      y: Double(record.loadUnaligned(fromByteOffset: 4, as: Int32.self)) * scale.y + offset.y,
      z: Double(record.loadUnaligned(fromByteOffset: 8, as: Int32.self)) * scale.z + offset.z)
    switch parameters.coloring {
    case .height: point.value = Float(point.z)
    case .value:
      if let valueOffset { point.value = unsafe record.loadUnaligned(fromByteOffset: valueOffset, as: Float.self) }
    case .classification: point.value = Float(kind)
    case .intensity: point.value = unsafe Float(record.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
    case .color:
      let place = format.colorOffset ?? 0
      for channel in 0..<3 {
        point.color[channel] = unsafe record.loadUnaligned(fromByteOffset: place + 2 * channel, as: UInt16.self)
      }
    }
    return point
  }
}
