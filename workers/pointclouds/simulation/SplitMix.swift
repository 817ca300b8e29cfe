import Glibc

/// A small, fast source of reproducible randomness: splitmix64 (Steele, Lea, Flood 2014).
struct SplitMix {
  var state: UInt64

  init(state: UInt64) { self.state = state }

  /// The source of one place of a plane, on its own for each `purpose`: whoever asks gets the same.
  init(_ seed: UInt64, _ purpose: UInt64, _ column: Int, _ row: Int) {
    state = seed ^ purpose &* 0xD6E8_FEB8_6659_FD93
    state = next() ^ UInt64(bitPattern: Int64(column))
    state = next() ^ UInt64(bitPattern: Int64(row))
  }

  @inline(__always) mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// Even over 0..<1.
  @inline(__always) mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  @inline(__always) mutating func number(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  /// Normal with mean 0 and deviation 1 (Box and Muller 1958).
  mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }

  /// Nearly normal with mean 0 and deviation 1, within ±3.5: the sum of four even numbers of 16 bits (Irwin 1927, Hall
  /// 1927), at a tenth of the cost.
  @inline(__always) mutating func nearlyNormal() -> Double {
    let bits = next()
    let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48
    return (Double(sum) * 0x1p-16 - 2) * 1.732_050_807_568_877
  }
}
