import Glibc
import Numerics
import PointClouds
import StrataCore

extension SeededGenerator {
  mutating func number(in range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }

  mutating func normal() -> Double {
    (-2 * log(number(in: 1e-300...1))).squareRoot() * cos(2 * .pi * number(in: 0...1))
  }
}

func squaredLength(_ vector: SIMD3<Double>) -> Double { dot(vector, vector) }

/// Clouds made for tests of kernels, from a seed.
enum KernelCloud {
  /// Points on a surface of two slopes with a wall between them and some noise, with UTM-like coordinates.
  static func terrain(_ count: Int, seed: UInt64 = 1) throws -> Coordinates {
    var random = SeededGenerator(seed: seed)
    return try Coordinates(
      (0..<count).map { _ -> SIMD3<Double> in
        let x = random.number(in: 0...60)
        let y = random.number(in: 0...40)
        let z = x < 30 ? 0.1 * x : 8 + 0.05 * y
        return SIMD3(681_000 + x, 5_412_000 + y, 500 + z + 0.02 * random.normal())
      })
  }

  static func lattice(_ side: Int, step: Double = 1) throws -> Coordinates {
    try Coordinates(
      (0..<side * side * side).map { number -> SIMD3<Double> in
        SIMD3(Double(number % side), Double(number / side % side), Double(number / side / side)) * step
      })
  }

  /// A sphere of radius 5 around (100, 200, 50).
  static func sphere(_ count: Int) throws -> Coordinates {
    var random = SeededGenerator(seed: 9)
    return try Coordinates(
      (0..<count).map { _ -> SIMD3<Double> in
        let raw = SIMD3(random.normal(), random.normal(), random.normal())
        return SIMD3(100, 200, 50) + raw * (5 / squaredLength(raw).squareRoot())
      })
  }
}

extension Coordinates {
  var all: [SIMD3<Double>] { (0..<count).map { self[$0] } }
}
