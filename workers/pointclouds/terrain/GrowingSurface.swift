import Numerics

/// A point that a surface goes through: its place on the lattice, and its height in the file's steps.
struct GroundPlace: BitwiseCopyable, Sendable {
  let place: SIMD2<Int32>
  var height: Int32
  /// Which of the points it is that something is asked about; -1 of others.
  let index: Int32
}

/// A surface of triangles that takes in one point after another. Of several at one place the lowest counts.
struct GrowingSurface: ~Copyable {
  private(set) var triangles: GrowingTriangulation
  private var heights: [Int32]
  /// Which corner each of the points is that it was made of at first; -1 where they make no triangle.
  let corners: [Int32]
  /// Whether heights grow downwards.
  private let isUpsideDown: Bool

  /// - Throws: `limitExceeded` with more points than a triangulation may have; `cancelled`.
  static func make(
    _ points: [GroundPlace], isUpsideDown: Bool, keepGoing: () -> Bool
  ) throws(PointCloudError) -> GrowingSurface {
    guard points.count <= GrowingTriangulation.placesMax else {
      throw PointCloudError(
        .limitExceeded,
        "\(points.count) points of ground are more than the \(GrowingTriangulation.placesMax) of a surface",
        remedy: "Split the file into tiles, or thin it.")
    }
    guard keepGoing() else { throw .cancelled }
    var isWanted = true
    let made = GrowingSurface(points, isUpsideDown: isUpsideDown) {
      isWanted = isWanted && keepGoing()
      return isWanted
    }
    guard isWanted, keepGoing() else { throw .cancelled }
    return made
  }

  private init(_ points: [GroundPlace], isUpsideDown: Bool, keepGoing: () -> Bool) {
    self.isUpsideDown = isUpsideDown
    var numbers: [Int32] = []
    triangles = GrowingTriangulation(points.map(\.place), numbers: &numbers, keepGoing: keepGoing)
    corners = numbers
    heights = [Int32](repeating: isUpsideDown ? .min : .max, count: triangles.placeCount)
    for (corner, point) in zip(corners, points) where corner >= 0 { lower(corner, to: point.height) }
  }

  private mutating func lower(_ corner: Int32, to height: Int32) {
    let before = heights[Int(corner)]
    heights[Int(corner)] = isUpsideDown ? max(before, height) : min(before, height)
  }

  /// Takes in one more, which is within the reach of a triangle.
  mutating func insert(_ point: GroundPlace, within triangle: Int32) {
    _ = triangles.insert(point.place, within: triangle)
    heights.append(point.height)
  }

  consuming func finish() -> (net: TriangleNet, heights: [Int32]) { (TriangleNet(triangles), heights) }
}
