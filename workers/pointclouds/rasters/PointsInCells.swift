import Numerics

/// Which cell each point lies in, and maps that are made of the points of each cell alone.
struct PointsInCells: Sendable {
  let frame: GridFrame
  /// Of each point the cell's index; -1 where the point does not count.
  private let cells: [Int32]

  /// - Parameter counts: for each point, whether it counts.
  init(_ positions: Positions, _ frame: GridFrame, counts: [Bool], threads: Int) {
    self.frame = frame
    cells = parallelMap(positions.count, threads: threads) { index in
      guard counts[index] else { return -1 }
      let plane = positions.plane(index)
      return Int32(frame.index(frame.place(plane.x, plane.y)))
    }
  }

  /// The cell that a point which counts lies in.
  func cell(of index: Int) -> Int { Int(cells[index]) }

  /// The points that count, cell by cell in the order of a path, and where those of each of its cells begin; behind the last one, where they end.
  func inOrder(of path: [Int32]) -> (points: [Int32], starts: [Int32]) {
    var next = [Int32](repeating: 0, count: path.count)
    for cell in cells where cell >= 0 { next[Int(cell)] += 1 }
    var sum: Int32 = 0
    var starts: [Int32] = []
    starts.reserveCapacity(path.count + 1)
    for cell in path {
      starts.append(sum)
      (next[Int(cell)], sum) = (sum, sum + next[Int(cell)])
    }
    starts.append(sum)
    var points = [Int32](repeating: 0, count: Int(sum))
    for (index, cell) in cells.enumerated() where cell >= 0 {
      points[Int(next[Int(cell)])] = Int32(index)
      next[Int(cell)] += 1
    }
    return (points, starts)
  }

  /// Points per square of the unit of x and y.
  func density() -> Grid<Float> {
    var grid = Grid(columns: frame.columns, rows: frame.rows, repeating: Float(0))
    for cell in cells where cell >= 0 { grid.values[Int(cell)] += 1 }
    let area = Float(frame.cell * frame.cell)
    return grid.map { $0 / area }
  }

  /// The greatest value in each cell; NaN where there is none. Points whose value is NaN have none.
  func highest(_ values: [Float]) -> Grid<Float> {
    var grid = Grid(columns: frame.columns, rows: frame.rows, repeating: Float.nan)
    for (cell, value) in zip(cells, values) where cell >= 0 {
      if !(grid.values[Int(cell)] >= value), !value.isNaN { grid.values[Int(cell)] = value }
    }
    return grid
  }

  /// The mean of each cell's values; NaN where there is none. Points whose value is NaN have none.
  func means(_ values: [Float]) -> Grid<Float> {
    var sums = [Double](repeating: 0, count: frame.columns * frame.rows)
    var counts = [UInt32](repeating: 0, count: sums.count)
    for (cell, value) in zip(cells, values) where cell >= 0 && !value.isNaN {
      sums[Int(cell)] += Double(value)
      counts[Int(cell)] += 1
    }
    return Grid(
      columns: frame.columns, rows: frame.rows, values: zip(sums, counts).map { Float($0 / Double($1)) })
  }
}

extension Grid<Float> {
  /// Holes that a disc of `radius` cells closes are filled with a smooth surface through what is around them; wider ones and
  /// what is outside stay NaN.
  func withoutHoles(radius: Int, threads: Int, keepGoing: () -> Bool = { true }) -> Grid<Float> {
    guard radius > 0 else { return self }
    let inside = map { $0.isNaN ? Float(0) : 1 }.closed(radius: radius, threads: threads, keepGoing: keepGoing)
    let filled = filled(keepGoing: keepGoing)
    return Grid(
      columns: columns, rows: rows, values: zip(filled.values, inside.values).map { $1 > 0 ? $0 : .nan })
  }
}
