/// Sorting by whole numbers without comparing them: a pass for every few bits, lowest first (least significant digit
/// radix sort; Knuth, The Art of Computer Programming 3, 5.2.5).
public enum RadixSort {
  /// Bits of a pass: 2,048 counters fit the first-level cache, and three passes sort 33 bits.
  static let bitsPerPass = 11
  private static let chunksMax = 64
  private static let chunkLeast = 1 << 14

  /// A key and where it was.
  protocol Item: Sendable {
    init(key: UInt64, index: Int32)
    var key: UInt64 { get }
    var index: Int32 { get }
  }

  private struct WideItem: Item {
    let key: UInt64
    let index: Int32
  }

  /// For keys of up to 32 bits: half of the memory that is moved.
  private struct NarrowItem: Item {
    private let both: UInt64

    @inline(__always) init(key: UInt64, index: Int32) { both = key << 32 | UInt64(UInt32(bitPattern: index)) }

    var key: UInt64 { both >> 32 }
    var index: Int32 { Int32(truncatingIfNeeded: both) }
  }

  /// The indices of `keys` in the order of growing keys. Equal keys keep their order.
  ///
  /// - Parameter bits: how many lower bits of the keys count; the others must be 0.
  /// - Complexity: O(keys × bits / 11), on at most `threads` threads, which do not change the result; 32 bytes for each
  ///   key while it runs.
  public static func order(of keys: [UInt64], bits: Int, threads: Int) -> [Int32] {
    order(count: keys.count, bits: bits, threads: threads) { keys[$0] }
  }

  /// Keys and indices in order.
  @safe struct Items<Element: Item>: @unchecked Sendable {
    fileprivate let base: UnsafeMutablePointer<Element>
    let count: Int

    @inline(__always) subscript(place: Int) -> Element {
      precondition(place >= 0 && place < count)
      return unsafe base[place]
    }

    func indices(_ threads: Int) -> [Int32] { parallelMap(count, threads: threads) { self[$0].index } }
  }

  static func order(
    count: Int, bits: Int, threads: Int, key: @Sendable (Int) -> UInt64
  ) -> [Int32] {
    bits <= 32
      ? withSorted(NarrowItem.self, count: count, bits: bits, threads: threads, key: key) { $0.indices(threads) }
      : withSorted(WideItem.self, count: count, bits: bits, threads: threads, key: key) { $0.indices(threads) }
  }

  /// The order of keys, and where each group of equal ones begins in it.
  static func grouped(_ keys: [UInt64], bits: Int, threads: Int) -> (order: [Int32], starts: [Int32]) {
    bits <= 32
      ? withSorted(NarrowItem.self, count: keys.count, bits: bits, threads: threads, key: { keys[$0] }) {
        ($0.indices(threads), Groups.starts($0, threads: threads))
      }
      : withSorted(WideItem.self, count: keys.count, bits: bits, threads: threads, key: { keys[$0] }) {
        ($0.indices(threads), Groups.starts($0, threads: threads))
      }
  }

  private static func withSorted<Element: Item, Result>(
    _ kind: Element.Type, count: Int, bits: Int, threads: Int, key: @Sendable (Int) -> UInt64,
    _ body: (Items<Element>) -> Result
  ) -> Result {
    precondition(count <= Int(Int32.max))
    let chunks = Chunks(count: count, least: chunkLeast, most: chunksMax)
    let passes = (bits + bitsPerPass - 1) / bitsPerPass
    // Digits of equal width: 22 bits are two passes of 11, 23 bits three of 8.
    let width = passes == 0 ? 0 : (bits + passes - 1) / passes
    var (items, spare) = (
      UnsafeMutablePointer<Element>.allocate(capacity: count),
      UnsafeMutablePointer<Element>.allocate(capacity: count)
    )
    defer {
      unsafe items.deallocate()
      unsafe spare.deallocate()
    }
    nonisolated(unsafe) let first = unsafe items
    parallelFor(chunks.count, threads: threads) { chunk in
      for index in chunks[chunk] {
        unsafe (first + index).initialize(to: Element(key: key(index), index: Int32(truncatingIfNeeded: index)))
      }
    }
    for pass in 0..<passes {
      unsafe scatter(items, to: spare, chunks, shift: UInt64(pass * width), width: width, threads: threads)
      unsafe swap(&items, &spare)
    }
    return unsafe body(Items(base: items, count: count))
  }

  /// One stable pass. Each chunk counts its digits; sums over digits and chunks tell it where its own ones go.
  private static func scatter<Element: Item>(
    _ source: UnsafeMutablePointer<Element>, to target: UnsafeMutablePointer<Element>, _ chunks: Chunks, shift: UInt64,
    width: Int, threads: Int
  ) {
    nonisolated(unsafe) let (source, target) = unsafe (source, target)
    let digits = 1 << width
    let mask = UInt64(digits - 1)
    var places = [Int32](repeating: 0, count: digits * chunks.count)
    unsafe places.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      nonisolated(unsafe) let counters = unsafe base
      parallelFor(chunks.count, threads: threads) { chunk in
        let counts = unsafe counters + chunk * digits
        for index in chunks[chunk] { unsafe counts[Int(source[index].key >> shift & mask)] &+= 1 }
      }
      var sum: Int32 = 0
      for digit in 0..<digits {
        for chunk in 0..<chunks.count {
          let place = unsafe counters + chunk * digits + digit
          unsafe (place.pointee, sum) = (sum, sum &+ place.pointee)
        }
      }
      parallelFor(chunks.count, threads: threads) { chunk in
        let next = unsafe counters + chunk * digits
        for index in chunks[chunk] {
          let item = unsafe source[index]
          let digit = Int(item.key >> shift & mask)
          unsafe (target + Int(next[digit])).initialize(to: item)
          unsafe next[digit] &+= 1
        }
      }
    }
  }
}

/// Even parts of `0..<total`, as many as their least length allows. They depend on nothing but the total, so that what is
/// summed part by part is the same whatever the number of threads.
public struct Chunks: Sendable {
  public let total: Int
  public let count: Int

  public init(count total: Int, least: Int, most: Int = 64) {
    self.total = total
    count = max(1, min(most, total / max(1, least)))
  }

  public subscript(chunk: Int) -> Range<Int> { total * chunk / count..<total * (chunk + 1) / count }
}
