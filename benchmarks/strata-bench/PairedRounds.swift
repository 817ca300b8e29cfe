import StrataCore

/// What both sides of a comparison read, round by round.
struct PairedRounds {
  private var rounds: [(ours: Double, other: Double)] = []

  mutating func add(_ ours: Double, beside other: Double) { rounds.append((ours, other)) }

  /// The medians.
  var ours: Double { median(rounds.map(\.ours)) }
  var other: Double { median(rounds.map(\.other)) }

  /// The median of the rounds' own ratios, with the least and the greatest: `ratio 0.9 (0.8 to 1.1 in 5 rounds)`.
  var ratio: String {
    let ratios = rounds.map { $0.ours / $0.other }
    let (least, greatest) = (ratios.min() ?? .nan, ratios.max() ?? .nan)
    return "ratio \(median(ratios).rounded(toPlaces: 2)) (\(least.rounded(toPlaces: 2)) to"
      + " \(greatest.rounded(toPlaces: 2)) in \(rounds.count) rounds)"
  }
}
