import Glibc
public import Numerics

/// Grows planes from flat places as far as the surface goes on (after Rabbani, van den Heuvel, Vosselman: "Segmentation of point
/// clouds using smoothness constraint", ISPRS Archives 36(5), 2006).
///
/// Regions begin at the flattest points that are left. A neighbour joins where its normal is near that of the plane and
/// it lies near the plane, which is fitted again whenever the region has doubled.
public struct PlaneGrowing: Hashable, Sendable {
  /// The largest angle between a point's normal and the plane's, in degrees.
  public let angle: Double
  /// How far from the plane its points may be, in the unit of the coordinates.
  public let distance: Double
  /// How many nearest points are a point's neighbours.
  public let neighbours: Int
  /// The fewest points of a plane.
  public let least: Int

  /// - Throws: `invalidParameter`.
  public init(
    angle: Double = 15, distance: Double, neighbours: Int = 20, least: Int = 30
  ) throws(PointCloudError) {
    try requirePositive("angle", angle)
    try requirePositive("distance", distance)
    try requireCount("neighbours", neighbours, in: 3...neighboursMax)
    try requireCount("least", least, in: 3...Coordinates.countMax)
    (self.angle, self.distance, self.neighbours, self.least) = (angle, distance, neighbours, least)
  }

  /// The planes, largest first.
  ///
  /// - Parameters:
  ///   - normals: of the same points; their signs do not matter.
  ///   - keepGoing: asked every few thousand points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(n (log n + k)), by one thread, as each step depends on the one before; 17 bytes for each point.
  public func segments(
    of points: Coordinates, in tree: KDTree, normals: Normals, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> [PlanarSegment] {
    precondition(tree.count == points.count && normals.directions.count == points.count)
    var isTaken = [Bool](repeating: false, count: points.count)
    var found: [PlanarSegment] = []
    let seeds = (0..<Int32(points.count)).sorted {
      (normals.variations[Int($0)], $0) < (normals.variations[Int($1)], $1)
    }
    for (number, seed) in seeds.enumerated() where !isTaken[Int(seed)] {
      if number.isMultiple(of: 1_024) { try proceed(keepGoing) }
      let members = try grow(seed, points, tree, normals, &isTaken, keepGoing)
      guard members.count >= least, let plane = Plane(fitting: members, of: points) else { continue }
      found.append(PlanarSegment(plane: plane, indices: members.sorted()))
    }
    try proceed(keepGoing)
    return found.sorted { ($1.indices.count, $0.indices[0]) < ($0.indices.count, $1.indices[0]) }
  }

  private func grow(
    _ seed: Int32, _ points: Coordinates, _ tree: KDTree, _ normals: Normals, _ isTaken: inout [Bool],
    _ keepGoing: () -> Bool
  ) throws(PointCloudError) -> [Int32] {
    let turn = cos(angle * .pi / 180)
    var plane = Plane(normal: SIMD3<Double>(normals.directions[Int(seed)]), through: points[Int(seed)])
    var (members, next, refit) = ([seed], 0, neighbours)
    isTaken[Int(seed)] = true
    while next < members.count {
      if next.isMultiple(of: 4_096) { try proceed(keepGoing) }
      let centre = Int(members[next])
      next += 1
      for other in tree.nearest(to: points[centre], k: neighbours).map(\.index) where !isTaken[other] {
        let isAlike = abs(dot(plane.normal, SIMD3<Double>(normals.directions[other]))) >= turn
        guard isAlike, plane.distance(to: points[other]) <= distance else { continue }
        isTaken[other] = true
        members.append(Int32(other))
      }
      if members.count >= refit {
        plane = Plane(fitting: members, of: points) ?? plane
        refit = 2 * members.count
      }
    }
    if members.count < least { for member in members.dropFirst() { isTaken[Int(member)] = false } }
    return members
  }
}
