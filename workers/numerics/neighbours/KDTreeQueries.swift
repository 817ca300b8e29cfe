/// A point that was found, and the square of its distance.
public struct Neighbour: Hashable, Sendable {
  public var index: Int
  public var squaredDistance: Double

  public init(index: Int, squaredDistance: Double) { (self.index, self.squaredDistance) = (index, squaredDistance) }
}

/// The neighbours of many places, row by row, nearest first.
public struct NeighbourTable: Sendable {
  /// How many neighbours each place has.
  public let k: Int
  /// `k` indices for each place.
  public let indices: [Int32]
  /// The squares of their distances.
  public let squaredDistances: [Double]
}

extension KDTree {
  /// The `k` points nearest to a place, nearest first, equal distances in the order of indices; all points where there
  /// are no more.
  ///
  /// - Precondition: the place is finite.
  /// - Complexity: O(log n + k) where points are spread about evenly.
  public func nearest(to place: SIMD3<Double>, k: Int) -> [Neighbour] {
    guard count > 0, k > 0 else { return [] }
    let place = place - origin
    return withSearch(k: min(k, count)) { search in
      _ = search.findNearest(place.x, place.y, place.z)
      return search.sortedNeighbours()
    }
  }

  /// All points within `radius` of a place, nearest first; those at exactly this distance, too.
  ///
  /// - Precondition: the place is finite.
  /// - Complexity: O(log n + found).
  public func within(_ radius: Double, of place: SIMD3<Double>) -> [Neighbour] {
    guard count > 0, radius >= 0 else { return [] }
    let place = place - origin
    return withSearch(k: 1) { search in
      search.findAll(place.x, place.y, place.z, limit: radius * radius)
      return search.sortedNeighbours()
    }
  }

  /// The `k` nearest neighbours of every point, itself first. Kernels do without such a table: see
  /// `forEachNeighbourhood(k:isSorted:threads:keepGoing:_:)`.
  ///
  /// - Complexity: O(n (log n + k)), 12 k bytes for each point.
  public func nearestNeighbours(k: Int, threads: Int = 1) -> NeighbourTable {
    let k = max(0, min(k, count))
    return unsafe Self.table(rows: count, k: k) { indices, squares in
      nonisolated(unsafe) let (indices, squares) = unsafe (indices, squares)
      guard k > 0 else { return }
      forEachNeighbourhood(k: k, isSorted: true, threads: threads) { found in
        unsafe found.copy(to: indices + found.point * k, squares + found.point * k)
      }
    }
  }

  /// The `k` points nearest to each of many places.
  ///
  /// They are looked for in Morton's order, so that one finds in the cache what the one before it needed.
  /// - Complexity: O(places × (log n + k)), 12 k + 44 bytes for each place.
  public func nearest(to places: Coordinates, k: Int, threads: Int = 1) -> NeighbourTable {
    let k = max(0, min(k, count))
    let order = MortonCode.order(of: places, threads: threads)
    let parts = Chunks(count: places.count, least: 1 << 10, most: 1 << 12)
    return unsafe Self.table(rows: places.count, k: k) { indices, squares in
      nonisolated(unsafe) let (indices, squares) = unsafe (indices, squares)
      guard k > 0 else { return }
      parallelFor(parts.count, threads: threads) { part in
        withSearch(k: k) { search in
          for number in parts[part] {
            let row = Int(order[number])
            let place = places[row] - origin
            _ = search.findNearest(place.x, place.y, place.z)
            unsafe search.found.sort(search.indices)
            unsafe search.neighbourhood(of: 0).copy(to: indices + row * k, squares + row * k)
          }
        }
      }
    }
  }

  private static func table(
    rows: Int, k: Int, _ fill: (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>) -> Void
  ) -> NeighbourTable {
    var squares = [Double]()
    let indices = unsafe [Int32](unsafeUninitializedCapacity: rows * k + 1) { indices, initialized in
      squares = unsafe [Double](unsafeUninitializedCapacity: rows * k + 1) { squares, initialized in
        if let indices = indices.baseAddress, let squares = squares.baseAddress { unsafe fill(indices, squares) }
        initialized = rows * k
      }
      initialized = rows * k
    }
    return NeighbourTable(k: k, indices: indices, squaredDistances: squares)
  }
}

extension TreeSearch {
  func sortedNeighbours() -> [Neighbour] {
    unsafe found.sort(indices)
    return (0..<found.count).map { place in
      unsafe Neighbour(index: Int(indices[Int(found.slots[place])]), squaredDistance: found.squares[place])
    }
  }
}

extension Neighbourhood {
  func copy(to indices: UnsafeMutablePointer<Int32>, _ squares: UnsafeMutablePointer<Double>) {
    for place in 0..<count {
      unsafe indices[place] = self.indices[Int(slots[place])]
      unsafe squares[place] = self.squares[place]
    }
  }
}
