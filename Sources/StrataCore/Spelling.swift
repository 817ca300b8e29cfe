/// Finds what a person may have meant.
public enum Spelling {
  /// The candidate fewest edits away (Levenshtein 1966), nil where none is near: at most two edits, or a third of the
  /// word's length where that is more.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(2, word.count / 3)
    let scored = candidates.map { (name: $0, distance: distance(Array(word), Array($0))) }
    guard let best = scored.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= limit else {
      return nil
    }
    return best.name
  }

  /// - Complexity: O(`a.count` · `b.count`).
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let substituted = diagonal + (left == right ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
      }
    }
    return row[b.count]
  }
}
