/// How a site is flown over: strips from south to north and back, each of lines from west to east and back, each of
/// pulses. Strips are cut into parts that can be scanned on their own.
struct FlightPlan: Sendable {
  /// One part of one strip.
  struct Part {
    let strip: Int
    /// Counted along the flight.
    let lines: Range<Int>
    /// Its number among all parts.
    let number: Int
  }

  static let pulsesPerSecond = 200_000.0
  /// For turning round between two strips, in seconds.
  static let turn = 60.0
  /// Parts are as many lines as have about so many pulses, but not longer than so many metres.
  private static let pulsesPerPart = 60_000
  private static let partLengthMax = 96.0
  /// So many points a pulse gives at least, of usual land.
  private static let pointsPerPulse = 1.1

  /// Between pulses of a line, and between lines.
  let step: Double
  let length: Double
  let lines: Int
  /// Nil where strips go on until there are enough points.
  let strips: Int?
  private let spacing: Double
  private let swath: Double
  private let linesPerPart: Int
  let pulsesPerLine: Int

  init(_ parameters: SimulationParameters) {
    step = 1 / parameters.density.squareRoot()
    let (width, count): (Double, Double)
    switch parameters.extent {
    case .points(let points):
      let area = Double(points) / (parameters.density * Self.pointsPerPulse)
      if area.squareRoot() <= parameters.stripWidth {
        // One strip, which goes on until there are enough.
        (width, count) = (area.squareRoot(), 1)
        length = max(2 * width, step)
      } else {
        width = (area / (1 + parameters.overlap)).squareRoot()
        count = max(2, (width / parameters.stripWidth).rounded(.up))
        length = width
      }
    case .site(let givenWidth, let givenLength):
      (width, length) = (givenWidth, givenLength)
      count = max(1, (width / parameters.stripWidth).rounded(.up))
    }
    spacing = max(width / count, step)
    swath = spacing * (count > 1 ? 1 + parameters.overlap : 1)
    if case .site = parameters.extent { strips = Int(count) } else { strips = nil }
    pulsesPerLine = max(1, Int((swath / step).rounded()))
    lines = max(1, Int((length / step).rounded()))
    linesPerPart = max(1, min(Self.pulsesPerPart / pulsesPerLine, Int(Self.partLengthMax / step)))
  }

  var partsPerStrip: Int { (lines + linesPerPart - 1) / linesPerPart }

  /// How many parts there are; nil where as many are flown as it takes.
  var parts: Int? { strips.map { $0 * partsPerStrip } }

  func part(_ number: Int) -> Part {
    let (strip, place) = number.quotientAndRemainder(dividingBy: partsPerStrip)
    return Part(strip: strip, lines: place * linesPerPart..<min(lines, (place + 1) * linesPerPart), number: number)
  }

  /// The middle of a strip, over which the scanner flies.
  func middle(ofStrip strip: Int) -> Double { (Double(strip) + 0.5) * spacing }

  /// Where a strip's pulses begin in the west.
  func west(ofStrip strip: Int) -> Double { middle(ofStrip: strip) - swath / 2 }

  /// Whether a place lies in the strip before or after, too.
  func isOverlap(_ x: Double, strip: Int) -> Bool {
    let across = x - Double(strip) * spacing
    let border = (swath - spacing) / 2
    return across < border && strip > 0 || across > spacing - border && (strips.map { strip < $0 - 1 } ?? true)
  }

  /// How far north a line begins: every other strip is flown southwards.
  func south(ofLine line: Int, strip: Int) -> Double {
    Double(strip.isMultiple(of: 2) ? line : lines - 1 - line) * step
  }

  /// When a pulse of a line leaves, in seconds from the first.
  func time(strip: Int, line: Int, pulse: Int) -> Double {
    let perStrip = Double(lines * pulsesPerLine) / Self.pulsesPerSecond + Self.turn
    return Double(strip) * perStrip + Double(line * pulsesPerLine + pulse) / Self.pulsesPerSecond
  }

  /// The part of the plane that a part of the strip is aimed at.
  func area(_ part: Part) -> SimulatedLandscape.Area {
    let ends = [part.lines.lowerBound, part.lines.upperBound - 1].map { south(ofLine: $0, strip: part.strip) }
    let west = west(ofStrip: part.strip)
    return SimulatedLandscape.Area(
      west: west, east: west + swath, south: min(ends[0], ends[1]), north: max(ends[0], ends[1]) + step)
  }
}
