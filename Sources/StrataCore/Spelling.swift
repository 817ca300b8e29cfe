/// Finds what a person may have meant.
public enum Spelling {
  /// The candidate fewest edits away, nil where none is near: at most one edit in a word of four letters or fewer, two
  /// in a longer one, or a third of its length where that is more. An edit puts in, takes out or replaces a letter, or swaps two neighbours (Damerau 1964, as the optimal
  /// string alignment distance).
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = word.count <= 4 ? 1 : max(2, word.count / 3)
    let scored = candidates.map { (name: $0, distance: distance(Array(word), Array($0))) }
    guard let best = scored.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= limit else {
      return nil
    }
    return best.name
  }

  /// - Complexity: O(`a.count` · `b.count`).
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var (before, above) = ([Int](), Array(0...b.count))
    for (i, left) in a.enumerated() {
      var row = [i + 1]
      for (j, right) in b.enumerated() {
        var edits = min(above[j] + (left == right ? 0 : 1), above[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, left == b[j - 1], a[i - 1] == right { edits = min(edits, before[j - 1] + 1) }
        row.append(edits)
      }
      (before, above) = (above, row)
    }
    return above[b.count]
  }
}
