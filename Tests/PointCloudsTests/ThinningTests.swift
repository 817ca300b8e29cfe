import Numerics
import PointClouds
import Testing

@Suite struct ThinningTests {
  private struct Cell: Hashable {
    let x: Double
    let y: Double
    let z: Double

    init(_ place: SIMD3<Double>, _ cell: Double) {
      let cells = (place / cell).rounded(.down)
      (x, y, z) = (cells.x, cells.y, cells.z)
    }
  }

  @Test(arguments: [0.3, 1, 7, 1_000]) func `cubes hold the points that a dictionary says`(cell: Double) throws {
    let points = try KernelCloud.terrain(5_000)
    let expected = Dictionary(grouping: 0..<points.count) { Cell(points[$0], cell) }
    let voxels = try VoxelGrid(cell: cell).voxels(of: points, threads: 2)
    #expect(voxels.count == expected.count)
    #expect(voxels.pointCounts.reduce(0, +) == points.count)
    let centroids = voxels.centroids(of: points, threads: 2)
    for voxel in 0..<voxels.count {
      let members = voxels.groups[voxel].map { Int(voxels.groups.order[$0]) }
      #expect(expected[Cell(points[members[0]], cell)] == members)
      let mean = members.map { points[$0] - points[members[0]] }.reduce(.zero, +) / Double(members.count)
      #expect(squaredLength(centroids[voxel] - points[members[0]] - mean) < 1e-16)
    }
  }

  @Test func `each rule keeps the point that it names`() throws {
    let points = try Coordinates([
      SIMD3(0.1, 0.1, 0.9), SIMD3(0.55, 0.5, 0.5), SIMD3(0.1, 0.2, 0.1), SIMD3(0.2, 0.2, 0.4), SIMD3(-0.5, 0, 0),
    ])
    let voxels = try VoxelGrid(cell: 1).voxels(of: points)
    let kept = Voxels.Representative.allCases.map { voxels.representatives($0, of: points) }
    #expect(kept == [[4, 1], [4, 3], [4, 2], [4, 0], [4, 0]])
    #expect(voxels.means(of: [1, 2, 3, 6, 9]) == [9, 3])
  }

  @Test func `cubes that cannot be told apart are refused`() throws {
    let far = try Coordinates([SIMD3(0, 0, 0), SIMD3(1e9, 1e9, 1e9)])
    #expect(throws: PointCloudError.self) { try VoxelGrid(cell: 1e-3).voxels(of: far) }
    let error = #expect(throws: PointCloudError.self) { try VoxelGrid(cell: 1e-8).voxels(of: far) }
    #expect(error?.code == .limitExceeded)
    for cell in [0, -1, .nan, .infinity] as [Double] {
      #expect(throws: PointCloudError.self) { try VoxelGrid(cell: cell) }
    }
    let empty = try VoxelGrid(cell: 1).voxels(of: Coordinates([]))
    #expect(try empty.count == 0 && empty.centroids(of: Coordinates([])).isEmpty)
  }

  @Test func `random thinning keeps exactly so many, all alike`() throws {
    var counts = [Int](repeating: 0, count: 20)
    for seed in 0..<2_000 {
      let kept = try RandomThinning(kept: 5, seed: UInt64(seed)).indices(of: 20)
      #expect(kept.count == 5 && kept == Set(kept).sorted())
      for index in kept { counts[Int(index)] += 1 }
    }
    // 500 each, with a standard deviation of 19.
    #expect(counts.allSatisfy { abs($0 - 500) < 100 })
    #expect(try RandomThinning(kept: 9, seed: 1).indices(of: 4) == [0, 1, 2, 3])
    #expect(try RandomThinning(kept: 0, seed: 1).indices(of: 4).isEmpty)
    #expect(try RandomThinning(kept: 3, seed: 7).indices(of: 9) == RandomThinning(kept: 3, seed: 7).indices(of: 9))
  }

  @Test(arguments: [0.2, 1, 3.7, 500]) func `darts keep their distance and leave no room`(radius: Double) throws {
    let points = try KernelCloud.terrain(4_000)
    let thinning = try PoissonThinning(radius: radius, seed: 3)
    let kept = try thinning.indices(of: points)
    #expect(try thinning.indices(of: points, threads: 3) == kept)
    let tree = KDTree(try Coordinates(kept.map { points[Int($0)] }))
    for (place, index) in kept.enumerated() {
      let near = tree.within(radius, of: points[Int(index)]).filter { $0.squaredDistance < radius * radius }
      #expect(near.map(\.index) == [place])
    }
    for index in 0..<points.count {
      #expect(tree.nearest(to: points[index], k: 1)[0].squaredDistance < radius * radius)
    }
    let other = try PoissonThinning(radius: radius, seed: 4).indices(of: points)
    if kept.count > 1 { #expect(other != kept) }
  }

  @Test func `points in one place leave one`() throws {
    let points = try Coordinates(Array(repeating: SIMD3(5, 5, 5), count: 100))
    #expect(try PoissonThinning(radius: 0.1, seed: 1).indices(of: points).count == 1)
    #expect(try PoissonThinning(radius: 0.1, seed: 1).indices(of: Coordinates([])).isEmpty)
  }

  @Test func `work that is no longer wanted ends`() throws {
    let points = try KernelCloud.terrain(4_000)
    let errors = [
      #expect(throws: PointCloudError.self) { try VoxelGrid(cell: 1).voxels(of: points) { false } },
      #expect(throws: PointCloudError.self) { try PoissonThinning(radius: 1, seed: 1).indices(of: points) { false } },
    ]
    #expect(errors.map { $0?.code } == [.cancelled, .cancelled])
  }
}
