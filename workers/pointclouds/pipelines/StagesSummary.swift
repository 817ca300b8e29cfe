/// What `StagesPipeline` is to do.
public struct StagesParameters: Hashable, Codable, Sendable {
  /// In the order in which they run.
  public var stages: [StageRequest]
  public var format: ScanFormat
  /// What lengths are measured in.
  public var lengthUnit: GroundParameters.LengthUnit
  /// What the name of the result has after that of the input.
  public var suffix: String

  enum CodingKeys: String, CodingKey {
    case stages, format, suffix
    case lengthUnit = "length_unit"
  }

  public init(
    stages: [StageRequest], format: ScanFormat = .laz, lengthUnit: GroundParameters.LengthUnit = .file,
    suffix: String = "processed"
  ) {
    (self.stages, self.format, self.lengthUnit, self.suffix) = (stages, format, lengthUnit, suffix)
  }

  /// The most stages of one pipeline.
  public static let stagesMax = 64

  /// - Throws: `invalidParameter`, saying at which stage.
  public func resolved() throws(PointCloudError) -> [any CloudStage] {
    try requireCount("the number of stages", stages.count, in: 1...Self.stagesMax)
    var (resolved, names): ([any CloudStage], Set<String>) = ([], [])
    for (place, request) in stages.enumerated() {
      do throws(PointCloudError) {
        let stage = try request.resolved()
        for name in (stage as? RasterStage)?.fileNames ?? [] where !names.insert(name).inserted {
          throw PointCloudError(
            .invalidParameter, "it would write '\(name)', as a stage before it does",
            remedy: "Give it a 'prefix' of its own.")
        }
        resolved.append(stage)
      } catch {
        throw PointCloudError(
          error.code, "stage \(place + 1) (\(request.stage.prefix(64))): \(error.message)", remedy: error.remedy)
      }
    }
    return resolved
  }
}

/// What `StagesPipeline` did: the content of `summary.json`.
public struct StagesSummary: Hashable, Codable, PipelineSummary {
  public var pointsRead: Int
  /// Points written.
  public var points: Int
  /// Such as `LAS 1.2, point format 3, compressed`.
  public var inputFormat: String
  public var outputFormat: String
  /// Who made the file, in its own words. Simulated scans say so here.
  public var inputOrigin: String
  /// Nil when the file does not say.
  public var coordinateSystem: CoordinateSystem?
  /// The unit of x and y in words.
  public var unit: String
  /// The corners of the box around all points written.
  public var minimum: Vector3
  public var maximum: Vector3
  /// The names of all extra dimensions written.
  public var extraDimensions: [String]
  /// What each stage did.
  public var steps: [Step]
  /// As given.
  public var parameters: StagesParameters
  /// The most threads used at a time.
  public var threads: Int
  /// In how many tiles it was worked on; 1 where the whole scan was in memory.
  public var tiles: Int
  /// Of each pass, how many tiles parts or an attempt before had finished.
  public var tilesTaken: [String: Int]
  /// Points of the tiles that parts had not finished.
  public var pointsWorked: Int
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd, and what was left out.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case points, unit, minimum, maximum, steps, parameters, threads, tiles, stages, outputs, warnings
    case pointsRead = "points_read"
    case tilesTaken = "tiles_taken"
    case pointsWorked = "points_worked"
    case inputFormat = "input_format"
    case outputFormat = "output_format"
    case inputOrigin = "input_origin"
    case coordinateSystem = "coordinate_system"
    case extraDimensions = "extra_dimensions"
  }

  public struct Step: Hashable, Codable, Sendable {
    public var stage: String
    /// All of them, those with their defaults too.
    public var parameters: [String: StageValue]
    public var pointsBefore: Int
    public var pointsAfter: Int
    /// What there is to tell, by stage.
    public var facts: [String: StageValue]
    /// Of a scan in tiles, those of all threads together.
    public var seconds: Double

    enum CodingKeys: String, CodingKey {
      case stage, parameters, facts, seconds
      case pointsBefore = "points_before"
      case pointsAfter = "points_after"
    }
  }
}
