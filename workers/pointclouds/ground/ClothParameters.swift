/// What steers the cloth simulation filter. Lengths are in the units of the coordinates.
public struct ClothParameters: Hashable, Codable, Sendable {
  /// The distance between neighbouring particles of the cloth.
  public var cell: Double
  /// How many times each pair of particles is drawn together in a step: 1 lets the cloth follow steep ground, 2
  /// terraces, 3 keeps it flat over large buildings.
  public var rigidity: Int
  /// How far from the cloth a ground point may lie.
  public var threshold: Double
  /// Particles that did not reach the points under them are lowered onto them where these are no higher or lower than
  /// those beside that were reached by this much, so that the cloth follows steep banks. 0 lowers none.
  public var smoothing: Double
  /// How much faster the cloth falls with each step.
  public var fall: Double
  /// The most steps.
  public var stepsMax: Int
  public var selection: GroundSelection

  public init(
    cell: Double = 2, rigidity: Int = 1, threshold: Double = 0.5, smoothing: Double = 0.3, fall: Double = 0.0845,
    stepsMax: Int = 500, selection: GroundSelection = GroundSelection()
  ) {
    self.cell = cell
    self.rigidity = rigidity
    self.threshold = threshold
    self.smoothing = smoothing
    self.fall = fall
    self.stepsMax = stepsMax
    self.selection = selection
  }

  enum CodingKeys: String, CodingKey {
    case cell, rigidity, threshold, smoothing, fall, selection
    case stepsMax = "steps_max"
  }

  /// Beyond it a pair moves as one.
  static let rigidityMax = 15
  /// Whoever wants more has a cloth that does not settle.
  static let stepsMaxMost = 100_000

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    try GroundParameters.check("cell", cell, above: 0, orEqual: false)
    try GroundParameters.check("fall", fall, above: 0, orEqual: false)
    try GroundParameters.check("threshold", threshold, above: 0, orEqual: true)
    try GroundParameters.check("smoothing", smoothing, above: 0, orEqual: true)
    for (name, value, most) in [("rigidity", rigidity, Self.rigidityMax), ("steps_max", stepsMax, Self.stepsMaxMost)] {
      guard (1...most).contains(value) else {
        throw PointCloudError(
          .invalidParameter, "\(name) is \(value)", remedy: "Give a whole number from 1 to \(most).")
      }
    }
    try selection.validate()
  }

  /// The same parameters, with lengths in a unit of `metres` each.
  func converted(metresPerUnit metres: Double) -> ClothParameters {
    var converted = self
    converted.cell /= metres
    converted.threshold /= metres
    converted.smoothing /= metres
    converted.fall /= metres
    return converted
  }
}
