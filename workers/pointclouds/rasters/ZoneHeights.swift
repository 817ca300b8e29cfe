import Numerics

/// The heights of the bare earth at the cells of a zone, and of its points above that. Made part by part, as what belongs to one part is all in the
/// cache while its surface is made and asked.
struct ZoneHeights {
  /// The bare earth at the centres of cells; NaN where there is no surface.
  let terrain: Grid<Float>
  /// Whether there is any ground within reach.
  let hasGround: Bool
  private let zone: TilePoints
  /// The points that count.
  private let points: [Int32]
  /// Of each point its height above the surface; NaN where there is none, and of points that do not count.
  let heights: [Float]

  /// - Parameters:
  ///   - hasTerrain: whether the bare earth is asked for.
  ///   - hasPoints: whether heights of points are.
  ///   - threads: the most threads to use, the caller's own among them.
  /// - Throws: as `ZoneSurface`.
  init(
    _ surface: ZoneSurface, _ cells: PointsInCells, hasTerrain: Bool, hasPoints: Bool, threads: Int,
    keepGoing: () -> Bool
  ) throws(PointCloudError) {
    zone = surface.zone
    let frame = zone.frame
    let parts = frame.parts(side: surface.partSide)
    let path = frame.path(parts)
    let order = hasPoints ? cells.inOrder(of: path) : ([], [Int32](repeating: 0, count: path.count + 1))
    var firsts = [0]
    for part in parts { firsts.append((firsts.last ?? 0) + part.columns * part.rows) }
    let work = PartWork(
      surface: surface, cells: cells, frame: frame, path: path, points: order.0, starts: order.1,
      hasTerrain: hasTerrain,
      terrain: SharedColumn(repeating: .nan, count: path.count),
      heights: SharedColumn(repeating: .nan, count: hasPoints ? zone.points.count : 0))
    let pool = IdlePool { [ground = surface.ground] in ground }
    let places = zip(firsts, firsts.dropFirst()).map { $0..<$1 }
    var hasGround = false
    let isComplete = try parallelInOrder(
      parts.count, threads: threads, ahead: threads + 1, keepGoing: { _ in keepGoing() },
      { (index, isWanted) throws(PointCloudError) in
        try work.measure(parts[index], places[index], pool, isWanted)
      },
      { (_, isThere) throws(PointCloudError) in hasGround = hasGround || isThere })
    guard isComplete else { throw .cancelled }
    terrain = Grid(columns: frame.columns, rows: frame.rows, values: work.terrain.values)
    (points, heights, self.hasGround) = (order.0, work.heights.values, hasGround)
  }

  /// How high each point that counts stands above the surface, in the file's vertical unit, negative below it; NaN of the others.
  ///
  /// - Parameter filled: what is above no triangle is measured from this, between the centres of its cells.
  func above(_ filled: Grid<Float>) -> [Float] {
    var above = heights
    let (positions, frame) = (zone.positions, zone.frame)
    for point in points where above[Int(point)].isNaN {
      let index = Int(point)
      let plane = positions.plane(index)
      let place = frame.place(plane.x, plane.y)
      above[index] = Float(positions.height(index)) - filled.interpolated(place.column, place.row)
    }
    return above
  }
}

/// What is measured of the parts of a zone, each by one thread.
private struct PartWork: Sendable {
  let surface: ZoneSurface
  let cells: PointsInCells
  let frame: GridFrame
  let path: [Int32]
  /// The points that count, in the order of the path, and where those of each of its cells begin.
  let points: [Int32]
  let starts: [Int32]
  let hasTerrain: Bool
  let terrain: SharedColumn<Float>
  let heights: SharedColumn<Float>

  /// - Parameter range: of the path, the cells of the part.
  /// - Returns: whether there is ground.
  func measure(
    _ part: CellRectangle, _ range: Range<Int>, _ pool: IdlePool<GroundAround>, _ isWanted: () -> Bool
  ) throws(PointCloudError) -> Bool {
    let result: Result<ZoneSurface.Part?, PointCloudError> = pool.using { ground in
      do throws(PointCloudError) {
        return .success(try surface.make(part, from: &ground, keepGoing: isWanted))
      } catch {
        return .failure(error)
      }
    }
    guard let made = try result.get() else { return false }
    let positions = surface.zone.positions
    if heights.count > 0 {
      for (point, corner) in zip(made.ground, made.corners) where point.index >= 0 {
        let index = Int(point.index)
        let (row, column) = cells.cell(of: index).quotientAndRemainder(dividingBy: frame.columns)
        // The points of the rim are another part's.
        guard part.contains(SIMD2(column, row)) else { continue }
        heights[index] = Float(positions.height(index) - made.surface.height(ofCorner: corner))
      }
    }
    var start = TriangulatedSurface.Start()
    for place in range {
      let cell = Int(path[place])
      if hasTerrain, let height = made.surface.height(frame.center(cell), near: &start) {
        terrain[cell] = Float(height)
      }
      for point in points[Int(starts[place])..<Int(starts[place + 1])] {
        let index = Int(point)
        guard heights[index].isNaN,
          let height = made.surface.height(
            surface.lattice.place(positions.x[index], positions.y[index]), near: &start)
        else { continue }
        heights[index] = Float(positions.height(index) - height)
      }
    }
    return true
  }
}
