import Numerics

/// How parameters of the simple morphological filter follow from a scan.
///
/// What is measured, and what follows:
/// - The distance between points → `cell`: half of it, in steps of half a metre, at least 1 m.
/// - The largest radius whose opening still finds objects → `window`.
/// - The share of points that stand clear above a first terrain → `slope`: where objects are rare, what looks like
///   one is more likely a rugged piece of ground, and more is asked before it is removed.
///
/// `threshold`, `scalar` and `growth` are the same for all scans: neither the spread of ground points around the
/// terrain nor its steepness told which threshold would have been best (docs/ground.md).
public struct AutomaticGroundParameters: Hashable, Codable, Sendable {
  /// The smallest slope that is chosen, where objects are common.
  public var slopeMin: Double
  /// The largest slope that is chosen, where there are next to no objects.
  public var slopeMax: Double
  /// The slope that is chosen times the share of points on objects, between those two.
  public var slopeTimesObjects: Double
  /// The smallest window that is chosen, in metres.
  public var windowMin: Double
  /// The largest window that is looked at, in metres.
  public var windowMax: Double
  /// In metres, as are the next two.
  public var threshold: Double
  public var scalar: Double
  public var growth: Double
  /// How many metres a step of one in x, y and z is.
  public var metresPerUnit: Double
  public var selection: GroundSelection

  public init(
    slopeMin: Double = 0.08, slopeMax: Double = 0.3, slopeTimesObjects: Double = 0.0075, windowMin: Double = 18,
    windowMax: Double = 30, threshold: Double = 0.5, scalar: Double = 1.5, growth: Double = 0.3,
    metresPerUnit: Double = 1, selection: GroundSelection = GroundSelection()
  ) {
    self.slopeMin = slopeMin
    self.slopeMax = slopeMax
    self.slopeTimesObjects = slopeTimesObjects
    self.windowMin = windowMin
    self.windowMax = windowMax
    self.threshold = threshold
    self.scalar = scalar
    self.growth = growth
    self.metresPerUnit = metresPerUnit
    self.selection = selection
  }

  enum CodingKeys: String, CodingKey {
    case threshold, scalar, growth, selection
    case slopeMin = "slope_min"
    case slopeMax = "slope_max"
    case slopeTimesObjects = "slope_times_objects"
    case windowMin = "window_min"
    case windowMax = "window_max"
    case metresPerUnit = "metres_per_unit"
  }

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    for (name, value) in [
      ("slope_min", slopeMin), ("window_min", windowMin), ("metres_per_unit", metresPerUnit),
    ] { try GroundParameters.check(name, value, above: 0, orEqual: false) }
    try GroundParameters.check("slope_max", slopeMax, above: slopeMin, orEqual: true)
    try GroundParameters.check("window_max", windowMax, above: windowMin, orEqual: true)
    for (name, value) in [
      ("slope_times_objects", slopeTimesObjects), ("threshold", threshold), ("scalar", scalar), ("growth", growth),
    ] { try GroundParameters.check(name, value, above: 0, orEqual: true) }
    try GroundParameters.checkWindow(windowMax, cell: Self.cellMin)
    try selection.validate()
  }

  /// The slope for a scan of which a share of the points stands on the terrain.
  package func slope(objectShare: Double) -> Double {
    objectShare > 0 ? min(slopeMax, max(slopeMin, slopeTimesObjects / objectShare)) : slopeMax
  }

  /// The smallest cell that is chosen, in metres. On scans far denser it finds the same ground and costs less.
  static let cellMin = 1.0
}

extension PointCloud {
  /// Parameters of the simple morphological filter for this scan, chosen from its points alone, and why.
  ///
  /// - Parameter progress: told how far the work is, 0 to 1, on the caller's thread; answers whether to go on.
  /// - Throws: `invalidParameter`, `empty`, `limitExceeded`, `cancelled`.
  /// - Complexity: as the filter with a window of `windowMax`.
  public func automaticGround(
    _ rule: AutomaticGroundParameters = AutomaticGroundParameters(), threads: Int = 1,
    progress: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> AutomaticGround {
    try automaticGround(Positions(self, threads: threads), rule, threads: threads, progress: progress)
  }

  func automaticGround(
    _ positions: Positions, _ rule: AutomaticGroundParameters, threads: Int, progress: (Double) -> Bool
  ) throws(PointCloudError) -> AutomaticGround {
    try rule.validate()
    let isCandidate = candidates(classifications(threads: threads), rule.selection.returns, threads: threads)
    return try withoutActuallyEscaping(progress) { (progress) throws(PointCloudError) in
      try GroundMeasurement(rule: rule, threads: threads, progress: progress)
        .measure(positions, isCandidate: isCandidate)
    }
  }
}

/// What was measured in a scan, and which parameters followed.
public struct AutomaticGround: Hashable, Codable, Sendable {
  /// In the unit of the coordinates.
  public let parameters: GroundParameters
  /// The distance between neighbouring points, in the unit of the coordinates.
  public let spacing: Double
  /// The share of points higher than 2 m above a first terrain.
  public let objectShare: Double
  /// The share of cells with points that openings up to the largest window took for objects.
  public let removedShare: Double
  /// A sentence for each parameter that was chosen: what was measured, and what follows.
  public let reasons: [String]

  enum CodingKeys: String, CodingKey {
    case parameters, spacing, reasons
    case objectShare = "object_share"
    case removedShare = "removed_share"
  }
}
