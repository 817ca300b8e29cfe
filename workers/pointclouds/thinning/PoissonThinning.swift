public import Numerics

/// Keeps points of which no two are closer than a radius, as many as fit: each point that goes has one near it that stays.
///
/// Darts are thrown in a random order (Cook, ACM Transactions on Graphics 5, 1986) at the points that there are. Threads work on cells that are too
/// far apart to disturb one another, in eight rounds (Wei, Parallel Poisson Disk Sampling, ACM Transactions on
/// Graphics 27, 2008); the order within a cell comes from the seed and the points' indices.
public struct PoissonThinning: Hashable, Sendable {
  /// The least distance between points that are kept, in the unit of the coordinates.
  public let radius: Double
  public let seed: UInt64

  /// - Throws: `invalidParameter` where the radius is not above 0.
  public init(radius: Double, seed: UInt64) throws(PointCloudError) {
    try requirePositive("radius", radius)
    (self.radius, self.seed) = (radius, seed)
  }

  /// The indices of the points that are kept, growing.
  ///
  /// - Throws: `limitExceeded` as with a voxel grid; `cancelled`.
  /// - Complexity: O(points), on at most `threads` threads, which do not change the result; about 70 bytes for each
  ///   point while it runs.
  public func indices(
    of points: Coordinates, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> [Int32] {
    let cells = try PoissonCells(points, radius: radius, seed: seed, threads: threads)
    for round in 0..<PoissonCells.rounds {
      let members = cells.members(of: round)
      let parts = Chunks(count: members.count, least: 64, most: 1 << 10)
      let isWhole = parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { part in
        var near: [SIMD3<Double>] = []
        for place in parts[part] { cells.throwDarts(at: members[place], &near) }
      }
      guard isWhole else { throw .cancelled }
    }
    return (0..<Int32(points.count)).filter { cells.isKept[Int($0)] }
  }
}

/// Cells of the radius' side, and the points that were kept in each.
private struct PoissonCells: Sendable {
  /// Cells whose three numbers are even or odd alike are at least a cell apart.
  static let rounds = 8

  let points: Coordinates
  let seed: UInt64
  let limit: Double
  let frame: VoxelFrame
  let groups: Groups
  /// The key of each cell that holds points, growing.
  let keys: [UInt64]
  /// The kept points of each cell, at the front of its places.
  let kept: SharedColumn<Int32>
  let keptCounts: SharedColumn<Int32>
  let isKept: SharedColumn<Bool>

  init(_ points: Coordinates, radius: Double, seed: UInt64, threads: Int) throws(PointCloudError) {
    (self.points, self.seed, limit) = (points, seed, radius * radius)
    // A little more than the radius: rounding brings no two cells of a round together.
    let frame = try VoxelFrame(points, cell: radius * (1 + 0x1p-20))
    self.frame = frame
    let all = parallelMap(points.count, threads: threads) { frame.key(points.x[$0], points.y[$0], points.z[$0]) }
    let groups = Groups(keys: all, bits: frame.bits, threads: threads)
    self.groups = groups
    keys = parallelMap(groups.count, threads: threads) { all[Int(groups.order[groups[$0].lowerBound])] }
    kept = SharedColumn(repeating: 0, count: points.count)
    keptCounts = SharedColumn(repeating: 0, count: groups.count)
    isKept = SharedColumn(repeating: false, count: points.count)
  }

  func members(of round: Int) -> [Int] {
    keys.indices.filter { group in
      let cell = frame.cell(of: keys[group])
      return cell.x & 1 | (cell.y & 1) << 1 | (cell.z & 1) << 2 == round
    }
  }

  /// Tries the points of a cell one after another.
  func throwDarts(at group: Int, _ near: inout [SIMD3<Double>]) {
    collect(around: frame.cell(of: keys[group]), into: &near)
    let places = groups[group]
    let darts = places.map { place in
      let index = groups.order[place]
      var random = SplitMix(state: seed ^ UInt64(index) &* 0xD134_2543_DE82_EF95)
      return (priority: random.next(), index: index)
    }.sorted { ($0.priority, $0.index) < ($1.priority, $1.index) }
    for dart in darts {
      let place = points[Int(dart.index)]
      guard near.allSatisfy({ squaredLength($0 - place) >= limit }) else { continue }
      near.append(place)
      isKept[Int(dart.index)] = true
      kept[places.lowerBound + Int(keptCounts[group])] = dart.index
      keptCounts[group] += 1
    }
  }

  /// The points that were kept in the cells around one. Cells side by side along x have keys in a row.
  private func collect(around cell: SIMD3<Int>, into near: inout [SIMD3<Double>]) {
    near.removeAll(keepingCapacity: true)
    let last = SIMD3(1 << frame.widths.x, 1 << frame.widths.y, 1 << frame.widths.z) &- 1
    for layer in max(0, cell.z - 1)...min(last.z, cell.z + 1) {
      for row in max(0, cell.y - 1)...min(last.y, cell.y + 1) {
        let base = (UInt64(layer) << UInt64(frame.widths.y) | UInt64(row)) << UInt64(frame.widths.x)
        var group = firstGroup(from: base | UInt64(max(0, cell.x - 1)))
        while group < keys.count, keys[group] <= base | UInt64(min(last.x, cell.x + 1)) {
          let start = groups[group].lowerBound
          for place in start..<start + Int(keptCounts[group]) { near.append(points[Int(kept[place])]) }
          group += 1
        }
      }
    }
  }

  private func firstGroup(from key: UInt64) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
