/// Positions of an array's tasks, as ranges: those that were cancelled before they were made.
public struct PositionSet: Hashable, Sendable {
  /// The most ranges that are kept.
  public static let rangesMax = 20_000

  /// Ascending, with a gap between each and the next.
  public private(set) var ranges: [Range<Int>] = []

  public init() {}

  /// - Parameter text: as `description` writes it.
  /// - Returns: nil for what cannot be read.
  public init?(_ text: String) {
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-").map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
        first >= ranges.last?.upperBound ?? 0
      else { return nil }
      ranges.append(first..<(last + 1))
    }
  }

  public var count: Int { ranges.reduce(0) { $0 + $1.count } }

  /// - Complexity: O(log ranges).
  public func contains(_ position: Int) -> Bool { range(of: position) != nil }

  private func range(of position: Int) -> Range<Int>? {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound <= position { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(position) ? ranges[low] : nil
  }

  /// The first position from `position` on that is not in it.
  ///
  /// - Complexity: O(log ranges).
  public func gap(from position: Int) -> Int { range(of: position)?.upperBound ?? position }

  /// Both.
  ///
  /// - Complexity: O(ranges of both), and their sorting.
  public func union(_ other: PositionSet) -> PositionSet {
    var merged = PositionSet()
    for range in (ranges + other.ranges).sorted(by: { $0.lowerBound < $1.lowerBound }) { merged.append(range) }
    return merged
  }

  /// Adds a range that begins at or after the last one's beginning.
  public mutating func append(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    if let last = ranges.last, range.lowerBound <= last.upperBound {
      ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
    } else {
      ranges.append(range)
    }
  }

  /// Those from `position` on.
  public func from(_ position: Int) -> PositionSet {
    var rest = PositionSet()
    for range in ranges where range.upperBound > position {
      rest.append(max(range.lowerBound, position)..<range.upperBound)
    }
    return rest
  }
}

extension PositionSet: CustomStringConvertible {
  public var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ",")
  }
}
