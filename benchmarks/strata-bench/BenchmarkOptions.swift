/// The words after a benchmark's name: pairs of `--name value`.
struct BenchmarkOptions {
  private let words: [String]

  init(_ words: [String]) { self.words = words }

  func text(_ name: String) -> String? {
    words.firstIndex(of: name).flatMap { words.dropFirst($0 + 1).first }
  }

  /// - Returns: nil also where the value is no whole number of 1 or more.
  func count(_ name: String) -> Int? { text(name).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
}

/// The value that a share of all does not exceed (nearest rank); not a number where there are none.
func percentile(_ share: Double, of values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let rank = (share * Double(values.count)).rounded(.up)
  return values.sorted()[min(values.count, max(1, Int(rank))) - 1]
}

func median(_ values: [Double]) -> Double { percentile(0.5, of: values) }
