import Glibc

/// The shape of the land and what grows on it, anywhere on an endless plane, from a seed alone.
struct SimulatedTerrain: Sendable {
  /// What there is at a place.
  struct Place {
    /// Height, lake, road and growth, so that all are interpolated at once.
    var values: SIMD4<Float>

    /// Of the ground, or the water where there is a lake.
    var height: Double { Double(values[0]) }
    /// Below 0 in a lake; grows by 1 from its shore to as far again as its middle.
    var lake: Float { values[1] }
    /// The distance to the middle of the nearest road, in metres.
    var road: Float { values[2] }
    /// How much grows here, from 0 to 1.
    var growth: Float { values[3] }
  }

  enum Use { case village, forest, field }

  private struct Wave {
    let amplitude, east, north, phase: Double
  }

  /// The height that the hills are around.
  static let level = 100.0
  static let roadHalfWidth: Float = 3
  private static let lakeCell = 600.0
  private static let none: Float = 1_000
  /// Small scans begin at the corner of the plane, and have houses, too.
  private static let firstVillageRadius = 130.0

  private let seed: UInt64
  private let waves: [Wave]
  private let hasWater: Bool
  private let hasRoads: Bool
  private let roadEast: Double
  private let roadNorth: Double

  init(_ parameters: SimulationParameters) {
    seed = parameters.seed
    hasWater = parameters.hasWater
    hasRoads = parameters.hasRoads
    var random = SplitMix(state: parameters.seed)
    // Seven of hills, three of the country around, flatter.
    waves = (0..<10).map { index in
      let length = index < 7 ? random.number(in: 40...240) : random.number(in: 500...3_000)
      let direction = random.number(in: 0...(2 * .pi))
      return Wave(
        amplitude: (index < 7 ? 0.018 : 0.003) * length * random.number(in: 0.3...1),
        east: 2 * .pi * cos(direction) / length, north: 2 * .pi * sin(direction) / length,
        phase: random.number(in: 0...(2 * .pi)))
    }
    let direction = random.number(in: 0...(.pi))
    (roadEast, roadNorth) = (cos(direction), sin(direction))
  }

  func place(_ x: Double, _ y: Double) -> Place {
    let (height, lake) = surface(x, y)
    return Place(values: SIMD4(Float(height), lake, road(x, y), Float(noise(x, y, 60, purpose: 3))))
  }

  func height(_ x: Double, _ y: Double) -> Double { surface(x, y).height }

  func use(_ x: Double, _ y: Double) -> Use {
    if x * x + y * y < Self.firstVillageRadius * Self.firstVillageRadius { return .village }
    let value = noise(x, y, 260, purpose: 1)
    return value > 0.54 ? .village : value < 0.36 ? .forest : .field
  }

  private func surface(_ x: Double, _ y: Double) -> (height: Double, lake: Float) {
    let hills = hills(x, y)
    guard hasWater else { return (hills, Self.none) }
    // A lake and its shores never reach out of their cell.
    let (column, row) = ((x / Self.lakeCell).rounded(.down), (y / Self.lakeCell).rounded(.down))
    var random = SplitMix(seed, 2, Int(column), Int(row))
    guard random.unit() < 0.5 else { return (hills, Self.none) }
    let radius = random.number(in: 35...95)
    let centre = (
      x: column * Self.lakeCell + random.number(in: 210...390), y: row * Self.lakeCell + random.number(in: 210...390)
    )
    let (dx, dy) = (x - centre.x, y - centre.y)
    // Shores are not round: two waves go around them.
    let turn = atan2(dy, dx)
    let shore = radius * (1 + 0.12 * sin(2 * turn + Double(column)) + 0.07 * sin(5 * turn + Double(row)))
    let away = (dx * dx + dy * dy).squareRoot() / shore - 1
    guard away < 1 else { return (hills, Self.none) }
    let level = self.hills(centre.x, centre.y) - 1
    let share = min(1, max(0, away))
    let blend = share * share * (3 - 2 * share)
    return (level + (hills - level) * blend, Float(away))
  }

  private func hills(_ x: Double, _ y: Double) -> Double {
    var sum = Self.level
    for wave in waves { sum += wave.amplitude * sin(wave.east * x + wave.north * y + wave.phase) }
    return sum
  }

  /// Two families of winding roads that cross.
  private func road(_ x: Double, _ y: Double) -> Float {
    guard hasRoads else { return Self.none }
    let (u, v) = (x * roadEast + y * roadNorth, y * roadEast - x * roadNorth)
    let first = Self.offset(u + 14 * sin(v / 80) + 71, spacing: 230)
    let second = Self.offset(v + 14 * sin(u / 95) + 93, spacing: 370)
    return Float(min(first, second))
  }

  private static func offset(_ place: Double, spacing: Double) -> Double {
    abs(place - (place / spacing).rounded() * spacing)
  }

  /// Smooth noise from 0 to 1, by random values on a lattice of so many metres (Perlin 1985, of values).
  private func noise(_ x: Double, _ y: Double, _ cell: Double, purpose: UInt64) -> Double {
    let (u, v) = (x / cell, y / cell)
    let (column, row) = (u.rounded(.down), v.rounded(.down))
    func value(_ east: Int, _ north: Int) -> Double {
      var random = SplitMix(seed, purpose, Int(column) + east, Int(row) + north)
      return random.unit()
    }
    func smooth(_ share: Double) -> Double { share * share * (3 - 2 * share) }
    let (s, t) = (smooth(u - column), smooth(v - row))
    let south = value(0, 0) + (value(1, 0) - value(0, 0)) * s
    let north = value(0, 1) + (value(1, 1) - value(0, 1)) * s
    return south + (north - south) * t
  }
}
