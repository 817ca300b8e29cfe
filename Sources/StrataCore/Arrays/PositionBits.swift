/// Some of so many positions, a bit for each: 125 KB for those of the largest array, however they are scattered.
public struct PositionBits: Hashable, Sendable {
  private static let width = UInt64.bitWidth

  /// How many positions there are.
  public let size: Int
  private var words: [UInt64]

  /// None of them.
  public init(size: Int) {
    self.size = size
    words = [UInt64](repeating: 0, count: (size + Self.width - 1) / Self.width)
  }

  /// - Parameter position: from 0 to `size - 1`.
  public mutating func insert(_ position: Int) { words[position / Self.width] |= 1 << (position % Self.width) }

  public func contains(_ position: Int) -> Bool { words[position / Self.width] >> (position % Self.width) & 1 == 1 }

  /// - Complexity: O(size).
  public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// All of them, ascending.
  public var all: some Sequence<Int> {
    words.indices.lazy.flatMap { [words] place in
      sequence(state: words[place]) { word -> Int? in
        guard word != 0 else { return nil }
        defer { word &= word - 1 }
        return place * Self.width + word.trailingZeroBitCount
      }
    }
  }

  /// How many come before each word, by which `rank` and `position` find their place.
  var ranks: [Int] {
    var (ranks, count): ([Int], Int) = ([], 0)
    for word in words {
      ranks.append(count)
      count += word.nonzeroBitCount
    }
    return ranks
  }

  /// How many come before a position.
  ///
  /// - Complexity: O(1).
  func rank(of position: Int, _ ranks: [Int]) -> Int {
    let place = position / Self.width
    return ranks[place] + (words[place] & ((1 << (position % Self.width)) - 1)).nonzeroBitCount
  }

  /// The position that so many come before.
  ///
  /// - Parameter place: the last word that no more of them come before.
  func position(ofRank rank: Int, inWord place: Int, _ ranks: [Int]) -> Int {
    var word = words[place]
    for _ in 0..<(rank - ranks[place]) { word &= word - 1 }
    return place * Self.width + word.trailingZeroBitCount
  }
}

extension PositionBits: CustomStringConvertible {
  /// - Parameter text: as `description` writes it.
  /// - Returns: nil for what cannot be read.
  init?(_ text: Substring, size: Int) {
    self.init(size: size)
    let (digits, each) = (Array(text.utf8), Self.width / 4)
    guard digits.count == words.count * each else { return nil }
    for place in words.indices {
      let part = String(decoding: digits[(place * each)..<((place + 1) * each)], as: UTF8.self)
      guard let word = UInt64(part, radix: 16) else { return nil }
      words[place] = word
    }
    let beyond = size % Self.width
    if beyond > 0, let last = words.last, last >> beyond != 0 { return nil }
  }

  /// Sixteen hexadecimal digits for each 64 positions.
  public var description: String {
    words.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: Self.width / 4 - digits.count) + digits
    }.joined()
  }
}
