import PointClouds

/// Polygons: as well-known text, or, after a byte that no text begins with, as coordinates in rings.
struct PolygonCheck {
  private static let ringMark: UInt8 = 0xFF

  private static let texts = [
    "POLYGON ((0 0, 4 0, 4 3, 0 3, 0 0), (1 1, 2 1, 2 2))",
    "multipolygon z(((0 0 1,1e3 -0.5 2,7 7 7)),((1 1,2 3,3 1)))", "POLYGON EMPTY",
    "POLYGON ZM ((1 2 3 4, 5 6 7 8, 9.5e-3 .1 0 0))",
  ]

  private static let numbers: [[[Double]]] = [
    [[0, 0, 4, 0, 4, 3, 0, 3], [1e15, -1e15, 0, 1e-300, 2, 2]], [[0, 0, 1, 1, 2, 2, 1, 1]],
  ]

  static let seeds: [[UInt8]] = texts.map { Array($0.utf8) } + numbers.map(encoded)

  private static func encoded(_ rings: [[Double]]) -> [UInt8] {
    var bytes = [ringMark]
    for ring in rings {
      bytes.append(UInt8(ring.count / 2))
      for value in ring { bytes.add(value.bitPattern, 8) }
    }
    return bytes
  }

  func callAsFunction(_ bytes: [UInt8]) {
    guard bytes.first == Self.ringMark else {
      guard let region = try? CropRegion(wkt: String(decoding: bytes, as: UTF8.self)) else { return }
      for place in [SIMD3(0, 0, 0), SIMD3(0.5, 1, 0), SIMD3(1e9, -3, 0), SIMD3(.nan, 0, 0)] {
        _ = region.contains(place)
      }
      return
    }
    let rings = Self.rings(bytes.dropFirst())
    let region = try? CropRegion(polygons: [rings])
    // Neither where a ring begins nor which way it goes counts, nor the order of rings.
    let turned = rings.reversed().map { ring in ring.isEmpty ? [] : Array((ring[1...] + ring[..<1]).reversed()) }
    let other = try? CropRegion(polygons: [turned])
    require((region == nil) == (other == nil), "a polygon is one whichever way it goes")
    guard let region, let other else { return }
    for ring in rings {
      for (corner, next) in zip(ring, ring.dropFirst() + ring.prefix(1)) {
        require(region.contains(SIMD3(corner.x, corner.y, 0)), "the border belongs to a region")
        for place in [SIMD3((corner.x + next.x) / 2, (corner.y + next.y) / 2, 0), SIMD3(corner.x, next.y, 0)] {
          require(region.contains(place) == other.contains(place), "a polygon is the same whichever way it goes")
        }
      }
    }
  }

  /// Each ring is the number of its corners and their coordinates.
  private static func rings(_ bytes: ArraySlice<UInt8>) -> [[SIMD2<Double>]] {
    var (rest, rings) = (Array(bytes), [[SIMD2<Double>]]())
    while let count = rest.first, rest.count > 16 {
      let corners = min(Int(count), (rest.count - 1) / 16)
      rings.append(
        (0..<corners).map { corner in
          SIMD2(
            Double(bitPattern: rest.number(1 + 16 * corner, 8)), Double(bitPattern: rest.number(9 + 16 * corner, 8)))
        })
      rest.removeFirst(1 + 16 * corners)
    }
    return rings
  }
}
