/// How a cloud is drawn.
public struct PictureParameters: Hashable, Codable, Sendable {
  public enum View: String, Codable, Sendable, CaseIterable {
    /// A map: north on top, nothing is nearer or further.
    case above
    /// From the side, as `azimuth`, `elevation` and `fieldOfView` say.
    case oblique
  }

  public enum Coloring: String, Codable, Sendable, CaseIterable {
    case height, classification, intensity
    /// The points' own colours.
    case color
    /// A number for each point that is given beside it.
    case value
  }

  public var view: View
  public var coloring: Coloring
  /// From where the cloud is seen, in degrees from north by east: 180 is from the south.
  public var azimuth: Double
  /// How far above the horizon the eye is, in degrees.
  public var elevation: Double
  /// In degrees; below 1 for an eye that is endlessly far away, to which parallel lines are parallel.
  public var fieldOfView: Double
  /// Of the picture's longer side.
  public var pixels: Int
  /// So many samples along each side of a pixel are averaged.
  public var supersampling: Int
  /// The diameter of a point, in pixels. Nil for as large as it takes to close the gaps between points.
  public var pointSize: Double?
  /// How dark edges become, from 0; 1 is usual.
  public var shading: Double
  /// The least and the greatest height, intensity or value that differ in colour. Nil for what all but the lowest and
  /// the highest fiftieth of the picture lie within.
  public var range: ClosedRange<Double>?
  /// Red, green and blue behind the cloud. Nil for nothing: transparent.
  public var background: [UInt8]?
  /// Whether points of the classes 7 and 18 are drawn.
  public var showsNoise: Bool

  public init(
    view: View = .oblique, coloring: Coloring = .height, azimuth: Double = 205, elevation: Double = 35,
    fieldOfView: Double = 30, pixels: Int = 1_600, supersampling: Int = 2, pointSize: Double? = nil,
    shading: Double = 1, range: ClosedRange<Double>? = nil, background: [UInt8]? = nil, showsNoise: Bool = false
  ) {
    self.view = view
    self.coloring = coloring
    self.azimuth = azimuth
    self.elevation = elevation
    self.fieldOfView = fieldOfView
    self.pixels = pixels
    self.supersampling = supersampling
    self.pointSize = pointSize
    self.shading = shading
    self.range = range
    self.background = background
    self.showsNoise = showsNoise
  }

  enum CodingKeys: String, CodingKey {
    case view, coloring, azimuth, elevation, pixels, supersampling, shading, range, background
    case fieldOfView = "field_of_view"
    case pointSize = "point_size"
    case showsNoise = "shows_noise"
  }

  /// As many pixels along the longer side as suit so many points, 400 to 1,600: what few points show needs no more, and
  /// drawing costs by the pixel.
  static func pixels(suiting points: Int) -> Int { min(1_600, max(400, Int(4 * Double(points).squareRoot()))) }

  /// Samples along the longer side: memory grows with their square, 28 bytes for each.
  public static let samplesMax = 8_192
  /// In samples: the work of drawing a point grows with its square.
  static let pointSamplesMax = 64.0

  /// - Throws: `invalidParameter`, naming the first one that is out of its range.
  public func validate() throws(PointCloudError) {
    try check("azimuth", azimuth, -360...360)
    try check("elevation", elevation, 1...90)
    try check("field_of_view", fieldOfView, 0...120)
    try check("pixels", Double(pixels), 16...Double(Self.samplesMax))
    try check("supersampling", Double(supersampling), 1...8)
    try check("pixels × supersampling", Double(pixels) * Double(supersampling), 16...Double(Self.samplesMax))
    if let pointSize { try check("point_size", pointSize, 0...Self.pointSamplesMax / Double(supersampling)) }
    try check("shading", shading, 0...10)
    if let range {
      try check("range", range.lowerBound, -1e15...1e15)
      try check("range", range.upperBound, -1e15...1e15)
    }
    guard background.map({ $0.count == 3 }) ?? true else {
      throw PointCloudError(
        .invalidParameter, "background has \(background?.count ?? 0) numbers", remedy: "Give red, green and blue.")
    }
  }

  private func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>) throws(PointCloudError) {
    // NaN is in no range.
    guard range.contains(value) else {
      throw PointCloudError(
        .invalidParameter, "\(name) is \(value), and must be from \(range.lowerBound) to \(range.upperBound)",
        remedy: "Give a value in this range.")
    }
  }
}
