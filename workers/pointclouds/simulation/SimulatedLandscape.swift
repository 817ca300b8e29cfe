import Glibc

/// What stands on the terrain, block by block: each is made from the seed and its own place alone, so that no part of
/// the landscape has to be kept.
struct SimulatedLandscape: Sendable {
  /// A rectangle of the plane, in metres.
  struct Area {
    let west, east, south, north: Double
  }

  /// The side of a block. What stands in one does not reach further than into the next.
  static let block = 32.0
  /// Nothing that is made here stands out of its block by more.
  static let reach = 16.0
  private static let houseClass = (class: SimulatedClass.building, brightness: Float(1_300))
  private static let roofs: [SIMD3<Float>] = [
    SIMD3(158, 84, 66), SIMD3(138, 72, 60), SIMD3(122, 96, 84), SIMD3(104, 104, 108), SIMD3(172, 110, 82),
  ]
  private static let flatRoof = SIMD3<Float>(168, 166, 160)

  let terrain: SimulatedTerrain
  private let seed: UInt64
  private let lines: PowerLines?

  init(_ parameters: SimulationParameters) {
    terrain = SimulatedTerrain(parameters)
    seed = parameters.seed
    lines = parameters.hasPowerLines ? PowerLines(seed: parameters.seed) : nil
  }

  /// All that reaches into an area, and some that does not.
  func things(in area: Area) -> SimulatedThings {
    var things = SimulatedThings()
    func blocks(_ low: Double, _ high: Double) -> ClosedRange<Int> {
      Int(((low - Self.reach) / Self.block).rounded(.down))...Int(((high + Self.reach) / Self.block).rounded(.down))
    }
    for row in blocks(area.south, area.north) {
      for column in blocks(area.west, area.east) { populate(column, row, &things) }
    }
    lines?.add(to: &things, in: area, on: terrain)
    return things
  }

  private func populate(_ column: Int, _ row: Int, _ things: inout SimulatedThings) {
    var random = SplitMix(seed, 10, column, row)
    let (x, y) = (Double(column) * Self.block, Double(row) * Self.block)
    let before = things.solids.count
    switch terrain.use(x + Self.block / 2, y + Self.block / 2) {
    case .village:
      let hasHouse = random.unit() < 0.8 && addHouse(x, y, &random, &things)
      plant(hasHouse ? 3 : 9, x, y, .garden, &random, &things, housesFrom: before)
    case .forest: plant(16, x, y, .forest, &random, &things, housesFrom: before)
    case .field: if random.unit() < 0.35 { plant(2, x, y, .field, &random, &things, housesFrom: before) }
    }
  }

  // MARK: Houses

  /// - Returns: whether there was room for one.
  private func addHouse(
    _ x: Double, _ y: Double, _ random: inout SplitMix, _ things: inout SimulatedThings
  ) -> Bool {
    let (centreX, centreY) = (x + random.number(in: 13...19), y + random.number(in: 13...19))
    let (direction, style) = (random.number(in: 0...(.pi)), random.unit())
    let isHall = style < 0.12
    let halfWidth = random.number(in: isHall ? 6...8 : 4...5.5)
    let frame = TurnedRectangle(
      x: centreX, y: centreY, east: cos(direction), north: sin(direction),
      halfLength: halfWidth + random.number(in: 0.5...4.5), halfWidth: halfWidth)
    guard isFree(centreX, centreY, margin: Float(frame.halfLength) + 2) else { return false }
    let foot = terrain.height(centreX, centreY)
    let eaves = random.number(in: isHall ? 6...9 : 3...6.5)
    let tint = isHall || style < 0.3 ? Self.flatRoof : Self.roofs[Int(random.next() % UInt64(Self.roofs.count))]
    // Flat, gabled, hipped.
    let pitch = style < 0.3 ? 0 : random.number(in: 0.55...0.95)
    let edge = foot + eaves + pitch * halfWidth
    var tops: [SimulatedThings.Top] = [(0, pitch, edge)]
    if pitch > 0 { tops.append((0, -pitch, edge)) }
    if style > 0.72 {
      let end = foot + eaves + pitch * frame.halfLength
      tops += [(pitch, 0, end), (-pitch, 0, end)]
    }
    things.add(
      frame, below: tops, height: eaves + pitch * halfWidth,
      of: (Self.houseClass.class, Self.houseClass.brightness, tint))
    if pitch > 0, random.unit() < 0.6 { addChimney(to: frame, top: edge + 0.4, foot, &things) }
    return true
  }

  private func addChimney(
    to house: TurnedRectangle, top: Double, _ foot: Double, _ things: inout SimulatedThings
  ) {
    let along = 0.3 * house.halfLength
    let frame = TurnedRectangle(
      x: house.x + along * house.east - 0.6 * house.north, y: house.y + along * house.north + 0.6 * house.east,
      east: house.east, north: house.north, halfLength: 0.45, halfWidth: 0.45)
    things.add(
      frame, below: [(along: 0, across: 0, height: top)], height: top - foot,
      of: (Self.houseClass.class, 900, SIMD3(120, 70, 60)))
  }

  /// Whether a place is dry, off the roads and away from power lines.
  private func isFree(_ x: Double, _ y: Double, margin: Float) -> Bool {
    let place = terrain.place(x, y)
    return place.lake > 0.25 && place.road > SimulatedTerrain.roadHalfWidth + margin
      && lines?.distance(x, y) ?? .infinity > 14 + Double(margin)
  }

  // MARK: Plants

  private enum Stand { case garden, forest, field }

  /// Plants up to so many trees and bushes, one at most in each sixteenth of a block.
  private func plant(
    _ count: Int, _ x: Double, _ y: Double, _ stand: Stand, _ random: inout SplitMix, _ things: inout SimulatedThings,
    housesFrom first: Int
  ) {
    let cell = Self.block / 4
    let houses = things.solids[first...].map(\.footprint)
    let start = Int(random.next() % 16)
    for number in 0..<count {
      // Five and sixteen have no common divisor: each turn is another cell.
      let (row, column) = ((start + 5 * number) % 16).quotientAndRemainder(dividingBy: 4)
      let placeX = x + (Double(column) + random.number(in: 0.2...0.8)) * cell
      let placeY = y + (Double(row) + random.number(in: 0.2...0.8)) * cell
      let isBush = random.unit() < (stand == .forest ? 0.12 : 0.4)
      let radius = isBush ? random.number(in: 0.7...1.6) : random.number(in: 1.8...(stand == .forest ? 4.6 : 3.8))
      let height = isBush ? radius * random.number(in: 1.1...1.7) : radius * random.number(in: 3...4.6) + 3
      let shade = random.unit()
      guard isFree(placeX, placeY, margin: Float(radius) * 0.6),
        !houses.contains(where: { $0.holds(placeX, placeY, radius) })
      else { continue }
      let foot = terrain.height(placeX, placeY)
      let halfHeight = isBush ? height / 2 : 0.38 * height
      things.add(
        LeafyThing(
          x: placeX, y: placeY, z: foot + height - halfHeight, radius: radius, halfHeight: halfHeight, foot: foot,
          thickness: isBush ? 1.2 : 0.45, color: Self.leafColor(shade, isBush)))
    }
  }

  private static func leafColor(_ shade: Double, _ isBush: Bool) -> SIMD3<Float> {
    let light = isBush ? 1.15 : 0.85 + 0.3 * shade
    return SIMD3(Float(58 * light + 22 * shade), Float(98 * light), Float(44 * light))
  }
}

/// Lines of pylons across the country, with three wires each.
struct PowerLines: Sendable {
  static let spacing = 900.0
  static let span = 110.0
  static let height = 24.0
  /// Of the outer wires, from the middle.
  static let armHalf = 5.0
  private static let stretch = 11.0
  private static let lattice: (class: UInt8, brightness: Float, color: SIMD3<Float>) = (
    SimulatedClass.tower, 800, SIMD3(132, 136, 142)
  )

  /// Across the lines.
  private let east: Double
  private let north: Double

  init(seed: UInt64) {
    var random = SplitMix(seed, 20, 0, 0)
    let direction = random.number(in: 0...(.pi))
    (east, north) = (cos(direction), sin(direction))
  }

  /// From a place to the middle of the nearest line.
  func distance(_ x: Double, _ y: Double) -> Double {
    let across = (x * east + y * north) / Self.spacing
    return abs(across - (across.rounded(.down) + 0.5)) * Self.spacing
  }

  func add(to things: inout SimulatedThings, in area: SimulatedLandscape.Area, on terrain: SimulatedTerrain) {
    let corners = [
      (area.west, area.south), (area.east, area.south), (area.west, area.north), (area.east, area.north),
    ]
    let across = corners.map { $0.0 * east + $0.1 * north }
    let along = corners.map { $0.1 * east - $0.0 * north }
    let margin = 2 * Self.armHalf
    guard let low = across.min(), let high = across.max(), let first = along.min(), let last = along.max() else {
      return
    }
    let lines =
      Int(
        ((low - margin) / Self.spacing - 0.5).rounded(.up))..<Int(
        ((high + margin) / Self.spacing + 0.5).rounded(.up))
    for line in lines {
      let middle = (Double(line) + 0.5) * Self.spacing
      let pylons = Int(((first - margin) / Self.span).rounded(.down))...Int(((last + margin) / Self.span).rounded(.up))
      for pylon in pylons { add(pylon, middle, to: &things, terrain) }
    }
  }

  /// A pylon and the wires to the next one.
  private func add(_ number: Int, _ middle: Double, to things: inout SimulatedThings, _ terrain: SimulatedTerrain) {
    func place(_ along: Double, _ across: Double) -> (x: Double, y: Double) {
      (x: across * east - along * north, y: across * north + along * east)
    }
    let (start, end) = (Double(number) * Self.span, Double(number + 1) * Self.span)
    let (near, far) = (place(start, middle), place(end, middle))
    let (foot, nextFoot) = (terrain.height(near.x, near.y), terrain.height(far.x, far.y))
    addPylon(near.x, near.y, foot, &things)
    for (offset, top) in [(-Self.armHalf, Self.height - 3), (0, Self.height + 2), (Self.armHalf, Self.height - 3)] {
      let from = place(start, middle + offset)
      for stretch in 0..<Int(Self.span / Self.stretch) {
        let wire = WireThing(
          x: from.x, y: from.y, z: foot + top, east: -north, north: east, span: Self.span, rise: nextFoot - foot,
          from: Double(stretch) * Self.stretch, to: Double(stretch + 1) * Self.stretch)
        things.add(wire, foot: min(foot, nextFoot))
      }
    }
  }

  /// A mast that narrows upwards, and its arm across the line.
  private func addPylon(_ x: Double, _ y: Double, _ foot: Double, _ things: inout SimulatedThings) {
    let mast = TurnedRectangle(x: x, y: y, east: east, north: north, halfLength: 2, halfWidth: 2)
    // Two metres wide on either side at the foot, a third of one at the top.
    let slope = (Self.height + 2) / 1.7
    let top = foot + Self.height + 2 + slope * 0.3
    let sides: [SimulatedThings.Top] = [
      (slope, 0, top), (-slope, 0, top), (0, slope, top), (0, -slope, top), (0, 0, foot + Self.height + 2),
    ]
    things.add(mast, below: sides, height: Self.height + 2, of: Self.lattice, density: 0.4)
    let arm = TurnedRectangle(x: x, y: y, east: east, north: north, halfLength: Self.armHalf + 0.5, halfWidth: 0.35)
    things.add(
      arm, below: [(along: 0, across: 0, height: foot + Self.height - 2.4)], height: Self.height, of: Self.lattice,
      density: 0.6)
  }
}
