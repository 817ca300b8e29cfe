/// Queries of a k-d tree by one thread: the tree's columns as pointers, and room for what is found.
@safe struct TreeSearch: ~Copyable {
  let x: UnsafePointer<Double>
  let y: UnsafePointer<Double>
  let z: UnsafePointer<Double>
  let indices: UnsafePointer<Int32>
  let boxes: UnsafePointer<Box>
  let count: Int
  let depth: Int
  let k: Int
  var found: Candidates
  /// Squared distances to the points of one leaf.
  private let leafSquares: UnsafeMutablePointer<Double>

  /// - Parameter k: how many neighbours are wanted, at least 1.
  init(
    _ tree: KDTree, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ z: UnsafePointer<Double>,
    _ indices: UnsafePointer<Int32>, _ boxes: UnsafePointer<Box>, k: Int
  ) {
    unsafe (self.x, self.y, self.z, self.indices, self.boxes) = (x, y, z, indices, boxes)
    (count, depth, self.k) = (tree.count, tree.depth, k)
    found = Candidates(capacity: 2 * k + Self.slack + KDTree.leafSizeMax)
    unsafe leafSquares = .allocate(capacity: KDTree.leafSizeMax + KDTree.padding)
  }

  deinit { unsafe leafSquares.deallocate() }

  /// Room for candidates beyond twice the wanted: with less of it the wanted are told from the rest more often.
  private static let slack = 64

  /// Adds a leaf's points that are no farther than `limit`, a squared distance.
  ///
  /// - Returns: the new limit, which is lower where there was no more room and only the `k` nearest were kept.
  @inline(__always) mutating func scan(
    leaf: Int, _ px: Double, _ py: Double, _ pz: Double, limit: Double
  ) -> Double {
    add(leaf: leaf, px, py, pz, limit: limit)
    guard found.count > found.capacity &- KDTree.leafSizeMax else { return limit }
    let farthest = unsafe found.keepNearest(k, indices)
    return farthest < limit ? farthest : limit
  }

  /// Adds a leaf's points that are no farther than `limit`; there is room for them.
  @inline(__always) mutating func add(leaf: Int, _ px: Double, _ py: Double, _ pz: Double, limit: Double) {
    let (start, size) = measure(leaf: leaf, px, py, pz)
    var next = found.count
    for place in 0..<size {
      let square = unsafe leafSquares[place]
      unsafe found.squares[next] = square
      unsafe found.slots[next] = Int32(truncatingIfNeeded: start &+ place)
      next &+= 1 &- isLess(limit, square)
    }
    found.count = next
  }

  /// How many points of a leaf are no farther than `limit`.
  @inline(__always) func count(leaf: Int, _ px: Double, _ py: Double, _ pz: Double, limit: Double) -> Int {
    let (_, size) = measure(leaf: leaf, px, py, pz)
    var near = size
    for place in 0..<size { near &-= unsafe isLess(limit, leafSquares[place]) }
    return near
  }

  /// Writes the squared distances to a leaf's points.
  @inline(__always) private func measure(
    leaf: Int, _ px: Double, _ py: Double, _ pz: Double
  ) -> (start: Int, size: Int) {
    let start = (count &* leaf) >> depth
    let size = ((count &* (leaf &+ 1)) >> depth) &- start
    let (xs, ys, zs) = unsafe (x + start, y + start, z + start)
    var place = 0
    while place < size {
      let dx = unsafe SIMD2(xs[place], xs[place &+ 1]) - px
      let dy = unsafe SIMD2(ys[place], ys[place &+ 1]) - py
      let dz = unsafe SIMD2(zs[place], zs[place &+ 1]) - pz
      let square = dx * dx + dy * dy + dz * dz
      unsafe leafSquares[place] = square[0]
      unsafe leafSquares[place &+ 1] = square[1]
      place &+= 2
    }
    return (start, size)
  }

  /// Finds the `k` nearest of a place, nearer leaves first. They are in `found`, in no order.
  ///
  /// - Parameter limit: the square of a distance within which they are known to be.
  /// - Returns: the square of the distance of the farthest of them, infinity where there are fewer than `k` points.
  mutating func findNearest(_ px: Double, _ py: Double, _ pz: Double, limit: Double = .infinity) -> Double {
    found.count = 0
    var limit = limit
    // Nodes that are still to be visited. The path to a leaf leaves one on each level.
    return unsafe withUnsafeTemporaryAllocation(of: (node: Int, square: Double).self, capacity: 64) { stack in
      unsafe stack[0] = (1, boxes[1].squaredDistance(to: px, py, pz))
      var height = 1
      while height > 0 {
        height &-= 1
        var (node, square) = unsafe stack[height]
        if square > limit { continue }
        while node < 1 << depth {
          let (left, right) = (2 &* node, 2 &* node &+ 1)
          let leftSquare = unsafe boxes[left].squaredDistance(to: px, py, pz)
          let rightSquare = unsafe boxes[right].squaredDistance(to: px, py, pz)
          let isLeft = leftSquare <= rightSquare
          unsafe stack[height] = isLeft ? (right, rightSquare) : (left, leftSquare)
          height &+= 1
          (node, square) = isLeft ? (left, leftSquare) : (right, rightSquare)
        }
        if square > limit { continue }
        limit = scan(leaf: node &- 1 << depth, px, py, pz, limit: limit)
        if limit == .infinity, found.count >= k { limit = unsafe found.keepNearest(k, indices) }
      }
      let farthest = unsafe found.keepNearest(k, indices)
      return farthest
    }
  }

  /// Finds all points no farther than the square root of `limit`. They are in `found`, in no order.
  mutating func findAll(_ px: Double, _ py: Double, _ pz: Double, limit: Double) {
    found.count = 0
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 64) { stack in
      unsafe stack[0] = 1
      var height = 1
      while height > 0 {
        height &-= 1
        let node = unsafe stack[height]
        if unsafe boxes[node].squaredDistance(to: px, py, pz) > limit { continue }
        if node >= 1 << depth {
          found.reserve(KDTree.leafSizeMax)
          add(leaf: node &- 1 << depth, px, py, pz, limit: limit)
        } else {
          unsafe (stack[height], stack[height &+ 1]) = (2 &* node &+ 1, 2 &* node)
          height &+= 2
        }
      }
    }
  }
}

extension KDTree {
  /// Runs queries by one thread. There is at least one point.
  func withSearch<Result>(k: Int, _ body: (inout TreeSearch) -> Result) -> Result {
    unsafe x.withUnsafeBufferPointer { x in
      unsafe y.withUnsafeBufferPointer { y in
        unsafe z.withUnsafeBufferPointer { z in
          unsafe indices.withUnsafeBufferPointer { indices in
            unsafe boxes.withUnsafeBufferPointer { boxes in
              var search = unsafe TreeSearch(
                self, x.baseAddress.unsafelyUnwrapped, y.baseAddress.unsafelyUnwrapped,
                z.baseAddress.unsafelyUnwrapped, indices.baseAddress.unsafelyUnwrapped,
                boxes.baseAddress.unsafelyUnwrapped, k: k)
              return body(&search)
            }
          }
        }
      }
    }
  }
}
