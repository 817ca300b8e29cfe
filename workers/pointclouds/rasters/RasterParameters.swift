/// A map that is made from a cloud.
public enum RasterProduct: String, Codable, Sendable, CaseIterable {
  /// The bare earth: the digital terrain model.
  case dtm
  /// What is seen from above, roofs and crowns among it: the digital surface model.
  case dsm
  /// How high that stands above the bare earth: the canopy height model.
  case chm
  /// How strongly first returns came back, on average.
  case intensity
  /// Points per square of the unit of x and y.
  case density
  /// The bare earth, lit and tinted, as a picture.
  case hillshade
  /// How steep the bare earth is, in degrees.
  case slope
  /// Which way it falls, in degrees clockwise from north.
  case aspect
  /// Lines of equal height on the bare earth.
  case contours

  /// Whether it needs to be known which points are ground.
  var needsGround: Bool { self != .dsm && self != .intensity && self != .density }
}

/// What steers `RasterPipeline`. Lengths are in the units of the coordinates (see `GroundParameters.LengthUnit`).
public struct RasterParameters: Hashable, Codable, Sendable {
  /// How the bare earth is made from ground points.
  public enum Method: String, Codable, Sendable, CaseIterable {
    /// Triangles between them: it meets each of them.
    case tin
    /// Means of those near each cell, by the inverse square of the distance, and a smooth surface where there are none.
    case idw
  }

  /// Which points are ground.
  public enum Ground: String, Codable, Sendable, CaseIterable {
    /// Those of class 2 where the file has any; else they are found.
    case auto
    /// Those of class 2.
    case classified
    /// They are found by the simple morphological filter, whatever classes the file has.
    case find
  }

  public var products: [RasterProduct]
  public var method: Method
  public var ground: Ground
  /// The greatest radius of a triangle's circle: wider holes in the ground stay holes.
  public var reach: Double
  /// Holes in `dsm`, `chm` and `intensity` up to twice as wide are filled smoothly; 0 leaves all as they are.
  public var gap: Double
  /// The difference in height between two contours, in the unit of z.
  public var contourInterval: Double
  /// The side of a cell is `filter.cell`; the rest of it counts where ground is to be found.
  public var filter: GroundParameters

  public init(
    products: [RasterProduct] = [.dtm, .dsm, .chm, .hillshade], method: Method = .tin, ground: Ground = .auto,
    reach: Double = 100, gap: Double = 2, contourInterval: Double = 1, filter: GroundParameters = GroundParameters()
  ) {
    self.products = products
    self.method = method
    self.ground = ground
    self.reach = reach
    self.gap = gap
    self.contourInterval = contourInterval
    self.filter = filter
  }

  enum CodingKeys: String, CodingKey {
    case products, method, ground, reach, gap, filter
    case contourInterval = "contour_interval"
  }

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    try filter.validate()
    guard !products.isEmpty else {
      throw PointCloudError(
        .invalidParameter, "products is empty",
        remedy: "Name some of \(RasterProduct.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    try GroundParameters.check("reach", reach, above: 0, orEqual: false)
    try GroundParameters.check("gap", gap, above: 0, orEqual: true)
    try GroundParameters.check("contour_interval", contourInterval, above: 0, orEqual: false)
    guard gap / filter.cell <= Double(GroundParameters.radiusMax) else {
      throw PointCloudError(
        .invalidParameter, "gap / cell is \(gap / filter.cell), more than \(GroundParameters.radiusMax)",
        remedy: "Choose a smaller gap or a larger cell.")
    }
  }

  /// The same parameters, with lengths in a unit of `metres` each. The interval of contours stays: it is one of heights.
  func converted(metresPerUnit metres: Double) -> RasterParameters {
    var converted = self
    converted.filter = filter.converted(metresPerUnit: metres)
    converted.reach /= metres
    converted.gap /= metres
    return converted
  }

  /// The same work, with each product named once and in the order of all.
  var withProductsInOrder: RasterParameters {
    var ordered = self
    ordered.products = RasterProduct.allCases.filter(products.contains)
    return ordered
  }
}
