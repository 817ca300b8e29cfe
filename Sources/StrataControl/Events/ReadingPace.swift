/// How long the reader of a log rests, so that where much comes it is read by many at a time, and where it comes one by
/// one each is read at once.
package struct ReadingPace: Sendable {
  /// For each item that was read, but the first.
  let restPerItem: Duration
  let restMax: Duration

  package init(restPerItem: Duration, restMax: Duration) {
    self.restPerItem = restPerItem
    self.restMax = restMax
  }

  /// - Parameters:
  ///   - count: how many items were read.
  ///   - limit: how many would have been: more wait where that many were.
  /// - Returns: nil where the next are to be read at once.
  package func rest(after count: Int, of limit: Int) -> Duration? {
    (2..<limit).contains(count) ? min(restPerItem * (count - 1), restMax) : nil
  }
}
