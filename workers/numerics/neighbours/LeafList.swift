/// Leaves that may hold neighbours of any point of one leaf, as the numbers of their nodes.
struct LeafList {
  private(set) var nodes: [Int32] = []
  private var stack: [Int32] = []
  /// The boxes of the leaves, counted from `origin` and a little larger, by fours.
  private var boxes: [Four] = []
  private var origin = SIMD3<Double>.zero
  /// Of `nodes`, those that the last query has chosen.
  private(set) var chosen: [Int32] = []

  /// Four boxes in single precision, which tells quickly what is too far.
  private struct Four {
    var low: (x: SIMD4<Float>, y: SIMD4<Float>, z: SIMD4<Float>)
    var high: (x: SIMD4<Float>, y: SIMD4<Float>, z: SIMD4<Float>)

    /// Where there is no box: no distance to it is within any limit.
    static let none = SIMD4<Float>(repeating: .nan)
  }

  /// Lists the leaves whose boxes are no farther than the square root of `limit` from the box of a leaf, itself first.
  mutating func list(within limit: Double, of box: Box, _ leaf: Int, _ search: borrowing TreeSearch) {
    nodes.removeAll(keepingCapacity: true)
    stack.removeAll(keepingCapacity: true)
    let leaves = 1 << search.depth
    let own = Int32(leaves + leaf)
    nodes.append(own)
    stack.append(1)
    while let node = stack.popLast() {
      if node == own { continue }
      if unsafe search.boxes[Int(node)].squaredDistance(to: box) > limit { continue }
      if node >= leaves {
        nodes.append(node)
      } else {
        stack.append(2 &* node)
        stack.append(2 &* node &+ 1)
      }
    }
    copyBoxes(around: box, search)
  }

  /// Chooses the leaves whose boxes may be no farther than the square root of `limit` from a place inside the box that
  /// they were listed for. One in a million may be too many, none is missing.
  @inline(__always) mutating func choose(_ x: Double, _ y: Double, _ z: Double, limit: Double) -> Int {
    let (px, py, pz) = (Float(x - origin.x), Float(y - origin.y), Float(z - origin.z))
    let allowed = SIMD4(repeating: Float(limit) * (1 + 0x1p-16) + .leastNormalMagnitude)
    var count = 0
    let nodeCount = nodes.count
    unsafe chosen.withUnsafeMutableBufferPointer { chosen in
      unsafe nodes.withUnsafeBufferPointer { nodes in
        unsafe boxes.withUnsafeBufferPointer { boxes in
          for group in 0..<(nodeCount &+ 3) >> 2 {
            let box = unsafe boxes[group]
            let zero = SIMD4<Float>.zero
            let dx = larger(larger(box.low.x - px, px - box.high.x), zero)
            let dy = larger(larger(box.low.y - py, py - box.high.y), zero)
            let dz = larger(larger(box.low.z - pz, pz - box.high.z), zero)
            let isNear = dx * dx + dy * dy + dz * dz .<= allowed
            for lane in 0..<4 {
              unsafe chosen[count] = nodes[4 &* group &+ lane]
              count &+= isNear[lane] ? 1 : 0
            }
          }
        }
      }
    }
    return count
  }

  /// Copies the boxes of the listed leaves, counted from the middle of the one that they are listed for.
  private mutating func copyBoxes(around own: Box, _ search: borrowing TreeSearch) {
    origin = (own.low + own.high) / 2
    let reach = ((own.high - own.low) / 2).max()
    let padded = (nodes.count + 3) & ~3
    while nodes.count < padded { nodes.append(0) }
    if chosen.count < padded + 4 { chosen = Array(repeating: 0, count: 2 * padded + 4) }
    boxes.removeAll(keepingCapacity: true)
    for first in stride(from: 0, to: padded, by: 4) {
      var four = Four(low: (Four.none, Four.none, Four.none), high: (Four.none, Four.none, Four.none))
      for lane in 0..<4 where nodes[first + lane] != 0 {
        let box = unsafe search.boxes[Int(nodes[first + lane])]
        let (low, high) = (box.low - origin, box.high - origin)
        four.low.x[lane] = below(low.x, reach)
        four.low.y[lane] = below(low.y, reach)
        four.low.z[lane] = below(low.z, reach)
        four.high.x[lane] = -below(-high.x, reach)
        four.high.y[lane] = -below(-high.y, reach)
        four.high.z[lane] = -below(-high.z, reach)
      }
      boxes.append(four)
    }
  }

  /// Less than a coordinate by what single precision may change about it and about a place within `reach`.
  @inline(__always) private func below(_ value: Double, _ reach: Double) -> Float {
    Float(value - (abs(value) + reach) * 0x1p-22)
  }
}

@inline(__always) private func larger(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
  a.replacing(with: b, where: b .> a)
}

extension TreeSearch {
  @inline(__always) func squaredDistance(_ slot: Int, _ other: Int) -> Double {
    let (dx, dy, dz) = unsafe (x[slot] - x[other], y[slot] - y[other], z[slot] - z[other])
    return dx * dx + dy * dy + dz * dz
  }

  func slotNearest(to place: SIMD3<Double>, _ slots: Range<Int>) -> Int {
    var (nearest, least) = (slots.lowerBound, Double.infinity)
    for slot in slots {
      let (dx, dy, dz) = unsafe (x[slot] - place.x, y[slot] - place.y, z[slot] - place.z)
      let square = dx * dx + dy * dy + dz * dz
      if square < least { (nearest, least) = (slot, square) }
    }
    return nearest
  }

  @inline(__always) func neighbourhood(of slot: Int) -> Neighbourhood {
    unsafe Neighbourhood(
      point: Int(indices[slot]), count: found.count, squares: found.squares, slots: found.slots, x: x, y: y, z: z,
      indices: indices, middle: SIMD3(x[slot], y[slot], z[slot]))
  }
}
