import Glibc

/// How much heights differ on average with the distance between their places: half of the mean square of the
/// difference.
///
/// Of places at no distance the difference is 0; just beyond, it is the nugget, which is noise and what is finer than
/// the points.
public struct Variogram: Hashable, Sendable {
  /// How the semivariance grows from the nugget to the sill. Where it does so without end, `range` is where it has
  /// reached 95 % of the rest (the practical range).
  public enum Model: String, Codable, Sendable, CaseIterable {
    /// 1.5 h/a − 0.5 (h/a)³ up to the range a, then 1.
    case spherical
    /// 1 − exp(−3 h/a).
    case exponential
    /// 1 − exp(−3 h²/a²): smoother than terrain is; with little nugget, estimates swing.
    case gaussian
  }

  public let model: Model
  /// In the square of the heights' unit, as the partial sill.
  public let nugget: Double
  /// What is added to the nugget far away: the sill less the nugget.
  public let partialSill: Double
  /// In the unit of x and y.
  public let range: Double

  /// - Throws: `invalidParameter`.
  public init(_ model: Model, nugget: Double, partialSill: Double, range: Double) throws(PointCloudError) {
    for (name, value) in [("nugget", nugget), ("partialSill", partialSill)] {
      guard value.isFinite, value >= 0 else {
        throw PointCloudError(.invalidParameter, "\(name) is \(value)", remedy: "Give 0 or a number above it.")
      }
    }
    try requirePositive("range", range)
    (self.model, self.nugget, self.partialSill, self.range) = (model, nugget, partialSill, range)
  }

  /// The same shape with another sill: the same estimates, and variances multiplied by `factor`, which is finite and
  /// above 0.
  func scaled(by factor: Double) -> Variogram {
    Variogram(model: model, nugget: nugget * factor, partialSill: partialSill * factor, range: range)
  }

  private init(model: Model, nugget: Double, partialSill: Double, range: Double) {
    (self.model, self.nugget, self.partialSill, self.range) = (model, nugget, partialSill, range)
  }

  /// The variance of heights that are far apart.
  public var sill: Double { nugget + partialSill }

  /// The semivariance at a distance.
  public func semivariance(_ distance: Double) -> Double {
    distance > 0 ? nugget + partialSill * model.growth(distance / range) : 0
  }
}

extension Variogram.Model {
  /// From 0 to 1; the distance is counted in ranges.
  @inline(__always) func growth(_ distance: Double) -> Double {
    switch self {
    case .spherical: distance < 1 ? (1.5 - 0.5 * distance * distance) * distance : 1
    case .exponential: 1 - exp(-3 * distance)
    case .gaussian: 1 - exp(-3 * distance * distance)
    }
  }
}
