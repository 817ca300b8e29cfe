#if canImport(Glibc)
  import Glibc
#endif

/// The ratio of two independent gamma variables of equal scale, with shapes `a` (above) and `b` (below): the beta
/// distribution of the second kind.
package struct BetaPrimeDistribution {
  package let a: Double
  package let b: Double
  /// ln B(a, b).
  private let logBeta: Double

  /// - Parameter a, b: greater than 0.
  package init(a: Double, b: Double) {
    self.a = a
    self.b = b
    logBeta = lgamma(a).0 + lgamma(b).0 - lgamma(a + b).0
  }

  /// The probability of a value of at most `x`: the regularised incomplete beta function at x / (1 + x).
  ///
  /// - Complexity: O(√max(a, b)).
  package func cumulative(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    let (part, rest) = (x / (1 + x), 1 / (1 + x))
    // Each fraction converges fast on its own side of the mean (DLMF 8.17.22).
    return part < (a + 1) / (a + b + 2)
      ? tail(part, rest, a, b) : 1 - tail(rest, part, b, a)
  }

  /// The value that `probability` of all are at most, to about nine digits, by bisection of its logarithm.
  package func quantile(_ probability: Double) -> Double {
    // From e^-100 to e^100: what lies outside is as good as never and for ever, for any unit of time.
    var (low, high) = (-100.0, 100.0)
    while high - low > 1e-9 {
      let middle = (low + high) / 2
      if cumulative(exp(middle)) < probability { low = middle } else { high = middle }
    }
    return exp((low + high) / 2)
  }

  /// I_x(a, b), where `rest` is 1 − x.
  private func tail(_ x: Double, _ rest: Double, _ a: Double, _ b: Double) -> Double {
    exp(a * log(x) + b * log(rest) - logBeta - log(a)) / Self.continuedFraction(x, a, b)
  }

  /// The continued fraction of DLMF 8.17.22, by the modified method of Lentz (Thompson and Barnett, "Coulomb and Bessel
  /// functions of complex arguments and order", J. Comput. Phys. 64, 1986).
  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let smallest = 1e-300
    var value = 1.0
    var (c, d) = (1.0, 0.0)
    // Ten times what the convergence of O(√max(a, b)) needs.
    for index in 1...(1_000 + Int(10 * max(a, b).squareRoot())) {
      let m = Double(index / 2)
      let term =
        index % 2 == 0
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 + term * d
      c = 1 + term / c
      if abs(d) < smallest { d = smallest }
      if abs(c) < smallest { c = smallest }
      d = 1 / d
      value *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return value
  }
}
