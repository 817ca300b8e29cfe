import Numerics
import StrataCore

extension SeededGenerator {
  mutating func unit() -> Double { Double.random(in: 0..<1, using: &self) }
}

/// Clouds that a tree may find hard.
enum TestCloud: String, CaseIterable, Sendable {
  case even, lattice, surface, collinear, allEqual, duplicates, twoFarClusters, utm, one, two, sixteen, seventeen

  func points(seed: UInt64) -> [SIMD3<Double>] {
    var random = SeededGenerator(seed: seed)
    func cube() -> SIMD3<Double> { SIMD3(random.unit(), random.unit(), random.unit()) }
    func many(_ count: Int, _ make: (Int) -> SIMD3<Double>) -> [SIMD3<Double>] { (0..<count).map(make) }
    switch self {
    case .even: return many(900) { _ in cube() * 10.0 }
    case .lattice: return many(1_000) { SIMD3(Double($0 % 10), Double($0 / 10 % 10), Double($0 / 100)) }
    case .surface: return many(900) { _ in cube() * SIMD3<Double>(100, 100, 0.1) }
    case .collinear: return many(500) { _ in SIMD3<Double>(1, 2, 3) * random.unit() }
    case .allEqual: return many(300) { _ in SIMD3(5, 6, 7) }
    case .duplicates: return many(600) { _ in (cube() * 3.0).rounded(.down) }
    case .twoFarClusters: return many(400) { cube() + SIMD3<Double>(repeating: $0 % 2 == 0 ? 0 : 1e6) }
    case .utm: return many(700) { _ in cube() * 20.0 + SIMD3<Double>(681_234.56, 5_412_345.67, 512.3) }
    case .one: return [SIMD3(-3, 4, 5)]
    case .two: return [SIMD3(1, 1, 1), SIMD3(0, 0, 0)]
    case .sixteen: return many(16) { _ in cube() }
    case .seventeen: return many(17) { _ in cube() }
    }
  }
}
