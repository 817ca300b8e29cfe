import Numerics

/// Turns normals to the side of their neighbours' along a minimum spanning tree of the graph of nearest neighbours, in which an
/// edge costs 1 − |a · b|: it crosses a sharp edge only where there is no way around (Hoppe and others 1992, 3.3).
///
/// The tree grows by Prim's rule, and neighbours are looked for when it reaches a point, so that the graph is never stored.
struct NormalPropagation {
  private let points: Coordinates
  private let tree: KDTree
  private let neighbours: Int

  init(_ points: Coordinates, _ tree: KDTree, neighbours: Int) {
    (self.points, self.tree, self.neighbours) = (points, tree, neighbours)
  }

  func orient(_ normals: inout [SIMD3<Float>], _ keepGoing: () -> Bool) throws(PointCloudError) {
    var front = Front(count: points.count)
    // Parts begin at their highest points, where the outside is above.
    let byHeight = (0..<Int32(points.count)).sorted { (points.z[Int($1)], $0) < (points.z[Int($0)], $1) }
    var visited = 0
    for start in byHeight where !front.isDone[Int(start)] {
      begin(Int(start), &normals, &front)
      while let next = front.popNearest() {
        visited += 1
        if visited.isMultiple(of: 4_096) { try proceed(keepGoing) }
        if let from = next.from, (normals[next.point] * normals[from]).sum() < 0 { normals[next.point] *= -1 }
        for found in tree.nearest(to: points[next.point], k: neighbours) where !front.isDone[found.index] {
          front.offer(found.index, from: next.point, cost: cost(normals[next.point], normals[found.index]))
        }
      }
    }
    try proceed(keepGoing)
  }

  private func cost(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float { 1 - abs((a * b).sum()) }

  /// A new part looks up, unless some neighbour already has its side: being a neighbour is not mutual.
  private func begin(_ start: Int, _ normals: inout [SIMD3<Float>], _ front: inout Front) {
    let known = tree.nearest(to: points[start], k: neighbours).map(\.index).filter { front.isDone[$0] }
    let best = known.min { cost(normals[$0], normals[start]) < cost(normals[$1], normals[start]) }
    front.offer(start, from: best, cost: 0)
    if best == nil, normals[start].z < 0 { normals[start] *= -1 }
  }

  /// Points that the tree may reach next: a heap by cost, then by index.
  private struct Front {
    struct Edge {
      var cost: Float
      var point: Int
      var from: Int?
    }

    private(set) var isDone: [Bool]
    private var costs: [Float]
    private var heap: [Edge] = []

    init(count: Int) {
      isDone = Array(repeating: false, count: count)
      costs = Array(repeating: .infinity, count: count)
    }

    private static func precedes(_ a: Edge, _ b: Edge) -> Bool { (a.cost, a.point) < (b.cost, b.point) }

    /// Does nothing where the point can be reached at no more cost already.
    mutating func offer(_ point: Int, from: Int?, cost: Float) {
      guard cost < costs[point] else { return }
      costs[point] = cost
      heap.append(Edge(cost: cost, point: point, from: from))
      var place = heap.count - 1
      while place > 0, Self.precedes(heap[place], heap[(place - 1) / 2]) {
        heap.swapAt(place, (place - 1) / 2)
        place = (place - 1) / 2
      }
    }

    mutating func popNearest() -> Edge? {
      while let edge = pop() {
        if isDone[edge.point] { continue }
        isDone[edge.point] = true
        return edge
      }
      return nil
    }

    private mutating func pop() -> Edge? {
      guard let last = heap.popLast() else { return nil }
      guard let first = heap.first else { return last }
      heap[0] = last
      var place = 0
      while case let child = 2 * place + 1, child < heap.count {
        let other = child + 1
        let least = other < heap.count && Self.precedes(heap[other], heap[child]) ? other : child
        guard Self.precedes(heap[least], heap[place]) else { break }
        heap.swapAt(least, place)
        place = least
      }
      return first
    }
  }
}
