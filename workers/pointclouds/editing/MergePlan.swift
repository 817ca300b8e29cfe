import Numerics

/// What a cloud has that holds several.
struct MergePlan {
  let format: PointFormat
  let extraBytes: Int
  let scale: Vector3
  let offset: Vector3
  private(set) var warnings: [String] = []
  /// Whose records tell of the coordinate system and of extra bytes.
  private let projected: Int?
  private let extended: Int?

  init(_ clouds: [PointCloud]) throws(PointCloudError) {
    for (index, cloud) in clouds.enumerated() {
      precondition(cloud.fields == .all, "a cloud of which only some fields were read cannot be merged")
      if cloud.format.wavePacketOffset != nil {
        throw PointCloudError(
          .unsupported, "the points of cloud \(index) have waveforms, whose samples lie elsewhere for each file",
          remedy: "Convert it to a format without waveforms first.")
      }
    }
    let formats = (0...10).compactMap(PointFormat.init).sorted {
      ($0.baseLength, $0.number) < ($1.baseLength, $1.number)
    }
    format = formats.first { format in clouds.allSatisfy { $0.format.fits(format) } } ?? .extended(8)
    extended = try Self.agreed(clouds, "extra bytes") { cloud in
      cloud.extraLength == 0 ? nil : [UInt8](cloud.extraRecord?.payload ?? []) + [UInt8(cloud.extraLength & 0xFF)]
    }
    extraBytes = extended.map { clouds[$0].extraLength } ?? 0
    _ = try Self.agreed(clouds, "kinds of GPS time") { $0.format.timeOffset == nil ? nil : [$0.headerBytes[6] & 1] }
    projected = try Self.agreedProjection(clouds)
    let unknown = clouds.indices.filter { !clouds[$0].hasProjection }
    if projected != nil, !unknown.isEmpty {
      warnings.append("clouds \(unknown.prefix(16)) do not say their coordinate system: that of the others is taken")
    }
    (scale, offset) = try Self.steps(clouds)
  }

  /// The first cloud for which there is something to agree on.
  private static func agreed<Key: Equatable>(
    _ clouds: [PointCloud], _ what: String, _ key: (PointCloud) -> Key?
  ) throws(PointCloudError) -> Int? {
    var first: (index: Int, key: Key)?
    for (index, cloud) in clouds.enumerated() {
      guard let own = key(cloud) else { continue }
      if let first, own != first.key {
        throw PointCloudError(
          .unsupported, "clouds \(first.index) and \(index) have different \(what)",
          remedy: "Bring them to the same before they are merged.")
      }
      first = first ?? (index, own)
    }
    return first?.index
  }

  private static func agreedProjection(_ clouds: [PointCloud]) throws(PointCloudError) -> Int? {
    guard let first = clouds.firstIndex(where: \.hasProjection) else { return nil }
    let records = clouds[first].projectionRecords.map(\.payload)
    for index in clouds.indices where clouds[index].hasProjection {
      if clouds[index].projectionRecords.map(\.payload) == records { continue }
      let (one, other) = (try clouds[first].coordinateSystem(), try clouds[index].coordinateSystem())
      guard one?.wkt != other?.wkt, one?.epsg == nil || one?.epsg != other?.epsg else { continue }
      throw PointCloudError(
        .unsupported,
        "cloud \(first) is in \(one?.name ?? "an unknown system") and cloud \(index) in \(other?.name ?? "an unknown system")",
        remedy: "Reproject one of them first.")
    }
    return first
  }

  /// Finest steps at which all clouds fit 32 bits.
  private static func steps(_ clouds: [PointCloud]) throws(PointCloudError) -> (Vector3, Vector3) {
    var (scales, offsets) = ([Double](), [Double]())
    for axis in 0..<3 {
      let own = clouds.map { ($0.header.scale[axis], $0.header.offset[axis]) }
      if own.allSatisfy({ $0 == own[0] }) {
        (scales, offsets) = (scales + [own[0].0], offsets + [own[0].1])
        continue
      }
      var (low, high) = (Double.infinity, -Double.infinity)
      for (index, cloud) in clouds.enumerated() {
        guard let range = cloud.integerRange(axis: axis) else { continue }
        let ends = [range.lowerBound, range.upperBound].map { Double($0) * own[index].0 + own[index].1 }
        (low, high) = (min(low, ends[0], ends[1]), max(high, ends[0], ends[1]))
      }
      guard let finest = own.map({ abs($0.0) }).filter({ $0 > 0 }).min() else {
        throw PointCloudError(
          .unsupported, "all clouds have a scale of 0 along \(["x", "y", "z"][axis])",
          remedy: "Give them scale factors above 0.")
      }
      let offset = own.first { abs($0.0) == finest }?.1 ?? 0
      func fits(_ scale: Double, _ offset: Double) -> Bool {
        low > high || max(abs(low - offset), abs(high - offset)) / scale < Double(Int32.max) - 1
      }
      if fits(finest, offset) {
        (scales, offsets) = (scales + [finest], offsets + [offset])
        continue
      }
      let middle = (low / 2 + high / 2).rounded()
      var scale = finest
      while !fits(scale, middle) { scale *= 10 }
      (scales, offsets) = (scales + [scale], offsets + [middle])
    }
    return (
      Vector3(x: scales[0], y: scales[1], z: scales[2]), Vector3(x: offsets[0], y: offsets[1], z: offsets[2])
    )
  }

  /// Copies a cloud's records, with coordinates in the common steps.
  ///
  /// - Returns: how far a coordinate was moved at most.
  func copy(
    _ cloud: PointCloud, to block: ByteBlock, from first: Int, length: Int, threads: Int
  ) throws(PointCloudError) -> Double {
    let (old, new) = ((cloud.header.scale, cloud.header.offset), (scale, offset))
    let isSame = old == new
    let parts = Chunks(count: cloud.count, least: 1 << 14, most: 1 << 12)
    let largest = SharedColumn(repeating: 0.0, count: parts.count)
    let points = cloud.points
    nonisolated(unsafe) let target = unsafe block.base + first * length
    parallelFor(parts.count, threads: max(1, threads)) { part in
      for index in parts[part] {
        let record = unsafe target + index * length
        unsafe record.copyMemory(from: points.record(index), byteCount: points.length)
        if isSame { continue }
        for axis in 0..<3 where old.0[axis] != new.0[axis] || old.1[axis] != new.1[axis] {
          let raw = unsafe record.loadUnaligned(fromByteOffset: 4 * axis, as: Int32.self)
          let place = Double(raw) * old.0[axis] + old.1[axis]
          let step = ((place - new.1[axis]) / new.0[axis]).rounded()
          unsafe record.storeBytes(of: Int32(step), toByteOffset: 4 * axis, as: Int32.self)
          let moved = abs(step * new.0[axis] + new.1[axis] - place)
          // What is left of a coordinate in double precision is no rounding.
          if moved > abs(place) * 0x1p-50 { largest[part] = max(largest[part], moved) }
        }
      }
    }
    return largest.values.max() ?? 0
  }

  /// The first cloud's header and records with the common steps, the coordinate system and the extra bytes of whoever
  /// has them.
  func header(
    _ base: PointCloud, _ clouds: [PointCloud], length: Int
  ) throws(PointCloudError) -> ([UInt8], [VariableLengthRecord]) {
    var (bytes, records) = (base.headerBytes, base.records)
    for axis in 0..<3 {
      bytes.put(scale[axis].bitPattern, at: 131 + 8 * axis)
      bytes.put(offset[axis].bitPattern, at: 155 + 8 * axis)
    }
    bytes.put(UInt16(length), at: 105)
    if let projected, !base.hasProjection, let text = try clouds[projected].projectionText() {
      records.append(try .projection(text))
      if base.header.minorVersion >= 4 { bytes[6] |= 0x10 }
    }
    if let extended, base.extraRecord == nil, let record = clouds[extended].extraRecord {
      records.append(record)
    }
    return (bytes, records)
  }
}

extension VariableLengthRecord {
  /// The coordinate system as well-known text.
  ///
  /// - Throws: `invalidParameter` for text that a record does not hold.
  static func projection(_ wkt: String) throws(PointCloudError) -> VariableLengthRecord {
    guard wkt.utf8.count < payloadMax else {
      throw PointCloudError(
        .invalidParameter, "the coordinate system takes more than \(payloadMax) bytes",
        remedy: "Give it in a shorter form.")
    }
    return VariableLengthRecord(
      userIdentifier: "LASF_Projection", recordIdentifier: 2112, payload: Array(wkt.utf8) + [0])
  }
}

extension Vector3 {
  subscript(axis: Int) -> Double { axis == 0 ? x : axis == 1 ? y : z }
}

extension PointCloud {
  /// The least and the largest integer along an axis; nil without points.
  func integerRange(axis: Int) -> ClosedRange<Int32>? {
    let column = integers(axis: axis)
    guard let low = column.min(), let high = column.max() else { return nil }
    return low...high
  }
}
