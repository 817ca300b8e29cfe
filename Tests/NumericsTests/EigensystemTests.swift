import Numerics
import StrataCore
import Testing

@Suite struct EigensystemTests {
  /// Matrices with given eigenvalues, turned at random.
  private func matrices(_ values: SIMD3<Double>, seed: UInt64) -> [SymmetricMatrix3] {
    var random = SeededGenerator(seed: seed)
    return (0..<200).map { _ in
      var axis: SIMD3<Double>
      repeat {
        axis = SIMD3(random.unit(), random.unit(), random.unit()) * 2 - 1
      } while dot(axis, axis) < 0.01
      let a = axis / dot(axis, axis).squareRoot()
      let seedling = abs(a.x) < 0.5 ? SIMD3(1.0, 0, 0) : SIMD3(0, 1.0, 0)
      let raw = cross(a, seedling)
      let b = raw / dot(raw, raw).squareRoot()
      let c = cross(a, b)
      func sum(_ i: Int, _ j: Int) -> Double {
        values.x * a[i] * a[j] + values.y * b[i] * b[j] + values.z * c[i] * c[j]
      }
      return SymmetricMatrix3(xx: sum(0, 0), xy: sum(0, 1), xz: sum(0, 2), yy: sum(1, 1), yz: sum(1, 2), zz: sum(2, 2))
    }
  }

  private func check(_ system: Eigensystem3, of matrix: SymmetricMatrix3, _ values: SIMD3<Double>) {
    let scale = max(abs(values.x), abs(values.z), .leastNonzeroMagnitude)
    let error = system.values - values
    #expect(max(abs(error.x), abs(error.y), abs(error.z)) <= 2e-14 * scale, "\(system.values) for \(values)")
    let vectors = [system.vectors.first, system.vectors.second, system.vectors.third]
    for (place, vector) in vectors.enumerated() {
      let rest = matrix * vector - vector * system.values[place]
      #expect(dot(rest, rest).squareRoot() <= 1e-13 * scale)
      for other in 0..<3 { #expect(abs(dot(vector, vectors[other]) - (other == place ? 1 : 0)) < 1e-13) }
    }
  }

  private static let spectra: [SIMD3<Double>] = [
    SIMD3(3, 2, 1), SIMD3(1, 1e-3, 1e-9), SIMD3(1, 1, 1e-12), SIMD3(1, 1, 0), SIMD3(1, 0, 0), SIMD3(1, 1e-12, 1e-12),
    SIMD3(1, 1, 1), SIMD3(1 + 1e-9, 1, 1 - 1e-9), SIMD3(1 + 1e-5, 1, 1), SIMD3(1, -1, -1), SIMD3(2, 0, -2),
    SIMD3(1e80, 1e79, 1e70), SIMD3(1e-80, 1e-81, 0), SIMD3(1e-200, 1e-201, 0), SIMD3(-1, -2, -3),
  ]

  @Test(arguments: spectra) func `both ways find the values that went in`(values: SIMD3<Double>) {
    for matrix in matrices(values, seed: 5) {
      check(matrix.eigensystem(), of: matrix, values)
      check(matrix.jacobiEigensystem(), of: matrix, values)
    }
  }

  @Test func `a diagonal matrix and none at all`() {
    let diagonal = SymmetricMatrix3(xx: 1, xy: 0, xz: 0, yy: 5, yz: 0, zz: 3).eigensystem()
    #expect(diagonal.values == SIMD3(5, 3, 1))
    #expect(abs(diagonal.vectors.first.y) == 1)
    let nothing = SymmetricMatrix3(xx: 0, xy: 0, xz: 0, yy: 0, yz: 0, zz: 0).eigensystem()
    #expect(nothing.values == .zero && dot(nothing.vectors.third, nothing.vectors.third) == 1)
  }

  @Test func `moments give the covariance of points far away`() {
    var moments = Moments3()
    let points = [SIMD3(0, 0, 0), SIMD3(2, 0, 0), SIMD3(0, 4, 0), SIMD3(2, 4, 6.0)]
    for point in points { moments.add(point) }
    #expect(moments.mean == SIMD3(1, 2, 1.5))
    #expect(moments.covariance == SymmetricMatrix3(xx: 1, xy: 0, xz: 1.5, yy: 4, yz: 3, zz: 6.75))
  }
}
