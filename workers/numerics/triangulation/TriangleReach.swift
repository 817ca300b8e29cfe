/// Where a further place would change a triangle.
public enum TriangleReach {
  /// Within a circle, which is a little larger than that through the corners, for what was rounded.
  case circle(center: SIMD2<Double>, radius: Double)
  /// To the left of the way from one place to another, or on it.
  case beyond(from: SIMD2<Double>, to: SIMD2<Double>)
}

/// What lies between two corners.
public struct PlaneBox: Sendable {
  public var low: SIMD2<Double>
  public var high: SIMD2<Double>

  public init(low: SIMD2<Double>, high: SIMD2<Double>) { (self.low, self.high) = (low, high) }

  public static let everything = PlaneBox(
    low: SIMD2(repeating: -.infinity), high: SIMD2(repeating: .infinity))

  public func contains(_ place: SIMD2<Double>) -> Bool {
    place.x >= low.x && place.y >= low.y && place.x <= high.x && place.y <= high.y
  }
}

extension GrowingTriangulation {
  /// The circle through the corners of a triangle; of one outside what lies beyond the hull.
  public func reach(of triangle: Int32) -> TriangleReach {
    if let side = outerSide(triangle) {
      return .beyond(from: sites[mesh.corner(side)], to: sites[mesh.corner(TriangleMesh.next(side))])
    }
    let (a, b, c) = corners(4 &* triangle)
    let circle = Circumcircle(a, b, c)
    let center = circle.way / circle.doubled
    let radius = (center * center).sum().squareRoot()
    return .circle(center: a + center, radius: radius * (1 + 1e-9) + circle.error / circle.doubled + 1)
  }

  /// A place near a triangle: of one whose angles are not very unequal the centre of its circle.
  public func middle(of triangle: Int32) -> SIMD2<Double> {
    if let side = outerSide(triangle) {
      return (sites[mesh.corner(side)] + sites[mesh.corner(TriangleMesh.next(side))]) / 2
    }
    let (a, b, c) = corners(4 &* triangle)
    let circle = Circumcircle(a, b, c)
    let (low, high) = (pointwiseMin(a, pointwiseMin(b, c)), pointwiseMax(a, pointwiseMax(b, c)))
    return pointwiseMin(pointwiseMax(a + circle.way / circle.doubled, low), high)
  }

  /// Whether a further place would change a triangle. Its corners do not.
  public func isWithin(_ place: SIMD2<Int32>, reachOf triangle: Int32) -> Bool {
    let place = SIMD2(Double(place.x), Double(place.y))
    for side in 4 * triangle...4 * triangle + 2 {
      let corner = mesh.corner(side)
      if corner >= 0, sites[corner] == place { return false }
    }
    return isWithin(place, 4 * triangle)
  }

  /// The triangles that touch a zone, and those outside where the hull does not hold the whole of it, as far as places beyond `known` would
  /// change them.
  ///
  /// - Complexity: O(triangles).
  public func trianglesReaching(beyond known: PlaneBox, on zone: PlaneBox) -> [Int32] {
    (0..<Int32(mesh.count)).filter { reaches($0, beyond: known, on: zone) }
  }

  /// Hands those of the triangles around the place that was inserted last to `body`.
  public func forEachNewest(reachingBeyond known: PlaneBox, on zone: PlaneBox, _ body: (Int32) -> Void) {
    var triangle = newest
    repeat {
      if reaches(triangle, beyond: known, on: zone) { body(triangle) }
      triangle = mesh.twin(4 &* triangle &+ 2) >> 2
    } while triangle != newest
  }

  @inline(__always) private func corners(_ side: Int32) -> (SIMD2<Double>, SIMD2<Double>, SIMD2<Double>) {
    (sites[mesh.corner(side)], sites[mesh.corner(side &+ 1)], sites[mesh.corner(side &+ 2)])
  }

  @inline(__always) private func reaches(_ triangle: Int32, beyond known: PlaneBox, on zone: PlaneBox) -> Bool {
    if let side = outerSide(triangle) {
      let (from, to) = (sites[mesh.corner(side)], sites[mesh.corner(TriangleMesh.next(side))])
      return [zone.low, SIMD2(zone.high.x, zone.low.y), zone.high, SIMD2(zone.low.x, zone.high.y)].contains {
        PlaneSites.isRightTurn(to - $0, from - $0)
      }
    }
    let (a, b, c) = corners(4 &* triangle)
    // Most circles are so small that one comparison tells; of a triangle whose turn may be rounding it tells nothing, nor of one at the border.
    let (u, v) = (b - a, c - a)
    let turn = u.x * v.y - u.y * v.x
    let room = min(min(a.x - known.low.x, a.y - known.low.y), min(known.high.x - a.x, known.high.y - a.y)) - 2
    let (way, error) = Circumcircle.way(u, v)
    if room * max(0, turn - PlaneSites.certain) >= way.x.magnitude + way.y.magnitude + error { return false }
    let (low, high) = (pointwiseMin(a, pointwiseMin(b, c)), pointwiseMax(a, pointwiseMax(b, c)))
    guard high.x >= zone.low.x, high.y >= zone.low.y, low.x <= zone.high.x, low.y <= zone.high.y,
      case .circle(let center, let radius) = reach(of: triangle)
    else { return false }
    return !(known.contains(center - radius) && known.contains(center + radius))
  }
}

/// The way from the first corner of a triangle to the centre of its circle, times four times the triangle's area.
private struct Circumcircle {
  let way: SIMD2<Double>
  let doubled: Double
  /// How much of each axis of the way is rounding, at most.
  let error: Double

  @inline(__always) init(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) {
    let (u, v) = (b - a, c - a)
    doubled = 2 * Double(PlaneSites.exactTurn(u, v))
    (way, error) = Self.way(u, v)
  }

  @inline(__always) static func way(_ u: SIMD2<Double>, _ v: SIMD2<Double>) -> (SIMD2<Double>, error: Double) {
    let (p, q) = (u.x * u.x + u.y * u.y, v.x * v.x + v.y * v.y)
    return (
      SIMD2(v.y * p - u.y * q, u.x * q - v.x * p),
      8 * Double.ulpOfOne * ((v.x.magnitude + v.y.magnitude) * p + (u.x.magnitude + u.y.magnitude) * q)
    )
  }
}
