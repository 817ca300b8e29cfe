/// An adaptive model of symbols 0…last, in words of an arena.
///
/// The words are: symbols until the next update, length of the update cycle, sum of the counts; for each symbol where
/// its share of the distribution begins (15 bits) and, in the upper half, its count; a sentinel; and for more than two
/// symbols a table that narrows the search, in halves of words. So a symbol of a large model is one or two lines of cache.
@safe struct AdaptiveSymbols {
  private let words: UnsafeMutablePointer<UInt32>
  private let shape: SymbolShape

  static let lengthShift: UInt32 = 15
  private static let countMax: UInt32 = 1 << 15
  /// Stands behind the last symbol, where its share of the distribution ends or later.
  private static let sentinel: UInt32 = 0xFFFF

  init(_ words: UnsafeMutablePointer<UInt32>, _ shape: SymbolShape) {
    unsafe self.words = words
    self.shape = shape
  }

  /// How many symbols there are.
  var count: Int { shape.count }

  var last: Int { @inline(__always) get { shape.count &- 1 } }

  private var entries: UnsafeMutablePointer<UInt32> { @inline(__always) get { unsafe words + 3 } }
  private var table: UnsafeMutableRawPointer {
    @inline(__always) get { unsafe UnsafeMutableRawPointer(words + 4 + shape.count) }
  }

  /// Counts stay below 2¹⁶: they are halved when they add up to more than `countMax`, within 4,168 symbols.
  private static let oneCount: UInt32 = 1 << 16

  /// Whether the model has been used since its chunk began; zeroed words have not.
  var isFresh: Bool { @inline(__always) get { unsafe words[1] == 0 } }

  /// Sets a model up as it is before its first symbol.
  func reset() {
    for index in 0..<shape.count { unsafe entries[index] = Self.oneCount }
    unsafe words[1] = UInt32(shape.count)
    unsafe words[2] = 0
    unsafe entries[shape.count] = Self.sentinel
    update(isSearched: true)
    unsafe words[1] = UInt32(shape.count + 6) >> 1
    unsafe words[0] = words[1]
  }

  /// Sets the model back to what another one of its shape is.
  func reset(to other: AdaptiveSymbols) { unsafe words.update(from: other.words, count: shape.wordCount) }

  /// Makes the model look unused, without touching all of it.
  func forget() { unsafe words[1] = 0 }

  @inline(__always) func cumulative(_ symbol: Int) -> UInt32 { unsafe entries[symbol] & 0xFFFF }

  /// The symbol whose share of the distribution holds `target`, and where that share begins and ends.
  @inline(__always) func find(_ target: UInt32) -> (symbol: Int, low: UInt32, high: UInt32) {
    // Damaged data ask for more than there is. So no search goes past the sentinel behind the last symbol.
    let target = min(target, 1 << Self.lengthShift - 1)
    var symbol = 0
    if shape.tableBits > 0 { symbol = lastSymbol(Int(target >> shape.tableShift)) }
    var next = cumulative(symbol &+ 1)
    var low = cumulative(symbol)
    while next <= target {
      low = next
      symbol &+= 1
      next = cumulative(symbol &+ 1)
    }
    return (symbol, low, next)
  }

  /// Counts a symbol that was coded.
  /// - Parameter isSearched: whether symbols are looked for by `find`, for which a table is kept.
  @inline(__always) func count(_ symbol: Int, isSearched: Bool) {
    unsafe entries[symbol] &+= Self.oneCount
    unsafe words[0] &-= 1
    if unsafe words[0] == 0 { update(isSearched: isSearched) }
  }

  @inline(never) private func update(isSearched: Bool) {
    let total = unsafe words[2] &+ words[1]
    unsafe words[2] = total
    if total > Self.countMax { halve() }
    if isSearched, shape.tableBits > 0 { spreadWithTable() } else { spread() }
    unsafe words[1] = min((5 &* words[1]) >> 2, UInt32(shape.count &+ 6) << 3)
    unsafe words[0] = words[1]
  }

  private func halve() {
    var total: UInt32 = 0
    for index in 0..<shape.count {
      let count = unsafe (entries[index] >> 16 &+ 1) >> 1
      unsafe entries[index] = count << 16
      total &+= count
    }
    unsafe words[2] = total
  }

  private func spread() {
    let scale = unsafe 0x8000_0000 / words[2]
    var sum: UInt32 = 0
    for index in 0..<shape.count { _ = spread(index, scale, &sum) }
  }

  /// Where the share of a symbol begins, and the sum of the counts up to it.
  @inline(__always) private func spread(_ index: Int, _ scale: UInt32, _ sum: inout UInt32) -> UInt32 {
    let start = (scale &* sum) >> (31 - Self.lengthShift)
    let count = unsafe entries[index] >> 16
    unsafe entries[index] = count << 16 | start
    sum &+= count
    return start
  }

  private func spreadWithTable() {
    let scale = unsafe 0x8000_0000 / words[2]
    var sum: UInt32 = 0
    // First the last symbol that begins within the slot before, then that of all slots before.
    let slots = 1 << shape.tableBits
    for slot in 0...slots { setLastSymbol(slot, 0) }
    for index in 0..<shape.count {
      setLastSymbol(Int(spread(index, scale, &sum) >> shape.tableShift) &+ 1, index)
    }
    var last = 0
    for slot in 0...slots {
      last = max(last, lastSymbol(slot))
      setLastSymbol(slot, last)
    }
  }

  /// The last symbol whose share begins before a slot of the distribution; the first one if there is none.
  @inline(__always) private func lastSymbol(_ slot: Int) -> Int {
    unsafe Int(table.load(fromByteOffset: slot &<< 1, as: UInt16.self))
  }

  @inline(__always) private func setLastSymbol(_ slot: Int, _ symbol: Int) {
    unsafe table.storeBytes(of: UInt16(truncatingIfNeeded: symbol), toByteOffset: slot &<< 1, as: UInt16.self)
  }
}

/// How many symbols a model has, and how fine its search table is.
///
/// The table is this decoder's own affair, not part of the format. A slot per symbol or more leaves the search little to
/// do, and its branches are what costs most: measured 15 % faster than four symbols per slot; still finer gains nothing.
struct SymbolShape {
  let count: Int
  let tableBits: Int
  let tableShift: UInt32

  init(count: Int) {
    self.count = count
    tableBits = count > 2 ? Int.bitWidth - (count - 1).leadingZeroBitCount : 0
    tableShift = AdaptiveSymbols.lengthShift - UInt32(tableBits)
  }

  var wordCount: Int { 4 + count + (tableBits > 0 ? (1 << (tableBits - 1)) + 1 : 0) }
}
