import Glibc

/// What one pulse of the scanner comes back from.
///
/// A pulse goes down in the plane across the flight: at the height z it is at x = `reach` − `slant` × z. It loses part
/// of itself at each leaf or wire, and ends at the first solid body, at the ground, or where too little is left.
struct PulseTracer {
  /// One echo of a pulse.
  struct Echo {
    var z: Double
    var `class`: UInt8
    /// How bright, from the surface and what is left of the pulse.
    var brightness: Float
    /// From 0 to 255 each.
    var color: SIMD3<Float>
  }

  /// A thing that the pulse passes, and where it enters and leaves.
  private struct Passage {
    let enter, leave: Double
    /// Which of the leaves; beyond them a wire.
    let member: Int
  }

  static let echoesMax = 5
  /// Echoes closer than this are one: a pulse has a length.
  private static let separation = 0.8
  private static let energyMin: Float = 0.12
  private static let soil = SIMD3<Float>(142, 128, 92)
  private static let grass = SIMD3<Float>(86, 122, 62)
  private static let wireColor = SIMD3<Float>(70, 70, 76)

  /// Those of the last pulse come first, from above.
  private(set) var echoes = [Echo](
    repeating: Echo(z: 0, class: 0, brightness: 0, color: .zero), count: echoesMax)
  /// How many the last pulse had.
  private(set) var count = 0
  private var passages: [Passage] = []
  private var left: Float = 1
  /// Where the last pulse reaches the mean level and how slanted it is: x at height z is `reach` − `slant` × z.
  private(set) var slant = 0.0
  private(set) var reach = 0.0
  /// The height of the ground below the last pulse.
  private(set) var groundHeight = 0.0

  /// Traces one pulse, aimed at x on the mean level.
  mutating func trace(
    _ aim: Double, _ y: Double, from view: LandscapePart.View, _ part: borrowing LandscapePart,
    _ random: inout SplitMix
  ) {
    count = 0
    if !passages.isEmpty { passages.removeAll(keepingCapacity: true) }
    left = 1
    slant = view.slant(aim)
    reach = view.x + slant * view.height
    // The ground is where it is as high as the pulse; slopes are gentle, so that each turn is some 20 times closer.
    var x = aim
    var place = part.place(x, y)
    for _ in 0..<3 {
      x = reach - slant * place.height
      place = part.place(x, y)
    }
    groundHeight = place.height
    let body = meet(x, y, part, &random)
    for passage in passages {
      if passage.enter <= max(body.height, groundHeight) { break }
      pass(passage, y, part, max(body.height, groundHeight), &random)
      if left < Self.energyMin { return }
    }
    if body.height > groundHeight, let number = body.number {
      let solid = part.things.solids[number].thing
      // A wall is seen at a grazing angle, and weakly.
      emit(body.height, solid.class, solid.brightness * (body.isWall ? 0.35 : 1), solid.color)
    } else {
      touchGround(place, &random)
    }
  }

  /// A stray echo that has nothing to do with the landscape.
  mutating func addNoise(_ height: Double, _ class: UInt8) {
    let echo = Echo(z: height, class: `class`, brightness: 60, color: SIMD3(repeating: 128))
    guard count < Self.echoesMax else { return }
    var place = count
    while place > 0, echoes[place - 1].z < height {
      echoes[place] = echoes[place - 1]
      place -= 1
    }
    echoes[place] = echo
    count += 1
  }

  // MARK: What is met

  /// Finds the highest solid body on the way and, sorted from above, what is passed.
  private mutating func meet(
    _ x: Double, _ y: Double, _ part: borrowing LandscapePart, _ random: inout SplitMix
  ) -> (height: Double, number: Int?, isWall: Bool) {
    var body: (height: Double, number: Int?, isWall: Bool) = (-.infinity, nil, false)
    let (solids, leaves) = (part.things.solids.count, part.things.leaves.count)
    for member in part.members(x, y) {
      let number = Int(member)
      if number < solids {
        let solid = part.things.solids[number].thing
        guard let hit = enter(solid, y, part), hit.height > body.height else { continue }
        if solid.density == 1 || random.unit() < solid.density { body = (hit.height, number, hit.isWall) }
      } else if number < solids + leaves {
        guard let ends = cross(part.things.leaves[number - solids].thing, y) else { continue }
        insert(Passage(enter: ends.enter, leave: ends.leave, member: number - solids))
      } else if let height = hit(part.things.wires[number - solids - leaves].thing, y) {
        insert(Passage(enter: height, leave: height, member: number - solids))
      }
    }
    return body
  }

  private mutating func insert(_ passage: Passage) {
    passages.insert(passage, at: passages.firstIndex { $0.enter < passage.enter } ?? passages.count)
  }

  /// Where the pulse enters a body from above, clipped by one face after another (Cyrus and Beck 1978).
  @inline(__always) private func enter(
    _ solid: SolidThing, _ y: Double, _ part: borrowing LandscapePart
  ) -> (height: Double, isWall: Bool)? {
    var (low, high, isWall) = (-Double.infinity, Double.infinity, false)
    for index in solid.faces {
      let face = part.things.faces[index]
      // x·p + y·q + z·r ≤ s with x = reach − slant·z.
      let (rate, limit) = (face.z - slant * face.x, face.w - face.x * reach - face.y * y)
      if rate > 0 {
        let height = limit / rate
        if height < high { (high, isWall) = (height, face.z == 0) }
      } else if rate < 0 {
        low = max(low, limit / rate)
      } else if limit < 0 {
        return nil
      }
    }
    return high > low && high.isFinite ? (high, isWall) : nil
  }

  @inline(__always) private func cross(_ thing: LeafyThing, _ y: Double) -> (enter: Double, leave: Double)? {
    let (dy, r, h) = (y - thing.y, thing.radius, thing.halfHeight)
    guard abs(dy) < r else { return nil }
    // With z from the middle: ((d − slant·z)² + dy²) / r² + z² / h² = 1.
    let d = reach - slant * thing.z - thing.x
    let (a, b) = (slant * slant / (r * r) + 1 / (h * h), -slant * d / (r * r))
    let c = (d * d + dy * dy) / (r * r) - 1
    let root = b * b - a * c
    guard root > 0 else { return nil }
    let half = root.squareRoot()
    return (thing.z + (half - b) / a, thing.z + (-half - b) / a)
  }

  /// The height at which a wire is within reach of the pulse.
  private func hit(_ wire: WireThing, _ y: Double) -> Double? {
    var (height, place, side) = (wire.z, 0.0, 0.0)
    for _ in 0..<3 {
      let dx = reach - slant * height - wire.x
      place = dx * wire.east + (y - wire.y) * wire.north
      side = dx * wire.north - (y - wire.y) * wire.east
      height = wire.height(at: min(max(0, place), wire.span))
    }
    return place >= wire.from && place < wire.to && abs(side) < WireThing.reach ? height : nil
  }

  // MARK: Echoes

  private mutating func emit(_ z: Double, _ class: UInt8, _ brightness: Float, _ color: SIMD3<Float>) {
    guard count < Self.echoesMax, count == 0 || echoes[count - 1].z - z >= Self.separation else { return }
    echoes[count] = Echo(z: z, class: `class`, brightness: brightness * left, color: color)
    count += 1
  }

  private mutating func pass(
    _ passage: Passage, _ y: Double, _ part: borrowing LandscapePart, _ floor: Double, _ random: inout SplitMix
  ) {
    guard passage.member < part.things.leaves.count else {
      emit(passage.enter, SimulatedClass.wire, 350, Self.wireColor)
      left *= 0.6
      return
    }
    let thing = part.things.leaves[passage.member].thing
    var z = passage.enter
    while true {
      // Leaves are met at random, on average so many in a metre.
      z += log(1 - random.unit()) / thing.thickness * 0.5
      if z <= max(passage.leave, floor) || left < Self.energyMin { return }
      let share = Float(0.35 + 0.5 * random.unit())
      let height = z - thing.foot
      let kind =
        height > 2 ? SimulatedClass.highPlant : height > 0.5 ? SimulatedClass.mediumPlant : SimulatedClass.lowPlant
      // Leaves below others lie in their shade.
      let shade = Float(0.7 + 0.3 * (z - thing.z + thing.halfHeight) / (2 * thing.halfHeight))
      emit(z, kind, 650 * share, thing.color * shade)
      left *= 1 - share
      z -= 0.6
    }
  }

  private mutating func touchGround(_ place: SimulatedTerrain.Place, _ random: inout SplitMix) {
    let chance = random.unit()
    if place.lake < 0 {
      // Water is a mirror: what comes back comes from right below.
      if chance < 0.8 * max(0, 1 - abs(slant) / 0.12) {
        emit(place.height, SimulatedClass.water, 500, SIMD3(52, 84, 104))
      }
    } else if place.road < SimulatedTerrain.roadHalfWidth {
      emit(place.height, SimulatedClass.road, 450, SIMD3(112, 112, 114))
    } else {
      let growth = place.growth
      let isPlant = chance < 0.5 * Double(growth * growth)
      let height = isPlant ? place.height + 0.1 + 0.38 * random.unit() : place.height
      let color = Self.soil + (Self.grass - Self.soil) * growth
      emit(height, isPlant ? SimulatedClass.lowPlant : SimulatedClass.ground, isPlant ? 700 : 900, color)
    }
  }
}
