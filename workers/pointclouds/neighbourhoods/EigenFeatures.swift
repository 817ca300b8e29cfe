import Glibc
public import Numerics

/// What the eigenvalues λ₁ ≥ λ₂ ≥ λ₃ of the covariance of a neighbourhood say about its shape. All are 0 where all points coincide.
///
/// Linearity, planarity, sphericity, omnivariance, anisotropy, eigenentropy and surface variation as in Weinmann, Jutzi, Hinz, Mallet: "Semantic
/// point cloud interpretation based on optimal neighborhoods, relevant features and efficient classifiers", ISPRS Journal of
/// Photogrammetry and Remote Sensing 105, 2015 (after West and others 2004; Pauly and others 2002); verticality as in Demantké, Vallet, Paparoditis 2012.
public struct EigenFeatures: Hashable, Sendable {
  /// (λ₁ − λ₂) / λ₁: 1 on a line.
  public var linearity: Float = 0
  /// (λ₂ − λ₃) / λ₁: 1 on a plane.
  public var planarity: Float = 0
  /// λ₃ / λ₁, also called scattering: 1 in a volume.
  public var sphericity: Float = 0
  /// (λ₁ λ₂ λ₃)^⅓, in the square of the unit of the coordinates (with `deviations`, in the unit).
  public var omnivariance: Float = 0
  /// (λ₁ − λ₃) / λ₁.
  public var anisotropy: Float = 0
  /// −Σ eᵢ ln eᵢ, where eᵢ is an eigenvalue's share of the sum: 0 on a line, ln 3 in a volume.
  public var eigenentropy: Float = 0
  /// λ₃ / (λ₁ + λ₂ + λ₃), also called change of curvature: 0 on a plane.
  public var surfaceVariation: Float = 0
  /// 1 − |n_z| for the normal n: 0 on level ground, 1 on walls.
  public var verticality: Float = 0

  public init() {}
}

/// The features of all points at several scales.
public struct EigenFeatureTable: Sendable {
  /// How many neighbours each scale looks at, growing.
  public let scales: [Int]
  /// The features of point `i` at scale `s` are element `i × scales + s`.
  public let features: [EigenFeatures]

  public func features(of point: Int, scale: Int) -> EigenFeatures { features[point * scales.count + scale] }
}

/// Computes the shape of neighbourhoods at several scales in one pass over the points.
public struct EigenFeatureKernel: Hashable, Sendable {
  /// What the features are made of.
  public enum Basis: String, Codable, Sendable, CaseIterable {
    /// The eigenvalues, which are variances (Weinmann and others 2015).
    case variances
    /// Their square roots (Demantké, Mallet, David, Vallet: "Dimensionality based scale selection in 3D lidar point
    /// clouds", 2011). Surface variation stays that of the variances.
    case deviations
  }

  /// Numbers of neighbours, the point itself among them, growing.
  public let scales: [Int]
  public let basis: Basis

  /// - Parameter scales: 3 to 1,000 each; up to 16 of them.
  /// - Throws: `invalidParameter`.
  public init(scales: [Int] = [10, 20, 40], basis: Basis = .variances) throws(PointCloudError) {
    try requireCount("the number of scales", scales.count, in: 1...16)
    for scale in scales { try requireCount("scales", scale, in: 3...neighboursMax) }
    self.scales = Set(scales).sorted()
    self.basis = basis
  }

  /// - Parameter keepGoing: asked every few thousand points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(n (log n + k)) for the largest scale k, and one eigenproblem for each scale; on at most `threads` threads,
  ///   which do not change the result; 32 bytes for each point and scale.
  public func features(
    of tree: KDTree, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> EigenFeatureTable {
    let features = SharedColumn(repeating: EigenFeatures(), count: tree.count * scales.count)
    let isWhole = tree.forEachNeighbourhood(
      k: neighbours, isSorted: scales.count > 1, threads: threads, keepGoing: keepGoing
    ) { found in
      forEachScale(of: found) { features[found.point * scales.count + $0] = $1 }
    }
    guard isWhole else { throw .cancelled }
    return EigenFeatureTable(scales: scales, features: features.values)
  }

  /// How many neighbours the largest scale looks at.
  var neighbours: Int { scales[scales.count - 1] }

  /// Hands the features at each scale to `body`, with its place among the scales.
  ///
  /// - Parameter found: the neighbours, nearest first where there are several scales.
  @inline(__always) func forEachScale(of found: Neighbourhood, _ body: (_ place: Int, EigenFeatures) -> Void) {
    var moments = Moments3()
    var done = 0
    for (place, scale) in scales.enumerated() {
      let end = min(scale, found.count)
      found.add(done..<end, to: &moments)
      done = end
      body(place, EigenFeatures(moments.covariance.eigensystem(), basis))
    }
  }
}

extension EigenFeatures: BitwiseCopyable {}

extension EigenFeatures {
  init(_ system: Eigensystem3, _ basis: EigenFeatureKernel.Basis = .variances) {
    let variances = system.variances
    guard variances.x > 0 else { return }
    let values = basis == .variances ? variances : variances.squareRoot()
    let (first, second, third) = (values.x, values.y, values.z)
    linearity = Float((first - second) / first)
    planarity = Float((second - third) / first)
    sphericity = Float(third / first)
    omnivariance = Float(cbrt(first * second * third))
    anisotropy = Float((first - third) / first)
    eigenentropy = Float(Self.entropy(values / (first + second + third)))
    surfaceVariation = Float(system.surfaceVariation)
    verticality = Float(1 - abs(system.vectors.third.z))
  }

  private static func entropy(_ shares: SIMD3<Double>) -> Double {
    var sum = 0.0
    for place in 0..<3 where shares[place] > 0 { sum -= shares[place] * log(shares[place]) }
    return sum
  }
}
