/// Sorts points into the leaves of a balanced tree.
struct KDTreeBuilder {
  struct Built {
    var x: [Double]
    var y: [Double]
    var z: [Double]
    var indices: [Int32]
    var boxes: [Box]
  }

  private let points: Coordinates
  private let origin: SIMD3<Double>
  private let depth: Int
  private let threads: Int

  init(_ points: Coordinates, origin: SIMD3<Double>, depth: Int, threads: Int) {
    (self.points, self.origin, self.depth, self.threads) = (points, origin, depth, threads)
  }

  func build() -> Built {
    let count = points.count
    // Whole points, with their indices as the fourth element, as they are moved again and again.
    let whole = UnsafeMutablePointer<SIMD4<Double>>.allocate(capacity: count)
    defer { unsafe whole.deallocate() }
    let chunks = Chunks(count: count, least: 1 << 14)
    let (points, origin) = (points, origin)
    nonisolated(unsafe) let all = unsafe whole
    parallelFor(chunks.count, threads: threads) { chunk in
      for index in chunks[chunk] {
        let place = points[index] - origin
        unsafe (all + index).initialize(to: SIMD4(place, Double(index)))
      }
    }
    let boxes = unsafe [Box](unsafeUninitializedCapacity: 2 << depth) { buffer, initialized in
      unsafe buffer.initialize(repeating: .empty)
      initialized = 2 << depth
      if let base = buffer.baseAddress { unsafe split(whole, base) }
    }
    return unsafe Built(
      x: column(whole) { $0.x }, y: column(whole) { $0.y }, z: column(whole) { $0.z },
      indices: parallelMap(count, threads: threads) { unsafe Int32(all[$0].w) }, boxes: boxes)
  }

  /// The upper levels one after another, node by node in parallel; then each subtree below them by one thread.
  private func split(_ points: UnsafeMutablePointer<SIMD4<Double>>, _ boxes: UnsafeMutablePointer<Box>) {
    nonisolated(unsafe) let work = unsafe Subtree(points: points, boxes: boxes, count: self.points.count, depth: depth)
    let shared = min(depth, Self.sharedLevels)
    for level in 0..<shared {
      parallelFor(1 << level, threads: threads) { place in unsafe work.split(level, place) }
    }
    parallelFor(1 << shared, threads: threads) { place in unsafe work.splitAll(below: shared, place) }
  }

  /// Enough subtrees that threads end at about the same time.
  private static let sharedLevels = 6

  private func column(
    _ points: UnsafeMutablePointer<SIMD4<Double>>, _ value: @escaping @Sendable (SIMD4<Double>) -> Double
  ) -> [Double] {
    let count = self.points.count
    nonisolated(unsafe) let points = unsafe points
    return parallelMap(count + KDTree.padding, threads: threads) { slot in
      slot < count ? unsafe value(points[slot]) : .infinity
    }
  }
}

/// The points and boxes of a tree that is being built. Threads work on different nodes.
@safe private struct Subtree {
  let points: UnsafeMutablePointer<SIMD4<Double>>
  let boxes: UnsafeMutablePointer<Box>
  let count: Int
  let depth: Int

  func splitAll(below level: Int, _ place: Int) {
    split(level, place)
    guard level < depth else { return }
    splitAll(below: level + 1, 2 * place)
    splitAll(below: level + 1, 2 * place + 1)
  }

  /// Notes the node's box; where it is no leaf, moves the lower half of its points, along the longest side, to the left.
  func split(_ level: Int, _ place: Int) {
    let slots = KDTree.slots(count, level: level, place: place)
    var (low, high) = (SIMD4<Double>(repeating: .infinity), SIMD4<Double>(repeating: -.infinity))
    for slot in slots {
      let point = unsafe points[slot]
      low = low.replacing(with: point, where: point .< low)
      high = high.replacing(with: point, where: point .> high)
    }
    let box = Box(low: SIMD3(low.x, low.y, low.z), high: SIMD3(high.x, high.y, high.z))
    unsafe boxes[1 << level + place] = box
    guard level < depth else { return }
    let side = box.high - box.low
    let axis = side.x >= side.y && side.x >= side.z ? 0 : side.y >= side.z ? 1 : 2
    let middle = KDTree.slots(count, level: level + 1, place: 2 * place + 1).lowerBound
    unsafe Selection(points: points, axis: axis).partition(slots, at: middle)
  }
}

/// Finds the median without sorting (Hoare 1961), with pivots from a sample (after Floyd and Rivest 1975).
@safe private struct Selection {
  private let points: UnsafeMutablePointer<SIMD4<Double>>
  private let keys: UnsafeMutablePointer<Double>

  init(points: UnsafeMutablePointer<SIMD4<Double>>, axis: Int) {
    unsafe self.points = unsafe points
    unsafe keys = unsafe UnsafeMutableRawPointer(points).assumingMemoryBound(to: Double.self) + axis
  }

  @inline(__always) private func key(_ slot: Int) -> Double { unsafe keys[4 &* slot] }

  /// Moves points so that none before `middle` has a greater key than one from there on.
  func partition(_ range: Range<Int>, at middle: Int) {
    var (start, end) = (range.lowerBound, range.upperBound)
    while end - start > 1 {
      let pivot = self.pivot(start, end, target: middle)
      let upper = moveToFront(start, end) { isLess($0, pivot) }
      if middle < upper {
        end = upper
      } else if upper - start > (end - start) >> 3 {
        start = upper
      } else {
        // Few are below the pivot, so many may be equal to it.
        let beyond = moveToFront(upper, end) { 1 &- isLess(pivot, $0) }
        if middle < beyond { return }
        start = beyond
      }
      if middle == start { return }
    }
  }

  /// Moves points for whose keys `isFirst` is 1 before those for which it is 0, without a branch that would be guessed wrongly half of the time.
  @inline(__always) private func moveToFront(_ start: Int, _ end: Int, _ isFirst: (Double) -> Int) -> Int {
    var next = start
    for slot in start..<end {
      let point = unsafe points[slot]
      let step = isFirst(key(slot))
      unsafe points[slot] = points[next]
      unsafe points[next] = point
      next &+= step
    }
    return next
  }

  /// A key of the range, about as far from its least as `target` is from its start.
  private func pivot(_ start: Int, _ end: Int, target: Int) -> Double {
    let size = end - start
    let count = size > 4_096 ? 63 : size > 256 ? 15 : size > 16 ? 5 : 3
    return unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 64) { sample in
      // Steps of a multiplicative generator, so that no order of the points is met by a pattern of the sample.
      var state = UInt64(truncatingIfNeeded: size) &* 0x9E37_79B9_7F4A_7C15
      for number in 0..<count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let value = key(start + Int(((state >> 32) * UInt64(size)) >> 32))
        var place = number
        while place > 0, unsafe sample[place - 1] > value {
          unsafe sample[place] = sample[place - 1]
          place -= 1
        }
        unsafe sample[place] = value
      }
      let rank = (target - start) * count / size
      return unsafe sample[min(count - 1, max(0, rank))]
    }
  }
}
