import Glibc

/// The ground and what stands on it.
struct Landscape {
  /// What a pulse meets.
  struct Echo {
    let height: Double
    let `class`: UInt8
    let brightness: Double
  }

  private struct Wave {
    let amplitude, east, north, phase: Double
  }

  private struct Building {
    let x, y, halfLength, halfWidth, eaves, ridge: Double
    let east, north: Double

    /// How high the roof is above the building's foot at a place; nil outside.
    func roof(_ x: Double, _ y: Double) -> Double? {
      let along = (x - self.x) * east + (y - self.y) * north
      let across = (y - self.y) * east - (x - self.x) * north
      guard abs(along) <= halfLength, abs(across) <= halfWidth else { return nil }
      return eaves + ridge * (1 - abs(across) / halfWidth)
    }
  }

  private struct Tree {
    let x, y, radius, height: Double

    /// How far the crown's top and bottom are above the tree's foot at a place; nil outside.
    func crown(_ x: Double, _ y: Double) -> (bottom: Double, top: Double)? {
      let distance = ((x - self.x) * (x - self.x) + (y - self.y) * (y - self.y)) / (radius * radius)
      guard distance < 1 else { return nil }
      let reach = 0.35 * height * (1 - distance).squareRoot()
      return (0.65 * height - reach, 0.65 * height + reach)
    }
  }

  private static let block = 16.0
  private let blocks: Int
  private let waves: [Wave]
  private var buildings: [[Building]]
  private var trees: [[Tree]]

  /// - Parameter side: of the square to be covered, in metres.
  init(side: Double, random: inout SplitMix) {
    blocks = max(1, Int((side / Self.block).rounded(.up)) + 1)
    waves = (0..<7).map { _ in
      let length = random.number(in: 40...240)
      let direction = random.number(in: 0...(2 * .pi))
      return Wave(
        amplitude: 0.018 * length * random.number(in: 0.3...1), east: 2 * .pi * cos(direction) / length,
        north: 2 * .pi * sin(direction) / length, phase: random.number(in: 0...(2 * .pi)))
    }
    buildings = Array(repeating: [], count: blocks * blocks)
    trees = Array(repeating: [], count: blocks * blocks)
    for index in 0..<blocks * blocks { populate(index, random: &random) }
  }

  /// One block in four has a house, others a few trees.
  private mutating func populate(_ index: Int, random: inout SplitMix) {
    let (row, column) = index.quotientAndRemainder(dividingBy: blocks)
    let (x, y) = (Double(column) * Self.block, Double(row) * Self.block)
    if random.unit() < 0.25 {
      let direction = random.number(in: 0...(.pi))
      let halfWidth = random.number(in: 3...4.5)
      buildings[index] = [
        Building(
          x: x + Self.block / 2, y: y + Self.block / 2, halfLength: random.number(in: 4...6.5), halfWidth: halfWidth,
          eaves: random.number(in: 3...7), ridge: random.unit() < 0.3 ? 0 : 0.7 * halfWidth, east: cos(direction),
          north: sin(direction))
      ]
    } else {
      trees[index] = (0..<Int(random.number(in: 0...3.99))).map { _ in
        Tree(
          x: x + random.number(in: 4...12), y: y + random.number(in: 4...12), radius: random.number(in: 1.5...4),
          height: random.number(in: 5...16))
      }
    }
  }

  /// The height of the bare earth.
  func ground(_ x: Double, _ y: Double) -> Double {
    waves.reduce(100) { $0 + $1.amplitude * sin($1.east * x + $1.north * y + $1.phase) }
  }

  /// What a pulse at a place meets, from above. Objects never reach out of their block.
  func echoes(_ x: Double, _ y: Double, random: inout SplitMix) -> [Echo] {
    let ground = ground(x, y)
    let earth = Echo(height: ground, class: PointClass.ground, brightness: 900)
    let (column, row) = (Int(x / Self.block), Int(y / Self.block))
    guard (0..<blocks).contains(column), (0..<blocks).contains(row) else { return [earth] }
    let index = row * blocks + column
    for building in buildings[index] {
      guard let roof = building.roof(x, y) else { continue }
      return [Echo(height: self.ground(building.x, building.y) + roof, class: 6, brightness: 1_400)]
    }
    for tree in trees[index] {
      guard let crown = tree.crown(x, y) else { continue }
      return leaves(crown, above: self.ground(tree.x, tree.y), earth, random: &random)
    }
    return [earth]
  }

  /// Leaves return part of a pulse; what is left may reach the ground.
  private func leaves(
    _ crown: (bottom: Double, top: Double), above foot: Double, _ earth: Echo, random: inout SplitMix
  ) -> [Echo] {
    let top = Echo(height: foot + crown.top - 0.3 * random.unit(), class: 5, brightness: 500)
    var echoes = [top]
    if random.unit() < 0.35 {
      let height = foot + random.number(in: crown.bottom...crown.top)
      if height < top.height - 0.5 { echoes.append(Echo(height: height, class: 5, brightness: 300)) }
    }
    if random.unit() < 0.55, earth.height < top.height - 1 { echoes.append(earth) }
    return echoes
  }
}
