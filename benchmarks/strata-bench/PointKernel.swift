import Numerics
import PointClouds

/// A kernel, and the library whose kernel of the same name and parameters it runs beside.
struct PointKernel: Sendable {
  /// What kernels work on: made once, as nobody measures it.
  struct Subject: Sendable {
    let points: Coordinates
    let tree: KDTree
    /// The centroids of cubes of 1 m.
    let thin: Coordinates
    /// Places in steps of 1 mm, each once, in order.
    let lattice: [SIMD2<Int32>]

    init(_ points: Coordinates) throws {
      self.points = points
      tree = KDTree(points, threads: 2)
      let centroids = try VoxelGrid(cell: 1).voxels(of: points).centroids(of: points)
      thin = try Coordinates(x: centroids.map(\.x), y: centroids.map(\.y), z: centroids.map(\.z))
      lattice = Self.lattice(points)
    }

    private static func lattice(_ points: Coordinates) -> [SIMD2<Int32>] {
      guard let x = points.x.min(), let y = points.y.min() else { return [] }
      let places = zip(points.x, points.y).map {
        SIMD2<Int32>((SIMD2($0 - x, $1 - y) * 1_000).rounded(.toNearestOrEven))
      }
      return Set(places).sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    }
  }

  let name: String
  let peer: String
  var count: @Sendable (Subject) -> Int = { $0.points.count }
  let run: @Sendable (Subject, _ threads: Int) throws -> Void

  static let all = [
    PointKernel(name: "voxel-grid", peer: "small_gicp") { subject, threads in
      let voxels = try VoxelGrid(cell: 0.5).voxels(of: subject.points, threads: threads)
      _ = voxels.centroids(of: subject.points, threads: threads)
    },
    PointKernel(name: "tree", peer: "small_gicp") { subject, threads in _ = KDTree(subject.points, threads: threads) },
    PointKernel(name: "nearest", peer: "small_gicp") { subject, threads in
      _ = subject.tree.nearestNeighbours(k: 20, threads: threads)
    },
    PointKernel(name: "nearest-scipy", peer: "scipy") { subject, threads in
      _ = KDTree(subject.points, threads: threads).nearestNeighbours(k: 20, threads: threads)
    },
    PointKernel(name: "normals", peer: "Open3D (small_gicp without it)") { subject, threads in
      let tree = KDTree(subject.points, threads: threads)
      _ = try NormalEstimation(neighbours: 20).normals(of: subject.points, in: tree, threads: threads)
    },
    PointKernel(name: "features", peer: "pgeof") { subject, threads in
      let tree = KDTree(subject.points, threads: threads)
      _ = try EigenFeatureKernel(scales: [20]).features(of: tree, threads: threads)
    },
    // Open3D counts the point itself among the neighbours.
    PointKernel(name: "statistical-outliers", peer: "Open3D") { subject, threads in
      let tree = KDTree(subject.points, threads: threads)
      _ = try StatisticalOutliers(neighbours: 19).find(in: tree, threads: threads)
    },
    PointKernel(name: "radius-outliers", peer: "Open3D") { subject, threads in
      let tree = KDTree(subject.points, threads: threads)
      _ = try RadiusOutliers(radius: 1, neighbours: 10).find(in: tree, threads: threads)
    },
    PointKernel(name: "clusters", peer: "Open3D", count: { $0.thin.count }) { subject, threads in
      let tree = KDTree(subject.thin, threads: threads)
      _ = try DensityClustering(radius: 2, neighbours: 10).clusters(in: tree, threads: threads)
    },
    PointKernel(name: "plane", peer: "Open3D") { subject, threads in
      let search = try PlaneSampling(distance: 0.2, missProbability: 0, seed: 1)
      _ = try search.segments(of: subject.points, threads: threads)
    },
    PointKernel(name: "triangulation", peer: "scipy", count: { $0.lattice.count }) { subject, threads in
      _ = Triangulation(subject.lattice, threads: threads)
    },
    PointKernel(name: "poisson-thinning", peer: "no peer") { subject, threads in
      _ = try PoissonThinning(radius: 1, seed: 1).indices(of: subject.points, threads: threads)
    },
  ]
}
