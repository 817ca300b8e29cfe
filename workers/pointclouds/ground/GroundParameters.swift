/// What steers the ground filter. Lengths are in the units of the coordinates (see `LengthUnit`).
public struct GroundParameters: Hashable, Codable, Sendable {
  /// What the lengths below are measured in.
  public enum LengthUnit: String, Codable, Sendable, CaseIterable {
    /// The unit of the file's coordinate reference system: metres in most, feet in some.
    case file
    /// Metres, converted when the file's coordinate reference system says that it uses another unit.
    case metres
  }

  /// Which returns of a pulse may be ground.
  public enum Returns: String, Codable, Sendable, CaseIterable {
    /// The last one of each pulse, and points whose file does not count returns.
    case last
    case all
  }

  /// The side of a grid cell: about the distance between points.
  public var cell: Double
  /// The steepest slope that the ground has, as rise over run.
  public var slope: Double
  /// The radius of the largest object to be removed: half the width of the widest building.
  public var window: Double
  /// How far from the provisional terrain a ground point may lie.
  public var threshold: Double
  /// How much further it may lie on steep terrain: the distance grows by `scalar` × slope.
  public var scalar: Double
  /// How far the lowest point of a removed cell may lie from the plane through the ground around it to be taken back
  /// (`GroundGrowth`). 0 takes nothing back, which is the filter as published.
  public var growth: Double
  public var lengthUnit: LengthUnit
  public var returns: Returns
  /// The most cells that a grid may have. A stray point far away would otherwise ask for all memory there is.
  public var cellsMax: Int
  /// The most cells for each point: a grid that is so much larger than its cloud is one of stray points.
  public var cellsPerPointMax: Int
  /// Cells allowed whatever the number of points, up to `cellsMax`.
  public var cellsAlwaysAllowed: Int

  public init(
    cell: Double = 1, slope: Double = 0.15, window: Double = 18, threshold: Double = 0.5, scalar: Double = 1.25,
    growth: Double = 0, lengthUnit: LengthUnit = .file, returns: Returns = .last, cellsMax: Int = 100_000_000,
    cellsPerPointMax: Int = 1_000, cellsAlwaysAllowed: Int = 4_000_000
  ) {
    self.cell = cell
    self.slope = slope
    self.window = window
    self.threshold = threshold
    self.scalar = scalar
    self.growth = growth
    self.lengthUnit = lengthUnit
    self.returns = returns
    self.cellsMax = cellsMax
    self.cellsPerPointMax = cellsPerPointMax
    self.cellsAlwaysAllowed = cellsAlwaysAllowed
  }

  enum CodingKeys: String, CodingKey {
    case cell, slope, window, threshold, scalar, growth, returns
    case lengthUnit = "length_unit"
    case cellsMax = "cells_max"
    case cellsPerPointMax = "cells_per_point_max"
    case cellsAlwaysAllowed = "cells_always_allowed"
  }

  /// The most cells that the grid of a cloud of so many points may have, and the parameter that says so.
  package func cellsLimit(points: Int) -> (cells: Int, name: String) {
    selection.cellsLimit(points: points)
  }

  /// The largest disc, in cells: the work grows with its square.
  static let radiusMax = 500

  /// The number of progressively larger discs.
  var radius: Int { Int((window / cell).rounded(.up)) }

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    try Self.check("cell", cell, above: 0, orEqual: false)
    try Self.check("slope", slope, above: 0, orEqual: false)
    try Self.check("window", window, above: 0, orEqual: false)
    try Self.check("threshold", threshold, above: 0, orEqual: true)
    try Self.check("scalar", scalar, above: 0, orEqual: true)
    try Self.check("growth", growth, above: 0, orEqual: true)
    try selection.validate()
    try Self.checkWindow(window, cell: cell)
  }

  static func checkWindow(_ window: Double, cell: Double) throws(PointCloudError) {
    guard window / cell <= Double(radiusMax) else {
      throw PointCloudError(
        .invalidParameter, "window / cell is \(window / cell), more than \(radiusMax)",
        remedy: "Choose a smaller window or a larger cell.")
    }
  }

  static func check(
    _ name: String, _ value: Double, above least: Double, orEqual: Bool
  ) throws(PointCloudError) {
    guard value.isFinite, value > least || orEqual && value == least else {
      throw PointCloudError(
        .invalidParameter, "\(name) is \(value)", remedy: "Give a number \(orEqual ? "of at least" : "above") \(least)."
      )
    }
  }

  /// The same parameters, with lengths in a unit of `metres` each.
  func converted(metresPerUnit metres: Double) -> GroundParameters {
    var converted = self
    converted.cell /= metres
    converted.window /= metres
    converted.threshold /= metres
    converted.scalar /= metres
    converted.growth /= metres
    return converted
  }
}
