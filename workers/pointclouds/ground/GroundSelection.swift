/// What every method of finding ground is told besides how it works: which points may be ground, how lengths are
/// measured, and how large a grid may become.
public struct GroundSelection: Hashable, Codable, Sendable {
  public var lengthUnit: GroundParameters.LengthUnit
  public var returns: GroundParameters.Returns
  /// As in `GroundParameters`.
  public var cellsMax: Int
  /// As in `GroundParameters`.
  public var cellsPerPointMax: Int
  /// As in `GroundParameters`.
  public var cellsAlwaysAllowed: Int

  public init(
    lengthUnit: GroundParameters.LengthUnit = .file, returns: GroundParameters.Returns = .last,
    cellsMax: Int = 100_000_000, cellsPerPointMax: Int = 1_000, cellsAlwaysAllowed: Int = 4_000_000
  ) {
    self.lengthUnit = lengthUnit
    self.returns = returns
    self.cellsMax = cellsMax
    self.cellsPerPointMax = cellsPerPointMax
    self.cellsAlwaysAllowed = cellsAlwaysAllowed
  }

  enum CodingKeys: String, CodingKey {
    case returns
    case lengthUnit = "length_unit"
    case cellsMax = "cells_max"
    case cellsPerPointMax = "cells_per_point_max"
    case cellsAlwaysAllowed = "cells_always_allowed"
  }

  /// The most cells that the grid of a cloud of so many points may have, and the parameter that says so.
  func cellsLimit(points: Int) -> (cells: Int, name: String) {
    let (product, isTooLarge) = cellsPerPointMax.multipliedReportingOverflow(by: points)
    let byPoints = isTooLarge ? Int.max : product
    let least = max(cellsAlwaysAllowed, byPoints)
    if cellsMax <= least { return (cellsMax, "cells_max") }
    return (least, byPoints > cellsAlwaysAllowed ? "cells_per_point_max" : "cells_always_allowed")
  }

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    for (name, limit) in [
      ("cells_max", cellsMax), ("cells_per_point_max", cellsPerPointMax), ("cells_always_allowed", cellsAlwaysAllowed),
    ] { try GroundParameters.check(name, Double(limit), above: 0, orEqual: name != "cells_max") }
  }
}

extension GroundParameters {
  /// What these parameters have in common with those of other methods.
  public var selection: GroundSelection {
    GroundSelection(
      lengthUnit: lengthUnit, returns: returns, cellsMax: cellsMax, cellsPerPointMax: cellsPerPointMax,
      cellsAlwaysAllowed: cellsAlwaysAllowed)
  }

  public init(
    cell: Double, slope: Double, window: Double, threshold: Double, scalar: Double, growth: Double,
    selection: GroundSelection
  ) {
    self.init(
      cell: cell, slope: slope, window: window, threshold: threshold, scalar: scalar, growth: growth,
      lengthUnit: selection.lengthUnit, returns: selection.returns, cellsMax: selection.cellsMax,
      cellsPerPointMax: selection.cellsPerPointMax, cellsAlwaysAllowed: selection.cellsAlwaysAllowed)
  }
}
