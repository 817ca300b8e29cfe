extension KDTree {
  /// Shows the `k` nearest neighbours of every point, itself among them, to `body`, point by point; neighbourhoods are never stored.
  ///
  /// Points of a leaf share the walk through the tree: leaves that may hold neighbours of any of them are listed once. The
  /// neighbours of one point bound the distance of its neighbour's ones by the triangle inequality.
  ///
  /// - Parameters:
  ///   - k: how many, at least 1; all points where there are no more.
  ///   - isSorted: whether the nearest comes first; equal distances are in the order of indices. Otherwise they are in
  ///     some order, which is the same whatever the number of threads.
  ///   - keepGoing: asked every few thousand points on the caller's thread; once it answers false, the rest is left out.
  ///   - body: called once for each point, by several threads at once, leaf by leaf.
  /// - Returns: whether every point was shown.
  /// - Complexity: O(n (log n + k)) on the whole; a few kilobytes for each thread.
  @discardableResult
  public func forEachNeighbourhood(
    k: Int, isSorted: Bool = false, threads: Int = 1, keepGoing: () -> Bool = { true },
    _ body: @Sendable (Neighbourhood) -> Void
  ) -> Bool {
    let k = max(1, min(k, count))
    guard count > 0 else { return true }
    let parts = Chunks(count: leafCount, least: Self.leavesPerPart, most: 1 << 12)
    return parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { part in
      withSearch(k: k) { search in
        var sweep = NearestSweep()
        for leaf in parts[part] { sweep.visit(leaf, &search, isSorted: isSorted, body) }
      }
    }
  }

  /// About four thousand points.
  static let leavesPerPart = 256
}

/// What the points of a leaf share.
private struct NearestSweep {
  private var near = LeafList()

  mutating func visit(
    _ leaf: Int, _ search: inout TreeSearch, isSorted: Bool, _ body: (Neighbourhood) -> Void
  ) {
    let slots = KDTree.slots(search.count, level: search.depth, place: leaf)
    let box = unsafe search.boxes[1 << search.depth + leaf]
    // The neighbours of the point in the middle of the leaf bound those of the others.
    let central = search.slotNearest(to: (box.low + box.high) / 2, slots)
    let reach = unsafe search.findNearest(search.x[central], search.y[central], search.z[central]).squareRoot()
    var farthest = 0.0
    for slot in slots { farthest = max(farthest, search.squaredDistance(slot, central)) }
    near.list(within: bound(reach, farthest), of: box, leaf, search)
    var (last, lastReach) = (central, reach)
    for slot in slots {
      var limit = bound(reach, search.squaredDistance(slot, central))
      let other = bound(lastReach, search.squaredDistance(slot, last))
      limit = other < limit ? other : limit
      let square = find(slot, limit: limit, &search)
      (last, lastReach) = (slot, square.squareRoot())
      if isSorted { unsafe search.found.sort(search.indices) }
      body(search.neighbourhood(of: slot))
    }
  }

  /// The square of a distance within which a point has its neighbours, where another has them within `reach`, with room for rounding.
  @inline(__always) private func bound(_ reach: Double, _ squaredDistance: Double) -> Double {
    let sum = reach + squaredDistance.squareRoot()
    return sum * sum * (1 + 0x1p-40)
  }

  /// Finds the `k` nearest of a point among the listed leaves.
  @inline(__always) private mutating func find(_ slot: Int, limit: Double, _ search: inout TreeSearch) -> Double {
    let (x, y, z) = unsafe (search.x[slot], search.y[slot], search.z[slot])
    var limit = limit
    search.found.count = 0
    let leaves = 1 << search.depth
    for place in 0..<near.choose(x, y, z, limit: limit) {
      limit = search.scan(leaf: Int(near.chosen[place]) &- leaves, x, y, z, limit: limit)
    }
    return unsafe search.found.keepNearest(search.k, search.indices)
  }
}
