import Glibc

/// Makes up an airborne scan of hills, houses and trees, with the truth about every point.
///
/// It serves demonstrations and tests where no real scan is at hand, and says in its header that it is simulated. The
/// same seed gives the same scan.
///
/// A scanner flies north and sweeps east and west; pulses come straight down. A pulse over a tree returns from the
/// crown, and often from the ground below it. Heights are noisy by a few centimetres. Classes: ground 2, tree 5,
/// building 6.
public struct ScanSimulator: Sendable {
  public let seed: UInt64
  public let points: Int

  /// Pulses per square metre.
  static let density = 8.0
  /// The standard deviation of heights, in metres.
  static let heightNoise = 0.03
  static let pulsesPerSecond = 100_000.0

  /// - Parameter points: how many points to make, at least 1.
  public init(seed: UInt64, points: Int) {
    self.seed = seed
    self.points = max(1, points)
  }

  /// The scan, with true classes, as LAS 1.2 with point format 1, in metres.
  public func makeCloud() throws(PointCloudError) -> PointCloud {
    try PointCloud(
      points: makePoints(), systemIdentifier: "SIMULATED", generatingSoftware: "Strata ScanSimulator",
      wkt: #"LOCAL_CS["Simulated site",UNIT["metre",1]]"#)
  }

  /// The points, in the order in which the scanner sees them.
  public func makePoints() -> [NewPoint] {
    var random = SplitMix(state: seed)
    let side = (Double(points) / Self.density).squareRoot()
    let landscape = Landscape(side: side, random: &random)
    let step = 1 / Self.density.squareRoot()
    let pulsesPerLine = max(1, Int(side / step))
    var result: [NewPoint] = []
    result.reserveCapacity(points + 2)
    var pulse = 0
    while result.count < points {
      let (line, place) = pulse.quotientAndRemainder(dividingBy: pulsesPerLine)
      let across = line.isMultiple(of: 2) ? place : pulsesPerLine - 1 - place
      let x = (Double(across) + random.unit()) * step
      let y = (Double(line) + 0.3 * random.unit()) * step
      let echoes = landscape.echoes(x, y, random: &random)
      let time = Double(pulse) / Self.pulsesPerSecond
      result += Self.points(echoes, x, y, time: time, random: &random)
      pulse += 1
    }
    return Array(result.prefix(points))
  }

  private static func points(
    _ echoes: [Landscape.Echo], _ x: Double, _ y: Double, time: Double, random: inout SplitMix
  ) -> [NewPoint] {
    echoes.enumerated().map { number, echo in
      NewPoint(
        x: x + 0.02 * random.normal(), y: y + 0.02 * random.normal(), z: echo.height + heightNoise * random.normal(),
        intensity: UInt16(clamping: Int(echo.brightness * (0.9 + 0.2 * random.unit()))), returnNumber: number + 1,
        returnCount: echoes.count, classification: echo.class, time: time)
    }
  }
}

/// A small, fast source of reproducible randomness: splitmix64 (Steele, Lea, Flood 2014).
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// Even over 0..<1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func number(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  /// Normal with mean 0 and deviation 1 (Box and Muller 1958).
  mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }
}
