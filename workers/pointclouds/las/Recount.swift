/// What a header says about its points: how many there are, of which returns, and the box around them.
///
/// LAS 1.4 R15, section 2.4: counts of up to 15 returns from 1.4 on, of up to 5 in 32 bits before, and still for the
/// older formats.
struct Recount {
  private var byReturn = [UInt64](repeating: 0, count: 16)
  private var low = SIMD3<Int32>(repeating: .max)
  private var high = SIMD3<Int32>(repeating: .min)
  private var count: UInt64 = 0

  /// That of no points.
  init() {}

  /// What is to be said of these and those together.
  mutating func add(_ other: Recount) {
    count += other.count
    low = pointwiseMin(low, other.low)
    high = pointwiseMax(high, other.high)
    for number in byReturn.indices { byReturn[number] += other.byReturn[number] }
  }

  init(_ points: PointRecords, _ format: PointFormat) {
    count = UInt64(points.count)
    for index in 0..<points.count {
      let record = unsafe points.block.base + points.start + index * points.length
      let place = unsafe SIMD3<Int32>(
        record.loadUnaligned(as: Int32.self), record.loadUnaligned(fromByteOffset: 4, as: Int32.self),
        record.loadUnaligned(fromByteOffset: 8, as: Int32.self))
      low = pointwiseMin(low, place)
      high = pointwiseMax(high, place)
      let returns = unsafe record.load(fromByteOffset: format.returnsOffset, as: UInt8.self)
      byReturn[Int(returns & (format.isExtended ? 15 : 7))] += 1
    }
  }

  /// The header with these counts, and its bytes.
  func applied(to header: LASHeader, _ bytes: [UInt8]) -> (header: LASHeader, bytes: [UInt8]) {
    var (header, bytes) = (header, bytes)
    header.pointCount = count
    let isLegacy = (header.minorVersion < 4 || !header.pointFormat.isExtended) && count <= UInt32.max
    bytes.put(isLegacy ? UInt32(count) : 0, at: 107)
    for number in 1...5 { bytes.put(isLegacy ? UInt32(byReturn[number]) : 0, at: 107 + 4 * number) }
    if header.minorVersion >= 4 {
      bytes.put(count, at: 247)
      for number in 1...15 { bytes.put(byReturn[number], at: 247 + 8 * number) }
    }
    if count > 0 {
      (header.minimum, header.maximum) = header.box(low, high)
      let (low, high) = (header.minimum, header.maximum)
      for (index, number) in [high.x, low.x, high.y, low.y, high.z, low.z].enumerated() {
        bytes.put(number.bitPattern, at: 179 + 8 * index)
      }
    }
    return (header, bytes)
  }
}

extension LASHeader {
  /// The corners of the box between two places in the file's steps. A negative scale turns it around.
  func box(_ low: SIMD3<Int32>, _ high: SIMD3<Int32>) -> (low: Vector3, high: Vector3) {
    func place(_ steps: SIMD3<Int32>) -> Vector3 {
      Vector3(
        x: Double(steps.x) * scale.x + offset.x, y: Double(steps.y) * scale.y + offset.y,
        z: Double(steps.z) * scale.z + offset.z)
    }
    let (a, b) = (place(low), place(high))
    return (
      Vector3(x: min(a.x, b.x), y: min(a.y, b.y), z: min(a.z, b.z)),
      Vector3(x: max(a.x, b.x), y: max(a.y, b.y), z: max(a.z, b.z))
    )
  }
}
