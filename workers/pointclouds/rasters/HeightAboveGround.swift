import Numerics

/// How high points stand above the bare earth.
struct HeightAboveGround {
  let surface: TriangulatedSurface
  /// What is above no triangle is measured from this, between the centres of its cells.
  let terrain: Grid<Float>
  let frame: GridFrame

  /// One value for each of the points that the surface was made of, whether it goes through them or not, in the file's vertical unit,
  /// negative below ground; NaN where there is no ground.
  /// - Complexity: O(points) where they are spread about evenly, and those that follow one another are near one another.
  func heights(_ positions: Positions, threads: Int) -> [Float] {
    let column = SharedColumn(repeating: Float.nan, count: positions.count)
    let chunks = Chunks(count: positions.count, least: 1 << 14, most: .max)
    parallelFor(chunks.count, threads: threads) { chunk in
      var start = TriangulatedSurface.Start()
      for index in chunks[chunk] { column[index] = height(positions, index, near: &start) }
    }
    return column.values
  }

  private func height(_ positions: Positions, _ index: Int, near start: inout TriangulatedSurface.Start) -> Float {
    let height = positions.height(index)
    if let ground = surface.height(of: positions, index, near: &start) { return Float(height - ground) }
    let plane = positions.plane(index)
    let place = frame.place(plane.x, plane.y)
    return Float(height) - terrain.interpolated(place.column, place.row)
  }
}
