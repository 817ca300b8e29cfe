import Glibc
import Numerics
import StrataCore
import TestSupport
import Testing

@Suite struct GridTests {
  /// Erosion by its definition.
  private func eroded(_ grid: Grid<Float>, radius: Int) -> Grid<Float> {
    var result = grid
    for row in 0..<grid.rows {
      for column in 0..<grid.columns {
        for y in max(0, row - radius)...min(grid.rows - 1, row + radius) {
          for x in max(0, column - radius)...min(grid.columns - 1, column + radius)
          where (x - column) * (x - column) + (y - row) * (y - row) <= radius * radius {
            result[column, row] = min(result[column, row], grid[x, y])
          }
        }
      }
    }
    return result
  }

  @Test func `work that is not wanted any more ends between bands`() {
    let grid = Grid(columns: 40, rows: 4_000, repeating: Float(1))
    var asked = 0
    let stopped = grid.opened(radius: 3, threads: 1) {
      asked += 1
      return asked < 3
    }
    #expect(stopped.values.count == grid.values.count && asked < 10)
    var sparse = Grid(columns: 40, rows: 40, repeating: Float.nan)
    sparse[0, 0] = 1
    asked = 0
    _ = sparse.filled {
      asked += 1
      return false
    }
    #expect(asked > 0)
  }

  @Test func `erosion and dilation by discs match their definition`() {
    var random = SeededGenerator(seed: testSeed)
    for _ in 0..<60 {
      let (columns, rows) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...90, using: &random))
      let values = (0..<columns * rows).map { _ in Float.random(in: -100...100, using: &random) }
      let grid = Grid(columns: columns, rows: rows, values: values)
      let radius = Int.random(in: 0...24, using: &random)
      let reason: Comment = "seed \(testSeed): \(columns) × \(rows), radius \(radius)"
      let threads = Int.random(in: 1...3, using: &random)
      #expect(grid.eroded(radius: radius, threads: threads).values == eroded(grid, radius: radius).values, reason)
      let dilated = eroded(grid.map { -$0 }, radius: radius).map { -$0 }
      #expect(grid.dilated(radius: radius, threads: threads).values == dilated.values, reason)
    }
  }

  @Test func `opening only lowers and closing only raises and both are idempotent`() {
    var random = SeededGenerator(seed: testSeed)
    let values = (0..<1_200).map { _ in Float.random(in: 0...1, using: &random) }
    let grid = Grid(columns: 40, rows: 30, values: values)
    let (opened, closed) = (grid.opened(radius: 3, threads: 1), grid.closed(radius: 3, threads: 1))
    #expect(zip(opened.values, grid.values).allSatisfy { $0 <= $1 }, "seed \(testSeed)")
    #expect(zip(closed.values, grid.values).allSatisfy { $0 >= $1 }, "seed \(testSeed)")
    #expect(opened.opened(radius: 3, threads: 1).values == opened.values, "seed \(testSeed)")
    #expect(closed.closed(radius: 3, threads: 1).values == closed.values, "seed \(testSeed)")
  }

  @Test func `a plane with holes is filled as a plane`() {
    var grid = Grid<Float>(columns: 64, rows: 48, repeating: 0)
    for row in 0..<48 { for column in 0..<64 { grid[column, row] = Float(column) * 0.5 - Float(row) * 0.25 } }
    var holed = grid
    for row in 10..<26 { for column in 20..<40 { holed[column, row] = .nan } }
    let filled = holed.filled(sweeps: 200)
    let worst = zip(filled.values, grid.values).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 0.05)
  }

  @Test func `filling keeps what is known and stays within its range`() {
    var random = SeededGenerator(seed: testSeed)
    let values = (0..<2_000).map { _ in
      Bool.random(using: &random) ? Float.nan : Float.random(in: 3...4, using: &random)
    }
    let filled = Grid(columns: 50, rows: 40, values: values).filled()
    for (old, new) in zip(values, filled.values) {
      #expect(old.isNaN ? (2.999...4.001).contains(new) : old == new, "seed \(testSeed)")
    }
  }

  @Test func `a grid of gaps becomes zero`() {
    #expect(Grid(columns: 3, rows: 2, repeating: Float.nan).filled().values == [0, 0, 0, 0, 0, 0])
  }

  @Test func `interpolation is exact on a plane and holds the border's value outside`() {
    var grid = Grid<Float>(columns: 5, rows: 4, repeating: 0)
    for row in 0..<4 { for column in 0..<5 { grid[column, row] = Float(column + 10 * row) } }
    #expect(abs(grid.interpolated(1.25, 2.5) - 26.25) < 1e-5)
    #expect(grid.interpolated(-7, -7) == 0)
    #expect(grid.interpolated(99, 99) == 34)
  }

  @Test func `smooth interpolation meets the cells and is exact on a plane`() {
    var grid = Grid<Float>(columns: 8, rows: 7, repeating: 0)
    for row in 0..<7 { for column in 0..<8 { grid[column, row] = Float(2 * column - 3 * row) } }
    #expect(abs(grid.smoothlyInterpolated(3.3, 2.8) - (6.6 - 8.4)) < 1e-4)
    grid[4, 4] = 100
    #expect(abs(grid.smoothlyInterpolated(4, 4) - 100) < 1e-4)
    #expect(abs(grid.smoothlyInterpolated(-0.5, -0.5)) < 10)
  }

  @Test func `the steepness of a plane is its slope everywhere`() {
    var grid = Grid<Float>(columns: 6, rows: 5, repeating: 0)
    for row in 0..<5 { for column in 0..<6 { grid[column, row] = Float(3 * column + 4 * row) } }
    #expect(grid.steepness().values.allSatisfy { abs($0 - 5) < 1e-4 })
    #expect(Grid<Float>(columns: 1, rows: 1, repeating: 7).steepness().values == [0])
  }
}
