import Numerics
import StrataCore
import TestSupport
import Testing

/// Sums that do not depend on the order of what is summed.
@Suite struct ExactSumTests {
  @Test func `the sum is the same in any order, and in parts`() {
    var random = SeededGenerator(seed: testSeed)
    var values: [Float] = []
    for _ in 0..<5_000 {
      let scale: Float = Bool.random(using: &random) ? 1e-20 : 1e12
      values.append(Float.random(in: -1...1, using: &random) * scale)
    }
    var (whole, shuffled) = (ExactSum(), ExactSum())
    for value in values { whole.add(value) }
    for value in values.shuffled(using: &random) { shuffled.add(value) }
    var (parts, part) = (ExactSum(), ExactSum())
    for (place, value) in values.enumerated() {
      part.add(value)
      guard place % 700 == 699 || place == values.count - 1 else { continue }
      parts.add(part)
      part = ExactSum()
    }
    #expect(whole == shuffled && whole == parts, "seed \(testSeed)")
    let plain = values.reduce(0.0) { $0 + Double($1) }
    #expect(abs(whole.value - plain) <= 1e-9 * values.reduce(0.0) { $0 + abs(Double($1)) }, "seed \(testSeed)")
  }

  @Test func `numbers of all sizes count, and what is no number does not`() {
    var sum = ExactSum()
    for value in [Float.leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.5, -0, .nan, .infinity, -.infinity] {
      sum.add(value)
    }
    sum.add(-.greatestFiniteMagnitude)
    #expect(sum.value == 0.5)
    // Beside a half nobody sees it.
    sum.add(-0.5)
    #expect(sum.value == Double(Float.leastNonzeroMagnitude))
    #expect(ExactSum().value == 0)
  }
}
