import StrataCore

/// The words after a benchmark's name: pairs of `--name value`.
struct BenchmarkOptions {
  private let words: [String]

  init(_ words: [String]) { self.words = words }

  func text(_ name: String) -> String? {
    words.firstIndex(of: name).flatMap { words.dropFirst($0 + 1).first }
  }

  func has(_ flag: String) -> Bool { words.contains(flag) }

  /// - Returns: nil also where the value is no whole number of 1 or more.
  func count(_ name: String) -> Int? { text(name).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }

  /// - Returns: nil where the option is not given.
  /// - Throws: where its value is no whole number of that range.
  func number(_ name: String, in range: ClosedRange<Int>) throws(StrataError) -> Int? {
    guard words.contains(name) else { return nil }
    guard let number = text(name).flatMap({ Int($0) }), range.contains(number) else {
      throw StrataError(
        .invalidInput, "\(name) cannot be '\(text(name) ?? "")'",
        remedy: "give a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// - Throws: for words that are no pair of one of these names and its value.
  func checkNames(_ names: [String]) throws(StrataError) {
    for place in stride(from: 0, to: words.count, by: 2)
    where !names.contains(words[place]) || place + 1 == words.count {
      throw StrataError(
        .invalidInput, "'\(words[place])' is no option, or lacks its value",
        remedy: "give \(names.joined(separator: ", "))")
    }
  }
}

/// The value that a share of all does not exceed (nearest rank); not a number where there are none.
func percentile(_ share: Double, of values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let rank = (share * Double(values.count)).rounded(.up)
  return values.sorted()[min(values.count, max(1, Int(rank))) - 1]
}

func median(_ values: [Double]) -> Double { percentile(0.5, of: values) }
