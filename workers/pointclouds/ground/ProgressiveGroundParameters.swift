/// What steers the progressive morphological filter. Lengths are in the units of the coordinates.
public struct ProgressiveGroundParameters: Hashable, Codable, Sendable {
  /// The side of a grid cell.
  public var cell: Double
  /// The steepest slope that the ground has, as rise over run.
  public var slope: Double
  /// The radius of the largest disc: half the width of the widest building.
  public var window: Double
  /// How far a ground point may lie above the surface that the smallest disc leaves.
  public var threshold: Double
  /// How far it may lie above that of any disc, however large.
  public var thresholdMax: Double
  /// Whether each disc is about twice as wide as the one before, as against one cell wider on each side: fewer steps,
  /// coarser ones.
  public var isExponential: Bool
  public var selection: GroundSelection

  public init(
    cell: Double = 1, slope: Double = 0.5, window: Double = 18, threshold: Double = 0.5, thresholdMax: Double = 2.5,
    isExponential: Bool = true, selection: GroundSelection = GroundSelection()
  ) {
    self.cell = cell
    self.slope = slope
    self.window = window
    self.threshold = threshold
    self.thresholdMax = thresholdMax
    self.isExponential = isExponential
    self.selection = selection
  }

  enum CodingKeys: String, CodingKey {
    case cell, slope, window, threshold, selection
    case thresholdMax = "threshold_max"
    case isExponential = "exponential"
  }

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    for (name, value) in [("cell", cell), ("slope", slope), ("window", window)] {
      try GroundParameters.check(name, value, above: 0, orEqual: false)
    }
    try GroundParameters.check("threshold", threshold, above: 0, orEqual: true)
    try GroundParameters.check("threshold_max", thresholdMax, above: threshold, orEqual: true)
    try GroundParameters.checkWindow(window, cell: cell)
    try selection.validate()
  }

  /// The same parameters, with lengths in a unit of `metres` each.
  func converted(metresPerUnit metres: Double) -> ProgressiveGroundParameters {
    var converted = self
    converted.cell /= metres
    converted.window /= metres
    converted.threshold /= metres
    converted.thresholdMax /= metres
    return converted
  }

  /// The radii of the discs in cells, growing, and how far above the surface that each leaves ground may lie.
  var steps: [(radius: Int, allowed: Double)] {
    let largest = max(1, Int((window / cell).rounded(.up)))
    var radii = isExponential ? sequence(first: 1) { 2 * $0 < largest ? 2 * $0 : nil }.map { $0 } : Array(1...largest)
    if radii[radii.count - 1] < largest { radii.append(largest) }
    return radii.indices.map { index in
      // The rise of the steepest ground over what this disc is wider than the last.
      let wider = index == 0 ? 0 : Double(2 * (radii[index] - radii[index - 1])) * cell
      return (radii[index], min(thresholdMax, threshold + slope * wider))
    }
  }
}
