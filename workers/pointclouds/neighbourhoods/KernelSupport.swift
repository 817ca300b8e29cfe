public import Numerics

extension PointCloud {
  /// The coordinates of all points, offset and scale applied, in double precision.
  ///
  /// - Throws: `corrupt` where scale or offset make a coordinate that is no usable number.
  /// - Complexity: one pass for each axis, 24 bytes for each point.
  public func coordinates(threads: Int = 1) throws(PointCloudError) -> Coordinates {
    let (scale, offset) = (header.scale, header.offset)
    func column(_ axis: Int, _ scale: Double, _ offset: Double) -> [Double] {
      points.column(at: 4 * axis, threads: threads) { (raw: Int32) in Double(raw) * scale + offset }
    }
    return try Coordinates.checked(
      x: column(0, scale.x, offset.x), y: column(1, scale.y, offset.y), z: column(2, scale.z, offset.z))
  }
}

extension Coordinates {
  /// Columns as coordinates, with an error of this library where they are none.
  static func checked(x: [Double], y: [Double], z: [Double]) throws(PointCloudError) -> Coordinates {
    do throws(CoordinatesError) { return try Coordinates(x: x, y: y, z: z) } catch {
      switch error {
      case .notFinite(let axis, let index):
        throw PointCloudError(
          .corrupt, "coordinate \(["x", "y", "z"][axis]) of point \(index) is no usable number",
          remedy: "Check the file's scale and offset.")
      case .tooMany(let count):
        throw PointCloudError(
          .limitExceeded, "\(count) points are more than \(Coordinates.countMax)", remedy: "Split the cloud into tiles."
        )
      case .columnsDiffer(let x, let y, let z):
        throw PointCloudError(
          .invalidParameter, "columns of \(x), \(y) and \(z) values", remedy: "Give columns of equal length.")
      }
    }
  }
}

/// - Throws: `invalidParameter`, naming the parameter.
func requirePositive(_ name: String, _ value: Double) throws(PointCloudError) {
  guard value.isFinite, value > 0 else {
    throw PointCloudError(.invalidParameter, "\(name) is \(value)", remedy: "Give a number above 0.")
  }
}

/// - Throws: `invalidParameter`, naming the parameter and its range.
func requireCount(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(PointCloudError) {
  guard range.contains(value) else {
    throw PointCloudError(
      .invalidParameter, "\(name) is \(value)",
      remedy: "Give a number from \(range.lowerBound) to \(range.upperBound).")
  }
}

/// - Throws: `cancelled` once the work is no longer wanted.
func proceed(_ keepGoing: () -> Bool) throws(PointCloudError) {
  guard keepGoing() else { throw .cancelled }
}

/// The most neighbours that a kernel looks at: a thousand describe a neighbourhood as well as more do.
let neighboursMax = 1_000
