import PointClouds

/// COPC, read whole, by bounds and by resolution.
struct COPCCheck {
  private let path: String

  init(_ scratch: Scratch) { path = scratch("a.copc.laz") }

  func callAsFunction(_ bytes: [UInt8]) {
    do { try Scratch.write(bytes, path) } catch { broken("\(error)") }
    guard let file = try? COPCFile(path: path, limits: CloudCheck.limits) else { return }
    let whole = read(file)
    let (low, high) = (file.header.minimum, file.header.maximum)
    let box = Box(minimum: low, maximum: Vector3(x: (low.x + high.x) / 2, y: high.y, z: high.z))
    let (some, coarse) = (read(file, bounds: box), read(file, resolution: file.spacing))
    if case .success(let whole) = whole {
      if case .success(let some) = some { require(some.count <= whole.count, "bounds do not add points") }
      if case .success(let coarse) = coarse { require(coarse.count <= whole.count, "a resolution adds no points") }
      guard case .success(let same) = read(file, threads: 2) else { broken("two threads read what one does") }
      require(same.recordBytes == whole.recordBytes, "two threads read what one does")
      require(
        UInt64(whole.count) <= file.header.pointCount && whole.header.pointCount == UInt64(whole.count),
        "there are no more points than are announced")
    }
    guard case .success(let some) = some else { return }
    let (scale, offset) = (some.header.scale, some.header.offset)
    let (x, y, z) = (some.integers(axis: 0), some.integers(axis: 1), some.integers(axis: 2))
    for index in 0..<some.count {
      let place = Vector3(
        x: Double(x[index]) * scale.x + offset.x, y: Double(y[index]) * scale.y + offset.y,
        z: Double(z[index]) * scale.z + offset.z)
      require(box.contains(place), "points lie within the bounds that are asked for")
    }
  }

  private func read(
    _ file: COPCFile, bounds: Box? = nil, resolution: Double? = nil, threads: Int = 1
  ) -> Result<PointCloud, PointCloudError> {
    Result { () throws(PointCloudError) in
      try file.read(bounds: bounds, resolution: resolution, threads: threads, limits: CloudCheck.limits)
    }
  }
}
