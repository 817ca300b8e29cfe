import Numerics
import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct CropTests {
  private func cloud(_ places: [SIMD3<Double>]) throws -> PointCloud {
    try PointCloud(
      points: places.map { NewPoint(x: $0.x, y: $0.y, z: $0.z) }, scale: 0.01, systemIdentifier: "",
      generatingSoftware: "test")
  }

  @Test func `a box has its faces, and what is not inside is outside`() throws {
    let places = (0..<1_000).map { index -> SIMD3<Double> in
      let (x, y, z) = (Double(index % 10), Double(index / 10 % 10), Double(index / 100))
      return SIMD3(x, y, z)
    }
    let scan = try cloud(places)
    let region = try CropRegion(low: SIMD3(2, 3, -.infinity), high: SIMD3(5, 7, 4))
    let inside = try scan.cropped(to: region, threads: 2)
    #expect(inside.count == 4 * 5 * 5)
    #expect(inside.header.minimum == Vector3(x: 2, y: 3, z: 0) && inside.header.maximum == Vector3(x: 5, y: 7, z: 4))
    #expect(inside.header.pointCount == 100)
    #expect(try scan.cropped(to: region, isInverted: true).count == 900)
    #expect(try scan.cropped(to: CropRegion(low: SIMD3(50, 0, 0), high: SIMD3(60, 9, 9))).count == 0)
  }

  @Test func `a polygon has its edges, corners and holes' borders, exactly`() throws {
    // A square with a hole and a notch, in eighths, so that places on slanted edges are exact.
    let ring = [(0.0, 0.0), (8, 0), (8, 8), (4, 4), (0, 8)].map { SIMD2($0.0, $0.1) }
    let hole = [(1.0, 1.0), (3, 1), (3, 3), (1, 3), (1, 1)].map { SIMD2($0.0, $0.1) }
    let region = try CropRegion(polygons: [[ring, hole]])
    for step in 0..<65 * 65 {
      let (x, y) = (Double(step % 65) / 8, Double(step / 65) / 8)
      let isInRing = y <= max(x, 8 - x)
      let isInHole = x > 1 && x < 3 && y > 1 && y < 3
      #expect(region.contains(SIMD3(x, y, 5)) == (isInRing && !isInHole), "at \(x), \(y)")
    }
    #expect(!region.contains(SIMD3(-0.001, 0, 0)) && !region.contains(SIMD3(9, 0, 0)))
  }

  @Test func `no rounding decides the side of an edge`() throws {
    // Three places a hair's breadth from a line through numbers that have no short binary form.
    let (a, b) = (SIMD2(0.1, 0.1), SIMD2(681_000.3, 681_000.3))
    let region = try CropRegion(polygons: [[[a, b, SIMD2(0.1, 681_000.3)]]])
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<2_000 {
      let x = random.number(in: 1...680_000)
      #expect(region.contains(SIMD3(x, x, 0)), "on the edge, seed \(testSeed)")
      #expect(region.contains(SIMD3(x, x.nextUp, 0)) && !region.contains(SIMD3(x, x.nextDown, 0)))
    }
    // On no diagonal: against arithmetic of whole numbers.
    for _ in 0..<2_000 {
      func whole() -> Int64 { Int64.random(in: 0..<1 << 26, using: &random) }
      let (p, q) = ((whole(), whole()), (whole(), whole()))
      let t = Int64.random(in: 0...8, using: &random)
      let c = (p.0 + (q.0 - p.0) / 8 * t, p.1 + (q.1 - p.1) / 8 * t)
      let turn = (p.0 - c.0) * (q.1 - c.1) - (p.1 - c.1) * (q.0 - c.0)
      func place(_ v: (Int64, Int64)) -> SIMD2<Double> { SIMD2(Double(v.0), Double(v.1)) * 0x1p-10 }
      guard turn == 0, p != q else { continue }
      let far = place(p) + SIMD2(place(q).y - place(p).y, place(p).x - place(q).x)
      let triangle = try CropRegion(polygons: [[[place(p), place(q), far]]])
      #expect(triangle.contains(SIMD3(place(c).x, place(c).y, 0)), "seed \(testSeed)")
    }
  }

  @Test func `a polygon of many edges is that of all its edges`() throws {
    var random = SeededGenerator(seed: testSeed)
    let ring = (0..<3_000).map { _ in SIMD2(random.number(in: 0...100), random.number(in: 0...100)) }
    let region = try CropRegion(polygons: [[ring]])
    for _ in 0..<500 {
      let place = SIMD2(random.number(in: -5...105), random.number(in: -5...105))
      var isInside = false
      for (index, a) in ring.enumerated() {
        let b = ring[(index + 1) % ring.count]
        guard (a.y > place.y) != (b.y > place.y) else { continue }
        if place.x < a.x + (b.x - a.x) * (place.y - a.y) / (b.y - a.y) { isInside.toggle() }
      }
      #expect(region.contains(SIMD3(place.x, place.y, 0)) == isInside, "seed \(testSeed)")
    }
  }

  @Test func `text and GeoJSON are read`() throws {
    let wkt = try CropRegion(
      wkt:
        " MultiPolygon Z (((0 0 1, 4 0 2, 4 4 3, 0 4 4, 0 0 1), (1 1 0,2 1 0,2 2 0,1 2 0)),\n((1e1 10 0, 12 10 0, 12 12 0)))"
    )
    #expect(wkt.contains(SIMD3(3, 3, 0)) && !wkt.contains(SIMD3(1.5, 1.5, 0)) && wkt.contains(SIMD3(11.5, 11, 0)))
    let json = try CropRegion(geoJSONPolygon: [[[0, 0], [4, 0, 9], [4, 4], [0, 0]]])
    #expect(json.contains(SIMD3(3, 2, 0)) && !json.contains(SIMD3(2, 3, 0)))
    for text in [
      "", "POINT (1 2)", "POLYGON", "POLYGON EMPTY", "POLYGON ((0 0, 1 1))", "POLYGON ((0 0, 1 1, 2 x))",
      "POLYGON ((0 0, 1 0, 1 1)) and more", "POLYGON ((0 0, 1 0, 1 1)", "POLYGON ((0 0, 1 0, nan 1))",
      "POLYGON ((0 0, 1 0, 1e400 1))",
    ] {
      let thrown = #expect(throws: PointCloudError.self) { try CropRegion(wkt: text) }
      #expect(thrown?.code == .invalidParameter)
    }
    #expect(throws: PointCloudError.self) { try CropRegion(geoJSONPolygon: [[[0], [1, 1], [2, 2]]]) }
    #expect(throws: PointCloudError.self) { try CropRegion(polygons: []) }
    #expect(throws: PointCloudError.self) { try CropRegion(low: SIMD3(0, .nan, 0), high: SIMD3(1, 1, 1)) }
    #expect(throws: PointCloudError.self) { try CropRegion(low: SIMD3(0, 2, 0), high: SIMD3(1, 1, 1)) }
    let scan = try cloud([SIMD3(0, 0, 0)])
    let thrown = #expect(throws: PointCloudError.self) { try scan.cropped(to: json) { false } }
    #expect(thrown?.code == .cancelled)
  }
}
