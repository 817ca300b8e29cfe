import Glibc

/// The classes of simulated points, by LAS 1.4 R15, table 17.
enum SimulatedClass {
  static let ground: UInt8 = 2
  static let lowPlant: UInt8 = 3
  static let mediumPlant: UInt8 = 4
  static let highPlant: UInt8 = 5
  static let building: UInt8 = 6
  static let lowNoise: UInt8 = 7
  static let water: UInt8 = 9
  static let road: UInt8 = 11
  static let wire: UInt8 = 14
  static let tower: UInt8 = 15
  static let highNoise: UInt8 = 18
}

/// A body with flat faces that a pulse cannot pass: a house, a chimney, a pylon.
///
/// It is what lies below all of its faces: `x·p + y·q + z·r ≤ s` for each (p, q, r, s).
struct SolidThing {
  let faces: Range<Int>
  let `class`: UInt8
  let brightness: Float
  let color: SIMD3<Float>
  /// The share of pulses that it stops; others pass through its lattice.
  let density: Double
}

/// A crown or a bush: an ellipsoid of leaves.
struct LeafyThing {
  let x, y, z, radius, halfHeight: Double
  /// The height of the ground below.
  let foot: Double
  /// Echoes per metre of leaves, on average.
  let thickness: Double
  let color: SIMD3<Float>
}

/// A stretch of a wire that hangs between two pylons.
struct WireThing {
  let x, y, z: Double
  /// Its direction in plan.
  let east, north: Double
  /// From pylon to pylon.
  let span, rise: Double
  /// The part that this is.
  let from, to: Double

  /// How far a wire of this tension (the catenary's parameter, in metres) hangs.
  static let tension = 700.0
  /// How far from the middle of a pulse a wire is still seen.
  static let reach = 0.12

  func height(at place: Double) -> Double {
    let half = span / 2
    return z + rise * place / span - Self.tension * (cosh(half / Self.tension) - cosh((place - half) / Self.tension))
  }
}

/// What stands in one part of the plane.
struct SimulatedThings {
  private(set) var faces: [SIMD4<Double>] = []
  private(set) var solids: [(thing: SolidThing, footprint: Footprint)] = []
  private(set) var leaves: [(thing: LeafyThing, footprint: Footprint)] = []
  private(set) var wires: [(thing: WireThing, footprint: Footprint)] = []

  /// A face above: how it falls along and across, and its height in the middle.
  typealias Top = (along: Double, across: Double, height: Double)

  /// Where a thing stands and how high it is.
  struct Footprint {
    var west, east, south, north, height: Double

    /// Whether a place lies in it or closer to it than a distance.
    func holds(_ x: Double, _ y: Double, _ distance: Double) -> Bool {
      x > west - distance && x < east + distance && y > south - distance && y < north + distance
    }
  }

  mutating func add(_ thing: LeafyThing) {
    leaves.append(
      (
        thing,
        Footprint(
          west: thing.x - thing.radius, east: thing.x + thing.radius, south: thing.y - thing.radius,
          north: thing.y + thing.radius, height: thing.z + thing.halfHeight - thing.foot)
      ))
  }

  mutating func add(_ wire: WireThing, foot: Double) {
    let ends = [wire.from, wire.to].map { (x: wire.x + $0 * wire.east, y: wire.y + $0 * wire.north) }
    let reach = 2 * WireThing.reach
    wires.append(
      (
        wire,
        Footprint(
          west: min(ends[0].x, ends[1].x) - reach, east: max(ends[0].x, ends[1].x) + reach,
          south: min(ends[0].y, ends[1].y) - reach, north: max(ends[0].y, ends[1].y) + reach, height: wire.z - foot + 10
        )
      ))
  }

  /// A body over a rectangle that is turned, which the given faces close above: each says how z falls along and across
  /// and where it is on the middle.
  mutating func add(
    _ frame: TurnedRectangle, below tops: [Top], height: Double,
    of kind: (class: UInt8, brightness: Float, color: SIMD3<Float>), density: Double = 1
  ) {
    let start = faces.count
    let (east, north) = (frame.east, frame.north)
    for (along, across, reach) in [
      (1.0, 0.0, frame.halfLength), (-1, 0, frame.halfLength), (0, 1, frame.halfWidth), (0, -1, frame.halfWidth),
    ] {
      let (p, q) = (along * east - across * north, along * north + across * east)
      faces.append(SIMD4(p, q, 0, reach + p * frame.x + q * frame.y))
    }
    for top in tops {
      let (p, q) = (top.along * east - top.across * north, top.along * north + top.across * east)
      faces.append(SIMD4(p, q, 1, top.height + p * frame.x + q * frame.y))
    }
    let reach = (
      x: abs(frame.halfLength * east) + abs(frame.halfWidth * north),
      y: abs(frame.halfLength * north) + abs(frame.halfWidth * east)
    )
    solids.append(
      (
        SolidThing(
          faces: start..<faces.count, class: kind.class, brightness: kind.brightness, color: kind.color,
          density: density),
        Footprint(
          west: frame.x - reach.x, east: frame.x + reach.x, south: frame.y - reach.y, north: frame.y + reach.y,
          height: height)
      ))
  }
}

/// A rectangle around a point, whose length lies in the direction (east, north).
struct TurnedRectangle {
  let x, y, east, north, halfLength, halfWidth: Double
}
