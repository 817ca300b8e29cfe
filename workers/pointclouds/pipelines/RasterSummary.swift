/// What `RasterPipeline` did: the content of `summary.json`.
public struct RasterSummary: Hashable, Codable, PipelineSummary {
  public var points: Int
  /// Points that are ground; nil where no map needs to know.
  public var ground: Int?
  /// How ground was told: `classified` or `find`; nil where no map needs to know.
  public var groundFrom: RasterParameters.Ground?
  /// The corners of the box around all points.
  public var minimum: Vector3
  public var maximum: Vector3
  /// Nil when the file does not say.
  public var coordinateSystem: CoordinateSystem?
  /// The unit of x and y in words.
  public var unit: String
  /// The parameters as given.
  public var parameters: RasterParameters
  /// The parameters as used: lengths in the unit of x and y.
  public var effectiveParameters: RasterParameters
  public var inputFormat: String
  /// Who made the file, in its own words. Simulated scans say so here.
  public var inputOrigin: String
  /// The most threads used at a time.
  public var threads: Int
  /// In how many tiles it was worked on; 1 for a small scan.
  public var tiles: Int
  /// Of each pass, how many tiles parts or an attempt before had finished.
  public var tilesTaken: [String: Int]
  /// Points of the tiles that parts had not finished.
  public var pointsWorked: Int
  public var columns: Int
  public var rows: Int
  public var cell: Double
  public var noData: Double
  /// Of each map the lowest and the highest value, and the share of cells that have one.
  public var maps: [String: MapSummary]
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd and was worked around.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case points, ground, minimum, maximum, unit, parameters, threads, tiles, columns, rows, cell, maps, stages, outputs,
      warnings
    case groundFrom = "ground_from"
    case coordinateSystem = "coordinate_system"
    case tilesTaken = "tiles_taken"
    case pointsWorked = "points_worked"
    case effectiveParameters = "effective_parameters"
    case inputFormat = "input_format"
    case inputOrigin = "input_origin"
    case noData = "no_data"
  }

  public struct MapSummary: Hashable, Codable, Sendable {
    public var lowest: Double?
    public var highest: Double?
    /// From 0 to 1.
    public var coverage: Double
  }
}
