public import Numerics

/// New clouds made of others. What is not asked for stays as it is to the last bit: fields, extra bytes, waveforms, the
/// records before and after the points, and what lies between.
extension PointCloud {
  /// The points of some indices, in their order; one that is named twice is there twice. Counts and bounds are counted again.
  ///
  /// - Precondition: the indices are those of points.
  /// - Throws: `limitExceeded` without memory for a copy.
  /// - Complexity: O(indices), on at most `threads` threads.
  public func keeping(_ indices: [Int32], threads: Int = 1) throws(PointCloudError) -> PointCloud {
    precondition(indices.allSatisfy { $0 >= 0 && $0 < count })
    let kept = try unsafe points.made(count: indices.count, length: points.length, threads: threads) {
      index, old, new in
      unsafe new.copyMemory(from: old.record(Int(indices[index])), byteCount: old.length)
    }
    return try PointCloud(changing: self, points: kept, isCounted: false)
  }

  /// The points for which there is true, in the order of the cloud.
  public func keeping(where isKept: [Bool], threads: Int = 1) throws(PointCloudError) -> PointCloud {
    precondition(isKept.count == count)
    return try keeping(isKept.indices.lazy.filter { isKept[$0] }.map(Int32.init), threads: threads)
  }

  /// The cloud with other classes, one for each point.
  ///
  /// - Throws: `invalidParameter` for a class above 31 in formats 0–5, which have no room for it.
  public func setting(classifications: [UInt8], threads: Int = 1) throws(PointCloudError) -> PointCloud {
    precondition(classifications.count == count)
    let (place, mask) = (format.classificationOffset, format.classMask)
    if let tooHigh = classifications.first(where: { $0 > mask }) {
      throw PointCloudError(
        .invalidParameter,
        "class \(tooHigh) does not fit point format \(format.number), which has classes up to \(mask)",
        remedy: "Give the points one of the formats 6 to 8 first.")
    }
    return try unsafe changingRecords(threads: threads) { index, record in
      let old = unsafe record.load(fromByteOffset: place, as: UInt8.self)
      unsafe record.storeBytes(of: old & ~mask | classifications[index], toByteOffset: place, as: UInt8.self)
    }
  }

  /// The cloud with other colours (red, green and blue of 16 bits), one for each point.
  ///
  /// - Throws: `unsupported` in a format without colours; see `promoted`.
  public func setting(colors: [SIMD3<UInt16>], threads: Int = 1) throws(PointCloudError) -> PointCloud {
    precondition(colors.count == count)
    guard let place = format.colorOffset else {
      throw PointCloudError(
        .unsupported, "point format \(format.number) has no colours",
        remedy: "Give the points format \(format.withColor.number) first.")
    }
    return try unsafe changingRecords(threads: threads) { index, record in
      for channel in 0..<3 {
        unsafe record.storeBytes(of: colors[index][channel], toByteOffset: place + 2 * channel, as: UInt16.self)
      }
    }
  }

  /// The cloud with its points elsewhere: coordinates are rounded to the nearest step of `scale` from `offset`, and the
  /// bounds are counted again.
  ///
  /// - Throws: `invalidParameter` for a scale that is not above 0, and where a coordinate is no number or does not fit
  ///   32 bits at this scale.
  public func setting(
    coordinates: Coordinates, scale: Vector3, offset: Vector3, threads: Int = 1
  ) throws(PointCloudError) -> PointCloud {
    precondition(coordinates.count == count)
    let axes = [
      ("x", coordinates.x, scale.x, offset.x), ("y", coordinates.y, scale.y, offset.y),
      ("z", coordinates.z, scale.z, offset.z),
    ]
    var bytes = headerBytes
    var columns: [[Int32]] = []
    for (axis, (name, values, scale, offset)) in axes.enumerated() {
      columns.append(try Self.steps(name, values, scale, offset))
      bytes.put(scale.bitPattern, at: 131 + 8 * axis)
      bytes.put(offset.bitPattern, at: 155 + 8 * axis)
    }
    let (x, y, z) = (columns[0], columns[1], columns[2])
    let moved = try unsafe changedRecords(threads: threads) { index, record in
      unsafe record.storeBytes(of: x[index], as: Int32.self)
      unsafe record.storeBytes(of: y[index], toByteOffset: 4, as: Int32.self)
      unsafe record.storeBytes(of: z[index], toByteOffset: 8, as: Int32.self)
    }
    return try PointCloud(changing: self, points: moved, headerBytes: bytes, isCounted: false)
  }

  private static func steps(
    _ axis: String, _ values: [Double], _ scale: Double, _ offset: Double
  ) throws(PointCloudError) -> [Int32] {
    guard scale.isFinite, scale > 0, offset.isFinite else {
      throw PointCloudError(
        .invalidParameter, "the scale of \(axis) is \(scale), its offset \(offset)", remedy: "Give a scale above 0.")
    }
    var steps = [Int32](repeating: 0, count: values.count)
    for (index, value) in values.enumerated() {
      let step = ((value - offset) / scale).rounded()
      guard step >= -0x1p31, step < 0x1p31 else {
        throw PointCloudError(
          .invalidParameter,
          "\(axis) = \(value) of point \(index) does not fit 32 bits in steps of \(scale) from \(offset)",
          remedy: "Choose a larger scale or an offset amid the points.")
      }
      steps[index] = Int32(step)
    }
    return steps
  }

  /// A copy of the records in which `change` was called for each.
  func changedRecords(
    threads: Int, _ change: @Sendable (_ index: Int, _ record: UnsafeMutableRawPointer) -> Void
  ) throws(PointCloudError) -> PointRecords {
    try unsafe points.made(count: count, length: points.length, threads: threads) { index, old, new in
      unsafe new.copyMemory(from: old.record(index), byteCount: old.length)
      unsafe change(index, new)
    }
  }

  private func changingRecords(
    threads: Int, _ change: @Sendable (_ index: Int, _ record: UnsafeMutableRawPointer) -> Void
  ) throws(PointCloudError) -> PointCloud {
    try unsafe PointCloud(changing: self, points: changedRecords(threads: threads, change))
  }
}

extension PointCloud {
  /// `old` with other parts.
  ///
  /// - Parameters:
  ///   - headerBytes: with what is new in it, but for the places and numbers of records, which are put here.
  ///   - isCounted: whether the header's counts and bounds hold for the points.
  init(
    changing old: PointCloud, points: PointRecords, headerBytes: [UInt8]? = nil,
    records: [VariableLengthRecord]? = nil, extendedRecords: [VariableLengthRecord]? = nil, isCounted: Bool = true
  ) throws(PointCloudError) {
    self.records = records ?? old.records
    self.extendedRecords = extendedRecords ?? old.extendedRecords
    (waveformIndex, warnings, chunkCount) = (old.waveformIndex, old.warnings, old.chunkCount)
    (losses, fields, gap) = (old.losses, old.fields, old.gap)
    self.points = points
    var (header, bytes) = (old.header, headerBytes ?? old.headerBytes)
    if headerBytes != nil || records != nil {
      let body = self.records.flatMap(\.bytes) + gap
      bytes.put(UInt32(bytes.count + body.count), at: 96)
      bytes.put(UInt32(self.records.count), at: 100)
      header = try LASHeader(ByteReader(block: ByteBlock(copying: bytes + body)))
    }
    if !isCounted { (header, bytes) = Recount(points, header.pointFormat).applied(to: header, bytes) }
    if points.count == 0, !isCounted {
      (header.minimum, header.maximum) = (Vector3(x: 0, y: 0, z: 0), Vector3(x: 0, y: 0, z: 0))
      for place in stride(from: 179, to: 227, by: 8) { bytes.put(UInt64(0), at: place) }
    }
    (self.header, self.headerBytes) = (header, bytes)
  }
}

extension PointRecords {
  /// The record of a point, which there is.
  func record(_ index: Int) -> UnsafeRawPointer { unsafe UnsafeRawPointer(block.base + start + index * length) }

  /// New records of `length` bytes, all zero until `fill` is called for each with these records and the new one.
  func made(
    count: Int, length: Int, threads: Int,
    _ fill: @Sendable (_ index: Int, _ old: PointRecords, _ new: UnsafeMutableRawPointer) -> Void
  ) throws(PointCloudError) -> PointRecords {
    let block = try ByteBlock(count: count * length)
    let step = 1 << 14
    parallelFor((count + step - 1) / step, threads: max(1, threads)) { part in
      for index in part * step..<min(count, (part + 1) * step) {
        unsafe fill(index, self, block.base + index * length)
      }
    }
    return PointRecords(block: block, start: 0, length: length, count: count)
  }
}
