import Numerics

/// How high points stand above the bare earth.
struct HeightAboveGround {
  let surface: TriangulatedSurface
  /// What is above no triangle is measured from this, between the centres of its cells.
  let terrain: Grid<Float>
  let frame: GridFrame

  /// One value for each point, in the file's vertical unit, negative below ground; NaN where there is no ground.
  /// - Complexity: O(points) where they are spread about evenly.
  func heights(_ positions: Positions, threads: Int) -> [Float] {
    parallelMap(positions.count, threads: threads) { index in
      let height = positions.height(index)
      if let ground = surface.height(of: positions, index) { return Float(height - ground) }
      let plane = positions.plane(index)
      let place = frame.place(plane.x, plane.y)
      return Float(height) - terrain.interpolated(place.column, place.row)
    }
  }
}
