/// A table of points made a LAS 1.4 cloud: point format 6, with colour 7, with infrared 8.
struct CloudFromTable {
  let cloud: PointCloud
  /// The size of one step of the coordinates.
  let scale: Double
  /// How far a coordinate was moved at most to fit the steps.
  let largestRounding: Double
  /// Points without a place (a coordinate that is not a number), which are left out.
  let withoutPlace: Int
  private(set) var warnings: [String]

  /// - Parameter scale: nil for 0.001, or finer where that loses more than a millionth of the extent, or coarser where that
  ///   does not fit 32 bits.
  /// - Throws: `unsupported` without x, y and z; `empty`; `invalidParameter` for a scale at which the points do not fit.
  init(_ table: PointTable, scale: Double?) throws(PointCloudError) {
    let axes = PointField.coordinates.compactMap { table.values($0) }
    guard axes.count == 3 else {
      throw PointCloudError(
        .unsupported, "there are no columns x, y and z; there are \(table.columns.prefix(16).map(\.name))",
        remedy: "Name the columns, with the parameter `columns` where the file does not.")
    }
    let rows = (0..<table.count).filter { axes[0][$0].isFinite && axes[1][$0].isFinite && axes[2][$0].isFinite }
    guard !rows.isEmpty else {
      throw PointCloudError(.empty, "the file has no points", remedy: "Give a file with points.")
    }
    warnings = table.warnings
    withoutPlace = table.count - rows.count
    if withoutPlace > 0 { warnings.append("\(withoutPlace) points whose coordinates are not numbers are left out") }
    let steps = try CoordinateSteps(axes, rows, asked: scale)
    (self.scale, largestRounding) = (steps.scale, steps.largestRounding)
    if !steps.coarseAxes.isEmpty {
      warnings.append(
        "\(steps.coarseAxes.joined(separator: " and ")) \(steps.coarseAxes.count == 1 ? "was" : "were") rounded by more "
          + "than a millionth of the extent, by \(steps.largestRounding) at most: all axes have steps of \(steps.scale)"
      )
    }
    let plan = RecordPlan(table)
    warnings += plan.warnings
    cloud = try Self.cloud(plan, axes, rows, steps)
  }

  private static func cloud(
    _ plan: RecordPlan, _ axes: [[Double]], _ rows: [Int], _ steps: CoordinateSteps
  ) throws(PointCloudError) -> PointCloud {
    let length = plan.recordLength
    var bytes = PointCloud.newHeader(
      minorVersion: 4, format: plan.format.number, recordLength: length, steps.scale, steps.origin, "", "Strata")
    var list = RecordList()
    if !plan.extras.isEmpty { list.records.append(ExtraDimension.record(of: plan.extras)) }
    let end = bytes.count + list.records.reduce(0) { $0 + $1.bytes.count }
    bytes.put(UInt32(list.records.count), at: 100)
    bytes.put(UInt32(end), at: 96)
    let prefix = try ByteBlock(copying: bytes + list.records.flatMap(\.bytes))
    let header = try LASHeader(ByteReader(block: prefix))
    let block = try ByteBlock(count: rows.count * length)
    for axis in 0..<3 {
      for (row, index) in rows.enumerated() {
        block.put(UInt64(bitPattern: Int64(steps.step(axes[axis][index], axis))), at: row * length + 4 * axis, size: 4)
      }
    }
    for part in plan.parts {
      for (row, index) in rows.enumerated() { part.write(index, to: block, at: row * length) }
    }
    // The header announces no points yet: it is recounted.
    return PointCloud(
      header, bytes, list, PointRecords(block: block, start: 0, length: length, count: rows.count))
  }
}

/// In which steps coordinates are kept, and from where.
struct CoordinateSteps {
  private(set) var origin: Vector3
  private(set) var scale: Double
  private(set) var largestRounding = 0.0
  /// The axes along which that was more than a millionth of the extent.
  private(set) var coarseAxes: [String] = []

  init(_ axes: [[Double]], _ rows: [Int], asked: Double?) throws(PointCloudError) {
    var (low, high) = ([Double](repeating: .infinity, count: 3), [Double](repeating: -.infinity, count: 3))
    for axis in 0..<3 {
      for row in rows {
        low[axis] = min(low[axis], axes[axis][row])
        high[axis] = max(high[axis], axes[axis][row])
      }
    }
    guard (low + high).allSatisfy({ abs($0) < 1e14 }) else {
      throw PointCloudError(
        .unsupported, "coordinates reach from \(low) to \(high), which is no place on Earth",
        remedy: "Remove the points that lie too far away.")
    }
    origin = Vector3(x: low[0].rounded(.down), y: low[1].rounded(.down), z: low[2].rounded(.down))
    // From the origin, which lies up to one below the lowest.
    let extent = zip(low, high).map { $1 - $0.rounded(.down) }.max() ?? 0
    let sizes = zip(low, high).map { $1 - $0 }
    func fits(_ scale: Double) -> Bool { extent / scale < Double(Int32.max) - 1 }
    if let asked {
      guard asked.isFinite, asked > 0, asked < 1e4, fits(asked) else {
        throw PointCloudError(
          .invalidParameter, "points \(extent) apart do not fit 32-bit coordinates in steps of \(asked)",
          remedy: "Choose a scale of at least \(extent / (Double(Int32.max) - 2)), below 10,000.")
      }
      scale = asked
      round(axes, rows, sizes)
      return
    }
    var power = 3
    func step(_ power: Int) -> Double {
      power < 0 ? TextLines.powers[-power] : 1 / TextLines.powers[power]
    }
    while !fits(step(power)), power > -10 { power -= 1 }
    var chosen = CoordinateSteps(origin: origin, scale: step(power))
    chosen.round(axes, rows, sizes)
    while power < 12, !chosen.coarseAxes.isEmpty, fits(step(power + 1)) {
      power += 1
      chosen = CoordinateSteps(origin: origin, scale: step(power))
      chosen.round(axes, rows, sizes)
    }
    self = chosen
  }

  private init(origin: Vector3, scale: Double) { (self.origin, self.scale) = (origin, scale) }

  private func start(_ axis: Int) -> Double { axis == 0 ? origin.x : axis == 1 ? origin.y : origin.z }

  /// The step nearest to a coordinate, which fits.
  func step(_ value: Double, _ axis: Int) -> Int32 { Int32(((value - start(axis)) / scale).rounded()) }

  private mutating func round(_ axes: [[Double]], _ rows: [Int], _ sizes: [Double]) {
    coarseAxes = []
    for (axis, name) in ["x", "y", "z"].enumerated() {
      let largest = rows.reduce(0.0) { largest, row in
        let value = axes[axis][row]
        return max(largest, abs(Double(step(value, axis)) * scale + start(axis) - value))
      }
      if sizes[axis] > 0, largest > sizes[axis] * 1e-6 { coarseAxes.append(name) }
      largestRounding = max(largestRounding, largest)
    }
  }
}

extension ByteBlock {
  /// Writes the lowest `size` bytes of a number, least significant first. Its owner alone may.
  func put(_ bits: UInt64, at place: Int, size: Int) {
    precondition(place >= 0 && place + size <= count)
    for index in 0..<size {
      unsafe base.storeBytes(
        of: UInt8(truncatingIfNeeded: bits >> UInt64(8 * index)), toByteOffset: place + index, as: UInt8.self)
    }
  }

  /// Adds bits to a byte.
  func add(_ bits: UInt8, at place: Int) {
    precondition(place >= 0 && place < count)
    unsafe base.storeBytes(
      of: base.load(fromByteOffset: place, as: UInt8.self) | bits, toByteOffset: place, as: UInt8.self)
  }
}
