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

  public init(
    format: ScanFormat = .laz, salvage: Bool = false, scale: Double? = nil, columns: [String] = [],
    delimiter: Delimiter? = nil
  ) {
    (self.format, self.salvage, self.scale) = (format, salvage, scale)
    (self.columns, self.delimiter) = (columns, delimiter)
  }

  /// - Throws: `invalidParameter`.
  func validate() throws(PointCloudError) {
    guard scale.map({ $0 > 0 && $0.isFinite }) ?? true else {
      throw PointCloudError(
        .invalidParameter, "the scale is no length", remedy: "Give a number greater than 0, or none.")
    }
  }
}

/// What `ConvertPipeline` did: the content of `summary.json`.
public struct ConvertSummary: Hashable, Codable, Sendable {
  /// Points written.
  public var points: Int
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

  /// The summary as JSON, keys in order, with a newline at its end.
  public func json() throws(PointCloudError) -> [UInt8] { try summaryJSON(self) }
}
