import Numerics
import StrataCore
import Testing

@Suite struct SortingTests {
  @Test(arguments: [0, 1, 2, 1_000, 70_000], [1, 11, 22, 40, 64])
  func `a radix sort is a stable sort`(count: Int, bits: Int) {
    var random = SeededGenerator(seed: UInt64(count + bits))
    let keys = (0..<count).map { _ in random.next() >> UInt64(64 - bits) }
    let expected = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map(Int32.init)
    #expect(RadixSort.order(of: keys, bits: bits, threads: 1) == expected)
    #expect(RadixSort.order(of: keys, bits: bits, threads: 3) == expected)
  }

  @Test func `chunks cover everything once`() {
    for (total, least) in [(0, 5), (1, 5), (1_000, 7), (1 << 20, 1)] {
      let chunks = Chunks(count: total, least: least, most: 64)
      #expect((0..<chunks.count).flatMap { Array(chunks[$0]) } == Array(0..<total))
    }
  }

  @Test func `Morton codes mix the bits of the axes`() {
    #expect(MortonCode.encode(1, 0, 0) == 1)
    #expect(MortonCode.encode(0, 1, 0) == 2)
    #expect(MortonCode.encode(3, 0, 1) == 0b1101)
    #expect(MortonCode.encode(0x1F_FFFF, 0x1F_FFFF, 0x1F_FFFF) == UInt64.max >> 1)
    var random = SeededGenerator(seed: 1)
    for _ in 0..<1_000 {
      let cell = (0..<3).map { _ in UInt32.random(in: 0...0x1F_FFFF, using: &random) }
      let decoded = MortonCode.decode(MortonCode.encode(cell[0], cell[1], cell[2]))
      #expect([decoded.x, decoded.y, decoded.z] == cell)
    }
  }

  @Test(arguments: TestCloud.allCases) func `Morton's order holds every point once`(cloud: TestCloud) throws {
    let points = try Coordinates(cloud.points(seed: 3))
    let order = MortonCode.order(of: points, threads: 2)
    #expect(order.sorted() == (0..<Int32(points.count)).map { $0 })
    if cloud == .allEqual { #expect(order == order.sorted()) }
  }
}
