import Glibc

/// Where a point lies in the picture.
struct PictureCamera: Sendable {
  /// Samples along each side.
  let columns: Int
  let rows: Int
  /// The size of a sample, in the cloud's unit, in the middle of the cloud.
  let sampleSize: Double
  private let centre: SIMD3<Double>
  private let right: SIMD3<Double>
  private let up: SIMD3<Double>
  private let forward: SIMD3<Double>
  /// From the eye to the middle of the cloud.
  private let distance: Double
  private let isPerspective: Bool
  private let left: Double
  private let top: Double
  private let scale: Double

  /// Of less than this many degrees there is no perspective that could be seen, only depths that are told apart less
  /// well.
  private static let fieldOfViewMin = 1.0
  /// Left free around the cloud, of the longer side.
  private static let margin = 0.02
  /// The longer side may be so many times the shorter one.
  private static let aspectMax = 8.0

  /// A camera that has all of a box in view, in a picture of that shape.
  init(_ low: Vector3, _ high: Vector3, _ parameters: PictureParameters) {
    let (a, b) = (SIMD3(low.x, low.y, low.z), SIMD3(high.x, high.y, high.z))
    centre = a / 2 + b / 2
    let isAbove = parameters.view == .above
    (right, up, forward) = Self.axes(
      azimuth: isAbove ? 180 : parameters.azimuth, elevation: isAbove ? 90 : parameters.elevation)
    let diagonal = max((((b - a) / 2) * ((b - a) / 2)).sum().squareRoot(), 1e-6)
    isPerspective = !isAbove && parameters.fieldOfView >= Self.fieldOfViewMin
    // Without perspective the distance is only what depth is told apart by.
    distance = isPerspective ? diagonal * 1.02 / sin(parameters.fieldOfView * .pi / 360) : 4 * diagonal
    var (least, most) = (SIMD2(repeating: Double.infinity), SIMD2(repeating: -Double.infinity))
    for corner in 0..<8 {
      let place = SIMD3(corner & 1 == 0 ? a.x : b.x, corner & 2 == 0 ? a.y : b.y, corner & 4 == 0 ? a.z : b.z)
      let flat = Self.flat(place - centre, right, up, forward, distance, isPerspective)
      least = pointwiseMin(least, flat)
      most = pointwiseMax(most, flat)
    }
    let longer = max(most.x - least.x, most.y - least.y, 1e-6)
    let size = pointwiseMax(most - least, SIMD2(repeating: longer / Self.aspectMax)) + 2 * Self.margin * longer
    let samples = Double(parameters.pixels * parameters.supersampling)
    scale = samples / max(size.x, size.y)
    let whole = size * scale / Double(parameters.supersampling)
    columns = min(parameters.pixels, max(1, Int(whole.x.rounded()))) * parameters.supersampling
    rows = min(parameters.pixels, max(1, Int(whole.y.rounded()))) * parameters.supersampling
    let middle = (least + most) / 2
    left = middle.x - Double(columns) / (2 * scale)
    top = middle.y + Double(rows) / (2 * scale)
    sampleSize = 1 / scale
  }

  /// To the right, upwards and away in the picture, each of length 1.
  private static func axes(
    azimuth: Double, elevation: Double
  ) -> (right: SIMD3<Double>, up: SIMD3<Double>, forward: SIMD3<Double>) {
    let (turn, tilt) = (azimuth * .pi / 180, elevation * .pi / 180)
    let back = SIMD3(sin(turn) * cos(tilt), cos(turn) * cos(tilt), sin(tilt))
    let right = SIMD3(-cos(turn), sin(turn), 0)
    let up = SIMD3(-sin(turn) * sin(tilt), -cos(turn) * sin(tilt), cos(tilt))
    return (right, up, -back)
  }

  /// A place as it lies in the plane through the middle of the cloud.
  @inline(__always) private static func flat(
    _ place: SIMD3<Double>, _ right: SIMD3<Double>, _ up: SIMD3<Double>, _ forward: SIMD3<Double>, _ distance: Double,
    _ isPerspective: Bool
  ) -> SIMD2<Double> {
    let share = isPerspective ? distance / max(distance + (place * forward).sum(), 1e-9 * distance) : 1
    return SIMD2((place * right).sum(), (place * up).sum()) * share
  }

  /// The sample and the distance from the eye; nil outside the picture, and for places that are no numbers.
  @inline(__always) func sample(_ x: Double, _ y: Double, _ z: Double) -> (index: Int, depth: Float)? {
    let place = SIMD3(x, y, z) - centre
    let depth = distance + (place * forward).sum()
    let flat = Self.flat(place, right, up, forward, distance, isPerspective)
    let (column, row) = ((flat.x - left) * scale, (top - flat.y) * scale)
    guard depth > 0, column >= 0, row >= 0, column < Double(columns), row < Double(rows) else { return nil }
    return (Int(row) * columns + Int(column), Float(depth))
  }
}
