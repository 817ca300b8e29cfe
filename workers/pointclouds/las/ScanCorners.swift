/// The least and the greatest steps of all points of a scan along each axis: where it lies, for whoever works on a part of it and is to find
/// what is found of the whole.
struct ScanCorners: Hashable, Sendable {
  var low: SIMD3<Int32>
  var high: SIMD3<Int32>

  /// Of no points.
  static let none = ScanCorners(low: SIMD3(repeating: .max), high: SIMD3(repeating: .min))

  var isEmpty: Bool { low.x > high.x }

  init(low: SIMD3<Int32>, high: SIMD3<Int32>) { (self.low, self.high) = (low, high) }

  init(_ cloud: PointCloud) {
    self = .none
    for index in 0..<cloud.count {
      let record = unsafe cloud.points.record(index)
      add(
        unsafe SIMD3(
          record.loadUnaligned(as: Int32.self), record.loadUnaligned(fromByteOffset: 4, as: Int32.self),
          record.loadUnaligned(fromByteOffset: 8, as: Int32.self)))
    }
  }

  mutating func add(_ place: SIMD3<Int32>) { (low, high) = (pointwiseMin(low, place), pointwiseMax(high, place)) }

  mutating func add(_ other: ScanCorners) {
    (low, high) = (pointwiseMin(low, other.low), pointwiseMax(high, other.high))
  }

  func contains(_ other: ScanCorners) -> Bool {
    other.isEmpty || pointwiseMin(low, other.low) == low && pointwiseMax(high, other.high) == high
  }

  /// The least coordinates, from which places are counted where distances are measured.
  ///
  /// - Parameter heightFactor: what heights are multiplied by to be measured as x and y are.
  func origin(_ header: LASHeader, heightFactor: Double) -> SIMD3<Double> {
    guard !isEmpty else { return .zero }
    let place = header.box(low, high).low
    return SIMD3(place.x, place.y, place.z * heightFactor)
  }

  /// The lattice of triangles between points.
  /// - Throws: `unsupported` where the steps are so unequal that all points lie on a line along an axis.
  func lattice(_ header: LASHeader) throws(PointCloudError) -> LatticeFrame {
    try LatticeFrame(SIMD2(low.x, low.y), SIMD2(high.x, high.y), scale: header.scale, offset: header.offset)
  }
}
