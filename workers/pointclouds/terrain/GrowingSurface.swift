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
  /// Which corner each of the points is that it was made of at first; those at one place are the same, and where points lie on a line they are
  /// corners of no triangle.
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
    if triangles.isEmpty { Self.number(points, &numbers) }
    corners = numbers
    let count = max(triangles.placeCount, Int(numbers.max() ?? -1) + 1)
    heights = [Int32](repeating: isUpsideDown ? .min : .max, count: count)
    for (corner, point) in zip(corners, points) { lower(corner, to: point.height) }
  }

  /// Of points that make no triangle: the height of the ground at each of them is known all the same, from whatever part of a scan it is asked.
  private static func number(_ points: [GroundPlace], _ numbers: inout [Int32]) {
    var known: [SIMD2<Int32>: Int32] = [:]
    for (index, point) in points.enumerated() {
      let number = known[point.place] ?? Int32(known.count)
      known[point.place] = number
      numbers[index] = number
    }
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
