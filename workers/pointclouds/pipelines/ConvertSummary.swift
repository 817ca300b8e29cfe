/// What `ConvertPipeline` is to do.
public struct ConvertParameters: Hashable, Codable, Sendable {
  public var format: ScanFormat
  /// Whether to keep what is sound of a damaged LAS or LAZ file.
  public var salvage: Bool
  /// The size of one step of coordinates, where the input has none; nil to choose.
  public var scale: Double?
  /// Names of the columns of text; empty to take those of the file.
  public var columns: [String]
  /// What stands between the numbers of text; nil to guess.
  public var delimiter: Delimiter?
  /// What of a COPC file is read, as `Box` reads it; empty for all of it.
  public var bounds: String
  /// The greatest distance between neighbouring points that is wanted of a COPC file, in the unit of its coordinates; nil for all points.
  public var resolution: Double?

  public init(
    format: ScanFormat = .laz, salvage: Bool = false, scale: Double? = nil, columns: [String] = [],
    delimiter: Delimiter? = nil, bounds: String = "", resolution: Double? = nil
  ) {
    (self.format, self.salvage, self.scale) = (format, salvage, scale)
    (self.columns, self.delimiter) = (columns, delimiter)
    (self.bounds, self.resolution) = (bounds, resolution)
  }

  /// Whether only some of the points of a COPC file are wanted.
  public var isQuery: Bool { !bounds.isEmpty || resolution != nil }

  /// - Throws: `invalidParameter`.
  func validate() throws(PointCloudError) {
    guard scale.map({ $0 > 0 && $0.isFinite }) ?? true else {
      throw PointCloudError(
        .invalidParameter, "the scale is no length", remedy: "Give a number greater than 0, or none.")
    }
    if !bounds.isEmpty { _ = try Box(bounds) }
    guard !isQuery || !salvage else {
      throw PointCloudError(
        .invalidParameter, "a part of a COPC file cannot be salvaged", remedy: "Salvage all of it, and crop that.")
    }
  }
}

/// What `ConvertPipeline` did: the content of `summary.json`.
public struct ConvertSummary: Hashable, Codable, PipelineSummary {
  /// Points written.
  public var points: Int
  /// Points read: of a query all of the nodes that were decoded for it.
  public var pointsWorked: Int
  /// Points of a damaged file that could not be read; see `losses`.
  public var pointsLost: Int
  /// Points whose coordinates are not numbers, left out.
  public var pointsWithoutPlace: Int
  public var inputFormat: String
  public var outputFormat: ScanFormat
  /// The corners of the box around all points.
  public var minimum: Vector3
  public var maximum: Vector3
  /// The step of coordinates along x, y and z.
  public var scale: Vector3
  /// How far a coordinate was moved at most to fit the steps; 0 where they are the file's own.
  public var largestRounding: Double
  public var losses: [LossSummary]
  public var parameters: ConvertParameters
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd, and what was left out.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case points, minimum, maximum, scale, losses, parameters, stages, outputs, warnings
    case pointsLost = "points_lost"
    case pointsWorked = "points_worked"
    case pointsWithoutPlace = "points_without_place"
    case inputFormat = "input_format"
    case outputFormat = "output_format"
    case largestRounding = "largest_rounding"
  }

  /// Points that could not be read: from `firstPoint`, counted from 0 as they lay in the file, in which chunk, and why.
  public struct LossSummary: Hashable, Codable, Sendable {
    public var chunk: Int?
    public var firstPoint: Int
    public var points: Int
    public var reason: String

    enum CodingKeys: String, CodingKey {
      case chunk, points, reason
      case firstPoint = "first_point"
    }
  }
}
