extension KDTree {
  /// Shows the points within `radius` of every place to `body`, place by place. Places need not be points of the tree.
  ///
  /// - Parameters:
  ///   - radius: points at exactly this distance count, too. They come in some order, which is the same whatever the
  ///     number of threads.
  ///   - keepGoing: asked every few hundred places on the caller's thread; once it answers false, the rest is left out.
  ///   - body: called once for each place, by several threads at once; `point` is the index of the place.
  /// - Returns: whether every place was shown.
  /// - Complexity: O(places × (log n + neighbours)); 44 bytes for each place, and for each thread 12 bytes for each
  ///   neighbour of the place that has most.
  @discardableResult
  public func forEachNeighbourhood(
    around places: Coordinates, radius: Double, threads: Int = 1, keepGoing: () -> Bool = { true },
    _ body: @Sendable (Neighbourhood) -> Void
  ) -> Bool {
    forEachPlace(places, threads: threads, keepGoing: keepGoing) { index, place, search in
      search.findAll(place.x, place.y, place.z, limit: radius * radius)
      body(search.neighbourhood(of: index, at: place))
    }
  }

  /// Shows the `k` points nearest to every place to `body`, place by place, nearest first, equal distances in the order
  /// of indices.
  ///
  /// - Parameters:
  ///   - k: how many, at least 1; all points where there are no more.
  ///   - keepGoing, body: as with a sphere.
  /// - Returns: whether every place was shown.
  /// - Complexity: O(places × (log n + k)); 44 bytes for each place.
  @discardableResult
  public func forEachNeighbourhood(
    around places: Coordinates, k: Int, threads: Int = 1, keepGoing: () -> Bool = { true },
    _ body: @Sendable (Neighbourhood) -> Void
  ) -> Bool {
    forEachPlace(places, k: max(1, min(k, count)), threads: threads, keepGoing: keepGoing) { index, place, search in
      _ = search.findNearest(place.x, place.y, place.z)
      unsafe search.found.sort(search.indices)
      body(search.neighbourhood(of: index, at: place))
    }
  }

  /// Shows the points of a cylinder around every place to `body`, place by place.
  ///
  /// - Parameters:
  ///   - axes: of length 1, one for each place; nothing is shown where one is not finite.
  ///   - radius: how far from the axis points may be.
  ///   - reach: how far along the axis, to either side of the place. Points on the cylinder's surface count, too.
  ///   - keepGoing, body: as with a sphere; squared distances are those from the axis.
  /// - Returns: whether every place was shown.
  /// - Complexity: as with a sphere.
  @discardableResult
  public func forEachCylinder(
    around places: Coordinates, along axes: [SIMD3<Double>], radius: Double, reach: Double, threads: Int = 1,
    keepGoing: () -> Bool = { true }, _ body: @Sendable (Neighbourhood) -> Void
  ) -> Bool {
    precondition(axes.count == places.count)
    return forEachPlace(places, threads: threads, keepGoing: keepGoing) { index, place, search in
      guard let cylinder = Cylinder(place, axes[index], radius: radius, reach: reach) else { return }
      search.findAll(in: cylinder)
      body(search.neighbourhood(of: index, at: place))
    }
  }

  /// Calls `body` for each place, counted from the tree's origin, in Morton's order: one finds in the cache what the
  /// one before it needed.
  private func forEachPlace(
    _ places: Coordinates, k: Int = 1, threads: Int, keepGoing: () -> Bool,
    _ body: @Sendable (Int, SIMD3<Double>, inout TreeSearch) -> Void
  ) -> Bool {
    guard places.count > 0, count > 0 else { return true }
    let order = MortonCode.order(of: places, threads: threads)
    let parts = Chunks(count: places.count, least: Self.placesPerPart, most: 1 << 14)
    return parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { part in
      withSearch(k: k) { search in
        for number in parts[part] {
          let index = Int(order[number])
          body(index, places[index] - origin, &search)
        }
      }
    }
  }

  private static let placesPerPart = 256
}

/// A cylinder around a place, in coordinates counted from a tree's origin.
private struct Cylinder {
  let place: SIMD3<Double>
  let axis: SIMD3<Double>
  let reach: Double
  let radius: Double
  private let magnitudes: SIMD3<Double>

  init?(_ place: SIMD3<Double>, _ axis: SIMD3<Double>, radius: Double, reach: Double) {
    guard axis.x.isFinite, axis.y.isFinite, axis.z.isFinite else { return nil }
    (self.place, self.axis, self.radius, self.reach) = (place, axis, radius, reach)
    magnitudes = axis.replacing(with: -axis, where: axis .< 0)
  }

  /// The distance from the place along the axis, and the square of that from the axis.
  @inline(__always) func measure(_ point: SIMD3<Double>) -> (along: Double, square: Double) {
    let offset = point - place
    let along = (offset * axis).sum()
    let across = offset - axis * along
    return (abs(along), (across * across).sum())
  }

  /// Whether a box may reach into the cylinder. It may where it cannot be ruled out.
  @inline(__always) func mayMeet(_ box: Box) -> Bool {
    let half = (box.high - box.low) / 2
    let (along, square) = measure(box.low + half)
    // How far the box reaches along the axis from its middle; across it, no farther than its corner. A little more, for
    // rounding.
    if along > (reach + (half * magnitudes).sum()) * (1 + 0x1p-40) { return false }
    let across = radius + (half * half).sum().squareRoot()
    return square <= across * across * (1 + 0x1p-40)
  }
}

extension TreeSearch {
  /// Finds all points of a cylinder. They are in `found`, in no order.
  fileprivate mutating func findAll(in cylinder: Cylinder) {
    found.count = 0
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 64) { stack in
      unsafe stack[0] = 1
      var height = 1
      while height > 0 {
        height &-= 1
        let node = unsafe stack[height]
        if unsafe !cylinder.mayMeet(boxes[node]) { continue }
        if node >= 1 << depth {
          found.reserve(KDTree.leafSizeMax)
          add(leaf: node &- 1 << depth, cylinder)
        } else {
          unsafe (stack[height], stack[height &+ 1]) = (2 &* node &+ 1, 2 &* node)
          height &+= 2
        }
      }
    }
  }

  @inline(__always) private mutating func add(leaf: Int, _ cylinder: Cylinder) {
    let limit = cylinder.radius * cylinder.radius
    var next = found.count
    for slot in KDTree.slots(count, level: depth, place: leaf) {
      let (along, square) = unsafe cylinder.measure(SIMD3(x[slot], y[slot], z[slot]))
      unsafe found.squares[next] = square
      unsafe found.slots[next] = Int32(truncatingIfNeeded: slot)
      next &+= 1 &- (isLess(limit, square) | isLess(cylinder.reach, along))
    }
    found.count = next
  }

  @inline(__always) fileprivate func neighbourhood(of index: Int, at place: SIMD3<Double>) -> Neighbourhood {
    unsafe Neighbourhood(
      point: index, count: found.count, squares: found.squares, slots: found.slots, x: x, y: y, z: z,
      indices: indices, middle: place)
  }
}
