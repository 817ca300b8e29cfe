/// Indices brought together by their keys.
public struct Groups: Sendable {
  /// All indices, group by group in the order of growing keys; within a group they grow.
  public let order: [Int32]
  /// Where each group begins in `order`, and behind the last one its end.
  public let starts: [Int32]

  /// How many groups there are.
  public var count: Int { starts.count - 1 }

  /// The places of a group in `order`.
  @inlinable public subscript(group: Int) -> Range<Int> { Int(starts[group])..<Int(starts[group + 1]) }

  /// - Parameter bits: how many lower bits of the keys count; the others must be 0.
  /// - Complexity: that of `RadixSort.order`, and 8 bytes more for each key.
  public init(keys: [UInt64], bits: Int, threads: Int) {
    (order, starts) = RadixSort.grouped(keys, bits: bits, threads: threads)
  }

  /// Each chunk counts the groups that begin in it, and then knows where to write them.
  static func starts<Element: RadixSort.Item>(_ items: RadixSort.Items<Element>, threads: Int) -> [Int32] {
    let chunks = Chunks(count: items.count, least: 1 << 14)
    let isStart: @Sendable (Int) -> Bool = { $0 == 0 || items[$0].key != items[$0 - 1].key }
    let counts = SharedColumn(repeating: 0, count: chunks.count)
    parallelFor(chunks.count, threads: threads) { chunk in counts[chunk] = chunks[chunk].count(where: isStart) }
    var firsts = [0]
    for chunk in 0..<chunks.count { firsts.append(firsts[chunk] + counts[chunk]) }
    let starts = SharedColumn(repeating: Int32(items.count), count: firsts[chunks.count] + 1)
    parallelFor(chunks.count, threads: threads) { [firsts] chunk in
      var next = firsts[chunk]
      for place in chunks[chunk] where isStart(place) {
        starts[next] = Int32(place)
        next += 1
      }
    }
    return starts.values
  }
}
