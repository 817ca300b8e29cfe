extension KDTree {
  /// Shows the points within `radius` of every point, itself among them, to `body`, point by point; neighbourhoods are never stored.
  ///
  /// - Parameters:
  ///   - radius: points at exactly this distance count, too.
  ///   - isSorted: whether the nearest comes first; equal distances are in the order of indices.
  ///   - keepGoing, body: as with a number of neighbours.
  /// - Returns: whether every point was shown.
  /// - Complexity: O(n log n + neighbours); for each thread 12 bytes for each neighbour of the point that has most.
  @discardableResult
  public func forEachNeighbourhood(
    radius: Double, isSorted: Bool = false, threads: Int = 1, keepGoing: () -> Bool = { true },
    _ body: @Sendable (Neighbourhood) -> Void
  ) -> Bool {
    let limit = radius * radius
    return forEachLeaf(threads: threads, keepGoing: keepGoing) { leaf, near, search in
      unsafe near.list(within: limit, of: search.boxes[1 << search.depth + leaf], leaf, search)
      for slot in slots(ofLeaf: leaf) {
        unsafe search.findListed(&near, search.x[slot], search.y[slot], search.z[slot], limit: limit)
        if isSorted { unsafe search.found.sort(search.indices) }
        body(search.neighbourhood(of: slot))
      }
    }
  }

  /// How many points lie within `radius` of each point, itself among them.
  ///
  /// - Parameter enough: counting ends where there are as many; a number of at least `enough` says no more than that.
  /// - Returns: by index; means nothing once `keepGoing` has answered false.
  /// - Complexity: O(n log n + neighbours counted), 4 bytes for each point.
  public func neighbourCounts(
    radius: Double, enough: Int = .max, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) -> [Int32] {
    let limit = radius * radius
    return unsafe [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
      unsafe buffer.initialize(repeating: 0)
      initialized = count
      nonisolated(unsafe) let counts = unsafe buffer
      forEachLeaf(threads: threads, keepGoing: keepGoing) { leaf, near, search in
        unsafe near.list(within: limit, of: search.boxes[1 << search.depth + leaf], leaf, search)
        for slot in slots(ofLeaf: leaf) {
          unsafe counts[Int(search.indices[slot])] = Int32(
            search.countListed(&near, slot, limit: limit, enough: enough))
        }
      }
    }
  }

  /// Calls `body` for each leaf, on several threads.
  @discardableResult private func forEachLeaf(
    threads: Int, keepGoing: () -> Bool, _ body: @Sendable (Int, inout LeafList, inout TreeSearch) -> Void
  ) -> Bool {
    guard count > 0 else { return true }
    let parts = Chunks(count: leafCount, least: Self.leavesPerPart, most: 1 << 12)
    return parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { part in
      withSearch(k: 1) { search in
        var near = LeafList()
        for leaf in parts[part] { body(leaf, &near, &search) }
      }
    }
  }
}

extension TreeSearch {
  /// Finds all points of listed leaves no farther than the square root of `limit`.
  @inline(__always) mutating func findListed(
    _ near: inout LeafList, _ px: Double, _ py: Double, _ pz: Double, limit: Double
  ) {
    found.count = 0
    for place in 0..<near.choose(px, py, pz, limit: limit) {
      found.reserve(KDTree.leafSizeMax)
      add(leaf: Int(near.chosen[place]) &- 1 << depth, px, py, pz, limit: limit)
    }
  }

  @inline(__always) func countListed(
    _ near: inout LeafList, _ slot: Int, limit: Double, enough: Int
  ) -> Int {
    let (px, py, pz) = unsafe (x[slot], y[slot], z[slot])
    var sum = 0
    for place in 0..<near.choose(px, py, pz, limit: limit) {
      sum += count(leaf: Int(near.chosen[place]) &- 1 << depth, px, py, pz, limit: limit)
      if sum >= enough { break }
    }
    return sum
  }
}
