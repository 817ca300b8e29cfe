/// What a simulated scan is made of. Lengths are in metres.
public struct SimulationParameters: Hashable, Codable, Sendable {
  /// How far the scan reaches.
  public enum Extent: Hashable, Codable, Sendable {
    /// So many points exactly, of a site about as wide as long.
    case points(Int)
    /// A site `width` from west to east, `length` from south to north, covered by whole flight strips.
    case site(width: Double, length: Double)
  }

  /// The same parameters give the same scan.
  public var seed: UInt64
  public var extent: Extent
  /// Pulses per square metre of one flight strip; where strips overlap there are twice as many.
  public var density: Double
  /// The greatest distance between the lines that are flown.
  public var stripWidth: Double
  /// The share of a strip that the next one covers again.
  public var overlap: Double
  /// Above the level that the hills are around.
  public var flyingHeight: Double
  /// The standard deviation of heights.
  public var heightNoise: Double
  /// The share of pulses with a stray echo high in the air (class 18).
  public var highNoiseRate: Double
  /// The share of pulses with a stray echo below the ground (class 7).
  public var lowNoiseRate: Double
  /// The LAS point format: 0–3 (LAS 1.2), 6–8 (LAS 1.4). 2, 3, 7 and 8 have colours, 0 and 2 no time.
  public var pointFormat: Int
  public var isCompressed: Bool
  public var hasWater: Bool
  public var hasPowerLines: Bool
  public var hasRoads: Bool

  public init(
    seed: UInt64 = 1, extent: Extent = .points(1_000_000), density: Double = 8, stripWidth: Double = 240,
    overlap: Double = 0.2, flyingHeight: Double = 700, heightNoise: Double = 0.03, highNoiseRate: Double = 0.000_2,
    lowNoiseRate: Double = 0.000_2, pointFormat: Int = 6, isCompressed: Bool = false, hasWater: Bool = true,
    hasPowerLines: Bool = true, hasRoads: Bool = true
  ) {
    self.seed = seed
    self.extent = extent
    self.density = density
    self.stripWidth = stripWidth
    self.overlap = overlap
    self.flyingHeight = flyingHeight
    self.heightNoise = heightNoise
    self.highNoiseRate = highNoiseRate
    self.lowNoiseRate = lowNoiseRate
    self.pointFormat = pointFormat
    self.isCompressed = isCompressed
    self.hasWater = hasWater
    self.hasPowerLines = hasPowerLines
    self.hasRoads = hasRoads
  }

  enum CodingKeys: String, CodingKey {
    case seed, extent, density, overlap
    case stripWidth = "strip_width"
    case flyingHeight = "flying_height"
    case heightNoise = "height_noise"
    case highNoiseRate = "high_noise_rate"
    case lowNoiseRate = "low_noise_rate"
    case pointFormat = "point_format"
    case isCompressed = "is_compressed"
    case hasWater = "has_water"
    case hasPowerLines = "has_power_lines"
    case hasRoads = "has_roads"
  }

  /// A scan of this many points is some terabytes.
  public static let pointsMax = 100_000_000_000
  /// Coordinates in steps of a millimetre fit 32 bits within 2,147 km of the site's corner.
  public static let sideMax = 1_000_000.0
  static let formats: Set<Int> = [0, 1, 2, 3, 6, 7, 8]

  /// - Throws: `invalidParameter`, naming the first one that is out of its range.
  public func validate() throws(PointCloudError) {
    switch extent {
    case .points(let count):
      try check("points", Double(count), 1...Double(Self.pointsMax))
      try check("points for this density", (Double(count) / density).squareRoot(), 0...Self.sideMax / 2)
    case .site(let width, let length):
      try check("width", width, 1...Self.sideMax)
      try check("length", length, 1...Self.sideMax)
      try check("points of such a site", width * length * density, 1...Double(Self.pointsMax))
    }
    try check("density", density, 0.01...1_000)
    try check("strip_width", stripWidth, 10...2_000)
    try check("overlap", overlap, 0...0.9)
    try check("flying_height", flyingHeight, 200...10_000)
    // Walls are seen from the side, but not through the next hill.
    try check("strip_width for this flying_height", stripWidth / flyingHeight, 0...1)
    try check("height_noise", heightNoise, 0...5)
    try check("high_noise_rate", highNoiseRate, 0...1)
    try check("low_noise_rate", lowNoiseRate, 0...1)
    guard Self.formats.contains(pointFormat) else {
      throw PointCloudError(
        .invalidParameter, "points are not simulated in format \(pointFormat)", remedy: "Choose 0 to 3 or 6 to 8.")
    }
  }

  /// No simulation makes more points.
  public var pointsMax: Int {
    if case .points(let count) = extent { return count }
    let plan = FlightPlan(self)
    return (plan.strips ?? 0) * plan.lines * plan.pulsesPerLine * PulseTracer.echoesMax
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
