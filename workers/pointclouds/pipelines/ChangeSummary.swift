/// What `ChangePipeline` is to do. Lengths are in the unit that `lengthUnit` names.
public struct ChangeParameters: Hashable, Codable, Sendable {
  public enum Direction: String, Codable, Sendable, CaseIterable {
    /// Along the normals of the earlier scan, which point up.
    case normals
    /// Straight up, as heights of terrain are compared.
    case vertical
  }

  /// The side of the cubes of which each has one core point; 0 to measure at all points of the earlier scan.
  public var coreSize: Double
  public var direction: Direction
  /// The diameter within which normals are found (D).
  public var normalScale: Double
  /// The diameter of the cylinder (d).
  public var diameter: Double
  /// How far the cylinder reaches to either side. Larger changes are not seen.
  public var depth: Double
  /// What the scans may be shifted against each other as a whole.
  public var registrationError: Double
  public var average: ChangeDetection.Average
  /// The fewest points of either scan in a cylinder.
  public var least: Int
  public var lengthUnit: GroundParameters.LengthUnit
  /// LAZ or LAS.
  public var format: ScanFormat

  public init(
    coreSize: Double = 0.5, direction: Direction = .normals, normalScale: Double = 2, diameter: Double = 1,
    depth: Double = 3, registrationError: Double = 0, average: ChangeDetection.Average = .mean, least: Int = 4,
    lengthUnit: GroundParameters.LengthUnit = .file, format: ScanFormat = .laz
  ) {
    (self.coreSize, self.direction, self.normalScale) = (coreSize, direction, normalScale)
    (self.diameter, self.depth, self.registrationError) = (diameter, depth, registrationError)
    (self.average, self.least, self.lengthUnit, self.format) = (average, least, lengthUnit, format)
  }

  enum CodingKeys: String, CodingKey {
    case direction, diameter, depth, average, least, format
    case coreSize = "core_size"
    case normalScale = "normal_scale"
    case registrationError = "registration_error"
    case lengthUnit = "length_unit"
  }

  /// - Throws: `invalidParameter`.
  func validate() throws(PointCloudError) {
    try requireLAS(format)
    guard coreSize.isFinite, coreSize >= 0 else {
      throw PointCloudError(
        .invalidParameter, "core_size is \(coreSize)", remedy: "Give a length above 0, or 0 for all points.")
    }
    _ = try detection(metresPerUnit: 1)
  }

  /// - Parameter metres: how many metres a step of one in x or y is.
  func detection(metresPerUnit metres: Double) throws(PointCloudError) -> ChangeDetection {
    try ChangeDetection(
      direction: direction == .vertical
        ? .vertical : .normals(diameters: [normalScale / metres], orientation: .up),
      diameter: diameter / metres, depth: depth / metres, registrationError: registrationError / metres,
      average: average, least: least)
  }
}

/// What `ChangePipeline` did: the content of `summary.json`. Distances are in the unit of x and y.
public struct ChangeSummary: Hashable, Codable, PipelineSummary {
  public var earlier: InputSummary
  public var later: InputSummary
  /// The unit of x and y in words.
  public var unit: String
  /// Where it was measured: the points written.
  public var corePoints: Int
  /// Core points at which there are enough points of both scans for a distance.
  public var measured: Int
  /// Core points whose change is larger than their level of detection.
  public var significant: Int
  /// Those as a share of the measured ones, 0 to 1.
  public var significantShare: Double
  public var distances: Distances
  /// The mean of all levels of detection.
  public var meanLevelOfDetection: Double
  /// What the colours of the picture stand for: from the negative of this distance to the positive.
  public var pictureRange: Double
  public var parameters: ChangeParameters
  /// The most threads used at a time.
  public var threads: Int
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd and was worked around.
  public var warnings: [String]

  /// Positive where the later scan lies on the side to which normals point.
  public struct Distances: Hashable, Codable, Sendable {
    public var mean: Double
    public var median: Double
    public var standardDeviation: Double
    public var lowest: Double
    public var highest: Double

    enum CodingKeys: String, CodingKey {
      case mean, median, lowest, highest
      case standardDeviation = "standard_deviation"
    }

    /// - Precondition: there are some, and all are numbers.
    init(_ values: [Double]) {
      let sorted = values.sorted()
      let middle = sorted.count / 2
      let mean = sorted.reduce(0, +) / Double(sorted.count)
      self.mean = mean
      median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
      let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      standardDeviation = sorted.count > 1 ? (squares / Double(sorted.count - 1)).squareRoot() : 0
      (lowest, highest) = (sorted[0], sorted[sorted.count - 1])
    }
  }

  enum CodingKeys: String, CodingKey {
    case earlier, later, unit, measured, significant, distances, parameters, threads, stages, outputs, warnings
    case corePoints = "core_points"
    case significantShare = "significant_share"
    case meanLevelOfDetection = "mean_level_of_detection"
    case pictureRange = "picture_range"
  }

  public var pointsWorked: Int { earlier.points + later.points }
}
