public import Numerics

/// Measures how far a surface has moved between two scans, along its own normal, and how much of that the scans'
/// roughness explains: M3C2 (Lague, Brodu, Leroux: "Accurate 3D comparison of complex topography with terrestrial laser
/// scanner", ISPRS Journal of Photogrammetry and Remote Sensing 82, 2013).
///
/// Around each core point a normal is found in the reference, at the scale D. A cylinder of the diameter d along it
/// holds points of both scans; what separates their means is the distance, positive where the later scan lies on the
/// side to which the normal points.
public struct ChangeDetection: Hashable, Sendable {
  public enum Direction: Hashable, Sendable {
    /// The normals of the reference, from the points within half of each of these diameters (D); of several that of the
    /// most planar one is taken. 1 to 16 of them, each above 0.
    case normals(diameters: [Double], orientation: Orientation)
    /// Straight up, as heights of terrain are compared.
    case vertical
  }

  /// To which of its two sides a normal points.
  public enum Orientation: Hashable, Sendable {
    /// Not downwards.
    case up
    /// Towards a place, as that of a scanner.
    case towards(SIMD3<Double>)
  }

  /// How the points of a cylinder become one place on its axis, and their spread.
  public enum Average: String, Codable, Sendable, CaseIterable {
    /// Their mean and standard deviation.
    case mean
    /// Their median, and the range between their quartiles divided by 1.349, which is the standard deviation of normal
    /// noise: vegetation and stray points pull at neither.
    case median
  }

  public let direction: Direction
  /// The diameter of the cylinder (d), in the unit of the coordinates.
  public let diameter: Double
  /// How far the cylinder reaches from the core point to either side. Larger changes are not seen.
  public let depth: Double
  /// What the two scans may be shifted against each other as a whole; it adds to the level of detection.
  public let registrationError: Double
  public let average: Average
  /// The fewest points of either scan in a cylinder, at least 2: nothing is said where there are fewer.
  public let least: Int

  /// - Throws: `invalidParameter`.
  public init(
    direction: Direction, diameter: Double, depth: Double, registrationError: Double = 0, average: Average = .mean,
    least: Int = 4
  ) throws(PointCloudError) {
    if case .normals(let diameters, let orientation) = direction {
      try requireCount("the number of normal diameters", diameters.count, in: 1...Self.diametersMax)
      for diameter in diameters { try Self.requireLength("a normal diameter", diameter) }
      if case .towards(let place) = orientation {
        for axis in 0..<3 where !(abs(place[axis]) <= Coordinates.magnitudeMax) {
          throw PointCloudError(
            .invalidParameter, "the place that normals point to is \(place)", remedy: "Give finite coordinates.")
        }
      }
    }
    try Self.requireLength("diameter", diameter)
    try Self.requireLength("depth", depth)
    guard registrationError.isFinite, registrationError >= 0 else {
      throw PointCloudError(
        .invalidParameter, "registrationError is \(registrationError)", remedy: "Give 0 or a number above it.")
    }
    try requireCount("least", least, in: 2...1_000_000)
    (self.direction, self.diameter, self.depth) = (direction, diameter, depth)
    (self.registrationError, self.average, self.least) = (registrationError, average, least)
  }

  /// More scales than that tell nothing new of a surface.
  static let diametersMax = 16

  private static func requireLength(_ name: String, _ value: Double) throws(PointCloudError) {
    try requirePositive(name, value)
    guard value <= Coordinates.magnitudeMax else {
      throw PointCloudError(
        .invalidParameter, "\(name) is \(value)", remedy: "Give a number up to \(Coordinates.magnitudeMax).")
    }
  }

  /// The changes at each core point.
  ///
  /// - Parameters:
  ///   - cores: where to measure: the points of the reference, or some of them (`PoissonThinning`), or any places.
  ///   - reference: a tree over the earlier scan.
  ///   - later: a tree over the later scan, in the same coordinate system.
  ///   - keepGoing: asked every few hundred core points; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(cores × (log n + points near one)), on at most `threads` threads, which do not change the result;
  ///   140 bytes for each core point while it runs, 84 after.
  public func changes(
    at cores: Coordinates, from reference: KDTree, to later: KDTree, threads: Int = 1,
    keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> Changes {
    let normals = try normals(at: cores, in: reference, threads: threads, keepGoing: keepGoing)
    let before = try sections(reference, cores, normals, threads, keepGoing)
    let after = try sections(later, cores, normals, threads, keepGoing)
    var result = Changes(normals: normals)
    result.distances.reserveCapacity(cores.count)
    result.levelsOfDetection.reserveCapacity(cores.count)
    for core in 0..<cores.count {
      let (a, b) = (before[core], after[core])
      result.add(a, b, level: levelOfDetection(a, b), isEnough: min(a.count, b.count) >= least)
    }
    return result
  }

  private func sections(
    _ tree: KDTree, _ cores: Coordinates, _ normals: [SIMD3<Double>], _ threads: Int, _ keepGoing: () -> Bool
  ) throws(PointCloudError) -> [CylinderSection] {
    let sections = SharedColumn(repeating: CylinderSection(), count: cores.count)
    let (average, least) = (average, least)
    guard tree.count > 0 else { return sections.values }
    let isWhole = tree.forEachCylinder(
      around: cores, along: normals, radius: diameter / 2, reach: depth, threads: threads, keepGoing: keepGoing
    ) { found in
      sections[found.point] = CylinderSection(found, along: normals[found.point], average, least: least)
    }
    guard isWhole else { throw .cancelled }
    return sections.values
  }

  /// The smallest change that is significant at 95 %: 1.96 standard errors of the difference, and the registration's
  /// error (Lague and others, equation 1). The standard error of a median is √(π/2) times that of a mean where noise is
  /// normal.
  func levelOfDetection(_ a: CylinderSection, _ b: CylinderSection) -> Double {
    let variance = a.spread * a.spread / Double(a.count) + b.spread * b.spread / Double(b.count)
    let factor = average == .mean ? 1 : (Double.pi / 2).squareRoot()
    return Self.quantile * (factor * variance.squareRoot() + registrationError)
  }

  /// Of the normal distribution, for 95 % between its two tails.
  static let quantile = 1.96
}

/// What `ChangeDetection` has found at each core point, by index. NaN where nothing can be said.
public struct Changes: Sendable {
  /// How far the later scan lies from the reference, along the normal. NaN where either has too few points in the
  /// cylinder, or the reference too few for a normal.
  public internal(set) var distances: [Double] = []
  /// The smallest change that is significant at 95 %. NaN where the distance is.
  public internal(set) var levelsOfDetection: [Double] = []
  /// The spread of the points along the normal, of the reference and of the later scan. NaN for fewer than the least.
  public internal(set) var spreads: (reference: [Float], later: [Float]) = ([], [])
  /// How many points lay in the cylinder, up to 2³² − 1.
  public internal(set) var counts: (reference: [UInt32], later: [UInt32]) = ([], [])
  /// Of length 1; NaN where the reference has too few points.
  public let normals: [SIMD3<Double>]

  init(normals: [SIMD3<Double>]) { self.normals = normals }

  public var count: Int { distances.count }

  /// Whether the change at a core point is more than the scans' spread and their registration explain, at 95 %.
  public func isSignificant(_ core: Int) -> Bool { abs(distances[core]) > levelsOfDetection[core] }

  mutating func add(_ a: CylinderSection, _ b: CylinderSection, level: Double, isEnough: Bool) {
    distances.append(isEnough ? b.place - a.place : .nan)
    levelsOfDetection.append(isEnough ? level : .nan)
    spreads.reference.append(Float(a.spread))
    spreads.later.append(Float(b.spread))
    counts.reference.append(UInt32(clamping: a.count))
    counts.later.append(UInt32(clamping: b.count))
  }
}
