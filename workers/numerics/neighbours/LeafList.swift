/// Leaves that may hold neighbours of any point of one leaf, as the numbers of their nodes.
struct LeafList {
  private(set) var nodes: [Int32] = []
  private var stack: [Int32] = []

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
  }
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
