/// What `GroundPipeline` did: the content of `summary.json`.
public struct GroundSummary: Hashable, Codable, PipelineSummary {
  public var points: Int
  public var ground: Int
  /// Ground points as a share of all, 0 to 1.
  public var groundShare: Double
  /// The corners of the box around all points.
  public var minimum: Vector3
  public var maximum: Vector3
  /// Nil when the file does not say.
  public var coordinateSystem: CoordinateSystem?
  /// The unit of x and y in words.
  public var unit: String
  /// How ground was found.
  public var method: GroundMethod.Name
  /// The parameters as given.
  public var parameters: GroundParameters
  /// The parameters as used: lengths in the unit of x and y.
  public var effectiveParameters: GroundParameters
  /// Why they were chosen so; empty where they were given.
  public var reasons: [String]
  /// Such as `LAS 1.2, point format 3, compressed`.
  public var inputFormat: String
  /// Who made the file, in its own words. Simulated scans say so here.
  public var inputOrigin: String
  /// Compressed chunks decoded, 0 for uncompressed input.
  public var chunks: Int
  /// The most threads used at a time.
  public var threads: Int
  /// In how many tiles it was worked on; 1 for a small scan.
  public var tiles: Int
  /// Of each pass, how many tiles parts or an attempt before had finished.
  public var tilesTaken: [String: Int]
  /// Points of the tiles that parts had not finished.
  public var pointsWorked: Int
  public var terrain: TerrainSummary
  public var stages: [StageTime]
  /// Names of the files written, without their folder.
  public var outputs: [String]
  /// What was odd and was worked around.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case points, ground, minimum, maximum, unit, method, parameters, reasons, chunks, threads, tiles, terrain, stages,
      outputs, warnings
    case groundShare = "ground_share"
    case coordinateSystem = "coordinate_system"
    case tilesTaken = "tiles_taken"
    case pointsWorked = "points_worked"
    case effectiveParameters = "effective_parameters"
    case inputFormat = "input_format"
    case inputOrigin = "input_origin"
  }

  /// The raster of the bare earth.
  public struct TerrainSummary: Hashable, Codable, Sendable {
    public var columns: Int
    public var rows: Int
    public var cell: Double
    public var lowest: Double?
    public var highest: Double?
    public var noData: Double

    enum CodingKeys: String, CodingKey {
      case columns, rows, cell, lowest, highest
      case noData = "no_data"
    }
  }
}
