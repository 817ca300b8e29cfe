extension SymmetricMatrix3 {
  /// Eigenvalues and eigenvectors by rotations that make one element beside the diagonal zero at a time (Jacobi 1846; the
  /// rotation as in Golub and Van Loan, Matrix Computations, 8.5). Exact for every finite matrix, also where values coincide.
  public func jacobiEigensystem() -> Eigensystem3 {
    let scale = max(abs(xx), abs(yy), abs(zz), abs(xy), abs(xz), abs(yz))
    guard scale > 0, scale.isFinite else {
      return Eigensystem3(values: .zero, vectors: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)))
    }
    var rotated = Rotated(
      rows: [
        [xx / scale, xy / scale, xz / scale], [xy / scale, yy / scale, yz / scale],
        [xz / scale, yz / scale, zz / scale],
      ], vectors: [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)])
    for _ in 0..<Self.sweepsMax where !rotated.isDiagonal {
      for (p, q) in [(0, 1), (0, 2), (1, 2)] { rotated.clear(p, q) }
    }
    let order = [0, 1, 2].sorted { rotated.rows[$0][$0] > rotated.rows[$1][$1] }
    let values = SIMD3(
      rotated.rows[order[0]][order[0]], rotated.rows[order[1]][order[1]], rotated.rows[order[2]][order[2]])
    return Eigensystem3(
      values: values * scale,
      vectors: (rotated.vectors[order[0]], rotated.vectors[order[1]], rotated.vectors[order[2]]))
  }

  /// Convergence is quadratic: four or five do.
  private static let sweepsMax = 16
}

/// A matrix on its way to a diagonal one, and the vectors that its axes have become.
private struct Rotated {
  var rows: [[Double]]
  var vectors: [SIMD3<Double>]

  var isDiagonal: Bool {
    abs(rows[0][1]) + abs(rows[0][2]) + abs(rows[1][2]) < 0x1p-60
  }

  mutating func clear(_ p: Int, _ q: Int) {
    let element = rows[p][q]
    guard element != 0 else { return }
    let slope = (rows[q][q] - rows[p][p]) / (2 * element)
    let root = (slope * slope + 1).squareRoot()
    let tangent = slope >= 0 ? 1 / (slope + root) : 1 / (slope - root)
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    let r = 3 - p - q
    let (left, right) = (rows[p][r], rows[q][r])
    rows[p][p] -= tangent * element
    rows[q][q] += tangent * element
    set(p, q, 0)
    set(p, r, cosine * left - sine * right)
    set(q, r, sine * left + cosine * right)
    (vectors[p], vectors[q]) = (
      vectors[p] * cosine - vectors[q] * sine, vectors[p] * sine + vectors[q] * cosine
    )
  }

  private mutating func set(_ row: Int, _ column: Int, _ value: Double) {
    rows[row][column] = value
    rows[column][row] = value
  }
}
