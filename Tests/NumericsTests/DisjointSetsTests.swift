import Numerics
import Testing

@Suite struct DisjointSetsTests {
  @Test(arguments: [1, 4]) func `sets are named by their least members`(threads: Int) {
    let sets = DisjointSets(count: 3_000)
    // Numbers that differ by 7 are joined, from all sides at once.
    parallelFor(2_993, threads: threads) { index in
      let number = index * 1_009 % 2_993
      sets.join(number + 7, number)
    }
    #expect((0..<3_000).allSatisfy { sets.root(of: $0) == $0 % 7 })
  }
}
