import Numerics

/// A part of the plane or of space: a box, or polygons with holes.
///
/// Its border belongs to it, exactly: a point on an edge or at a corner is inside, that of a hole as well. So every
/// point of a cloud is either inside or outside, and crops to regions that share an edge both have the points on it.
public struct CropRegion: Sendable {
  private let low: SIMD3<Double>
  private let high: SIMD3<Double>
  private let polygons: [EdgeStrips]

  /// A box with its sides along the axes; infinite where it does not end.
  ///
  /// - Throws: `invalidParameter` where a limit is NaN or a lower one above the upper.
  public init(low: SIMD3<Double>, high: SIMD3<Double>) throws(PointCloudError) {
    for axis in 0..<3 where !(low[axis] <= high[axis]) {
      throw PointCloudError(
        .invalidParameter, "the box reaches from \(low[axis]) to \(high[axis]) along \(["x", "y", "z"][axis])",
        remedy: "Give the lower limit first.")
    }
    (self.low, self.high, polygons) = (low, high, [])
  }

  /// Polygons, each of an outer ring and those of its holes: what lies within an odd number of the rings of any of
  /// them. Rings end where they begin, whether that place is repeated or not.
  ///
  /// - Throws: `invalidParameter` for rings of fewer than three places or with a coordinate that is no number;
  ///   `limitExceeded` for more than `cornersMax` corners.
  public init(polygons: [[[SIMD2<Double>]]]) throws(PointCloudError) {
    guard polygons.contains(where: { !$0.isEmpty }) else {
      throw PointCloudError(.invalidParameter, "there is no polygon", remedy: "Give a ring of at least three places.")
    }
    guard polygons.joined().reduce(0, { $0 + $1.count }) <= Self.cornersMax else {
      throw PointCloudError(
        .limitExceeded, "the polygons have more than \(Self.cornersMax) corners", remedy: "Simplify them.")
    }
    for (number, ring) in polygons.joined().enumerated() {
      guard ring.count >= 3, ring.allSatisfy({ abs($0.x) <= Self.coordinateMax && abs($0.y) <= Self.coordinateMax })
      else {
        throw PointCloudError(
          .invalidParameter, "ring \(number) has \(ring.count) places, or a coordinate that is no number",
          remedy: "Give rings of at least three places of finite coordinates.")
      }
    }
    self.polygons = polygons.filter { !$0.isEmpty }.map { EdgeStrips(rings: $0) }
    (low, high) = (SIMD3(repeating: -.infinity), SIMD3(repeating: .infinity))
  }

  /// The `coordinates` of a Polygon of GeoJSON (RFC 7946): rings of positions, of which numbers after the second are
  /// not looked at.
  ///
  /// - Throws: as above.
  public init(geoJSONPolygon coordinates: [[[Double]]]) throws(PointCloudError) {
    guard coordinates.joined().allSatisfy({ $0.count >= 2 }) else {
      throw PointCloudError(
        .invalidParameter, "a position of the polygon has fewer than two numbers", remedy: "Give [x, y] or more.")
    }
    try self.init(polygons: [coordinates.map { ring in ring.map { SIMD2($0[0], $0[1]) } }])
  }

  /// `POLYGON` or `MULTIPOLYGON` as well-known text, also with Z or M, which are not looked at.
  ///
  /// - Throws: `invalidParameter` naming the place in the text; as above.
  public init(wkt: String) throws(PointCloudError) {
    var text = PolygonText(wkt)
    try self.init(polygons: text.polygons())
  }

  /// Together they take no more memory than a small cloud.
  public static let cornersMax = 1_000_000
  /// Products of coordinates and what rounding leaves of them stay normal numbers.
  static let coordinateMax = 1e15

  /// Whether a place lies in the region or on its border.
  public func contains(_ place: SIMD3<Double>) -> Bool {
    guard polygons.isEmpty else { return polygons.contains { $0.contains(SIMD2(place.x, place.y)) } }
    return place.x >= low.x && place.x <= high.x && place.y >= low.y && place.y <= high.y && place.z >= low.z
      && place.z <= high.z
  }
}

extension PointCloud {
  /// The points in a region or on its border, or those outside, in their order.
  ///
  /// - Parameters:
  ///   - isInverted: whether the points outside are kept instead.
  ///   - keepGoing: asked every some ten thousand points; once it answers false, the work ends.
  /// - Throws: `corrupt` where coordinates are no usable numbers; `cancelled`.
  /// - Complexity: O(points × edges at the height of one), on at most `threads` threads; 25 bytes for each point beside
  ///   the copy.
  public func cropped(
    to region: CropRegion, isInverted: Bool = false, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> PointCloud {
    let places = try coordinates(threads: threads)
    let isKept = SharedColumn(repeating: false, count: count)
    let parts = Chunks(count: count, least: 1 << 14, most: 1 << 16)
    let isWhole = parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { part in
      for index in parts[part] { isKept[index] = region.contains(places[index]) != isInverted }
    }
    guard isWhole else { throw .cancelled }
    return try keeping(where: isKept.values, threads: threads)
  }
}
