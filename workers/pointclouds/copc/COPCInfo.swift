/// What a COPC file's first record says about its octree. COPC 1.0, "info" VLR.
struct COPCInfo: Hashable {
  /// The cube around all points.
  let center: Vector3
  let halfSize: Double
  /// The distance between points of the root, in the unit of the coordinates; that of each level is half its parent's.
  let spacing: Double
  /// Where the root page of the hierarchy lies.
  let rootPage: Range<UInt64>

  static let payloadLength = 160

  init(_ header: LASHeader, _ records: [VariableLengthRecord]) throws(PointCloudError) {
    guard let record = records.first(where: { $0.userIdentifier == "copc" && $0.recordIdentifier == 1 }) else {
      throw PointCloudError(
        .unsupported, "this LAS or LAZ file is not COPC: it has no info record",
        remedy: "Read it whole, or export it as COPC.",
        offset: header.headerSize)
    }
    let payload = Array(record.payload)
    guard payload.count >= Self.payloadLength else {
      throw .corrupt("the COPC info record has only \(payload.count) bytes", at: header.headerSize)
    }
    let numbers = (0..<5).map { Double(bitPattern: payload.number(at: 8 * $0)) }
    center = Vector3(x: numbers[0], y: numbers[1], z: numbers[2])
    (halfSize, spacing) = (numbers[3], numbers[4])
    let (offset, size) = (payload.number(at: 40), payload.number(at: 48))
    guard numbers.allSatisfy(\.isFinite), halfSize >= 0, spacing >= 0, offset <= UInt64(Int.max) - min(size, 1 << 62),
      size <= 1 << 62
    else { throw .corrupt("the COPC info record has impossible numbers", at: header.headerSize) }
    rootPage = offset..<offset + size
  }
}

/// A node of the octree: how deep, and where among the nodes of its depth.
struct COPCKey: Hashable {
  let level: Int
  let x: Int
  let y: Int
  let z: Int

  static let levelMax = 31

  /// Whether such a node can exist.
  var isPossible: Bool {
    (0...Self.levelMax).contains(level) && [x, y, z].allSatisfy { $0 >= 0 && $0 < 1 << level }
  }

  func box(in info: COPCInfo) -> Box {
    let size = 2 * info.halfSize / Double(1 << level)
    let low = Vector3(
      x: info.center.x - info.halfSize + Double(x) * size, y: info.center.y - info.halfSize + Double(y) * size,
      z: info.center.z - info.halfSize + Double(z) * size)
    return Box(minimum: low, maximum: Vector3(x: low.x + size, y: low.y + size, z: low.z + size))
  }
}

extension [UInt8] {
  /// Eight bytes as a number, least significant first.
  func number(at offset: Int) -> UInt64 {
    self[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
