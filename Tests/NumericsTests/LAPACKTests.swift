import Numerics
import StrataCore
import Synchronization
import Testing

@Suite struct LAPACKTests {
  private func product(_ matrix: [Double], _ vector: ArraySlice<Double>, _ order: Int) -> [Double] {
    (0..<order).map { row in zip(matrix[row * order..<(row + 1) * order], vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  /// A symmetric matrix, positive definite where it is asked for: the product of a matrix and its transpose.
  private func matrix(_ order: Int, isDefinite: Bool, _ random: inout SeededGenerator) -> [Double] {
    let raw = (0..<order * order).map { _ in random.unit() - 0.5 }
    var result = raw
    for row in 0..<order {
      for column in 0..<order {
        if isDefinite {
          result[row * order + column] = (0..<order).reduce(row == column ? 0.01 : 0) {
            $0 + raw[row * order + $1] * raw[column * order + $1]
          }
        } else {
          result[row * order + column] = raw[max(row, column) * order + min(row, column)]
        }
      }
    }
    return result
  }

  @Test(arguments: [1, 2, 5, 16, 33, 150], [1, 3]) func `solutions solve their systems`(order: Int, sides: Int) throws {
    var random = SeededGenerator(seed: 21)
    let lapack = try LAPACK.load()
    for isDefinite in [true, false] {
      let matrix = matrix(order, isDefinite: isDefinite, &random)
      let right = (0..<order * sides).map { _ in random.unit() }
      // What lies left of the diagonal is not read.
      var given = matrix
      for row in 0..<order { for column in 0..<row { given[row * order + column] = .nan } }
      var solution = right
      let isSolved =
        isDefinite
        ? lapack.solve(positiveDefinite: given, order: order, &solution)
        : lapack.solve(symmetric: given, order: order, &solution)
      #expect(isSolved)
      for side in 0..<sides {
        let places = side * order..<(side + 1) * order
        for (found, wanted) in zip(product(matrix, solution[places], order), right[places]) {
          #expect(abs(found - wanted) < 1e-9)
        }
      }
    }
  }

  @Test func `systems that cannot be solved say so`() throws {
    let lapack = try LAPACK.load()
    var sides = [5.0, 4]
    #expect(!lapack.solve(positiveDefinite: [1, 2, 2, 1], order: 2, &sides) && sides == [5, 4])
    #expect(!lapack.solve(positiveDefinite: [0, 0, 0, 0], order: 2, &sides) && sides == [5, 4])
    #expect(!lapack.solve(symmetric: [0, 0, 0, 0], order: 2, &sides) && sides == [5, 4])
    #expect(lapack.solve(symmetric: [1, 2, 2, 1], order: 2, &sides))
    #expect(abs(sides[0] - 1) < 1e-15 && abs(sides[1] - 2) < 1e-15)
  }

  @Test func `many threads solve at once`() throws {
    let lapack = try LAPACK.load()
    var random = SeededGenerator(seed: 22)
    let order = 40
    let matrix = matrix(order, isDefinite: true, &random)
    let right = (0..<order).map { _ in random.unit() }
    var expected = right
    #expect(lapack.solve(positiveDefinite: matrix, order: order, &expected))
    let wrong = Atomic(0)
    parallelFor(400, threads: 8) { [expected] _ in
      var solution = right
      let isSolved = lapack.solve(positiveDefinite: matrix, order: order, &solution)
      if !isSolved || solution != expected { wrong.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }
}
