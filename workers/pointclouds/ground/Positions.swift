/// The coordinates of all points, as columns of integers.
struct Positions: Sendable {
  let x: [Int32]
  let y: [Int32]
  let z: [Int32]
  private(set) var scale: Vector3
  private(set) var offset: Vector3

  init(_ cloud: PointCloud, threads: Int) {
    x = cloud.integers(axis: 0, threads: threads)
    y = cloud.integers(axis: 1, threads: threads)
    z = cloud.integers(axis: 2, threads: threads)
    scale = cloud.header.scale
    offset = cloud.header.offset
  }

  init(x: [Int32], y: [Int32], z: [Int32], scale: Vector3, offset: Vector3) {
    (self.x, self.y, self.z) = (x, y, z)
    (self.scale, self.offset) = (scale, offset)
  }

  init(_ points: [StoredPoint], scale: Vector3, offset: Vector3) {
    self.init(x: points.map(\.x), y: points.map(\.y), z: points.map(\.z), scale: scale, offset: offset)
  }

  var count: Int { x.count }

  /// The same places with every height multiplied by `factor`.
  func withHeights(times factor: Double) -> Positions {
    var result = self
    result.scale.z *= factor
    result.offset.z *= factor
    return result
  }

  @inline(__always) func plane(_ index: Int) -> SIMD2<Double> {
    SIMD2(Double(x[index]) * scale.x + offset.x, Double(y[index]) * scale.y + offset.y)
  }

  @inline(__always) func height(_ index: Int) -> Double { Double(z[index]) * scale.z + offset.z }

  /// The corners of the box around all points. Nil without points.
  func bounds() -> (low: Vector3, high: Vector3)? {
    guard let xs = Self.range(x, scale.x, offset.x), let ys = Self.range(y, scale.y, offset.y),
      let zs = Self.range(z, scale.z, offset.z)
    else { return nil }
    return (Vector3(x: xs.0, y: ys.0, z: zs.0), Vector3(x: xs.1, y: ys.1, z: zs.1))
  }

  private static func range(_ values: [Int32], _ scale: Double, _ offset: Double) -> (Double, Double)? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let (a, b) = (Double(low) * scale + offset, Double(high) * scale + offset)
    return (min(a, b), max(a, b))
  }
}
