/// An adaptive model of symbols 0…last, in words of an arena.
///
/// The words are: symbols until the next update, length of the update cycle, sum of the counts, then the cumulative
/// distribution (15 bits), the counts, and for more than two symbols a table that narrows the search.
@safe struct AdaptiveSymbols {
  private let words: UnsafeMutablePointer<UInt32>
  private let shape: SymbolShape

  static let lengthShift: UInt32 = 15
  private static let countMax: UInt32 = 1 << 15

  init(_ words: UnsafeMutablePointer<UInt32>, _ shape: SymbolShape) {
    unsafe self.words = words
    self.shape = shape
  }

  var last: Int { @inline(__always) get { shape.count &- 1 } }

  private var distribution: UnsafeMutablePointer<UInt32> { @inline(__always) get { unsafe words + 3 } }
  private var counts: UnsafeMutablePointer<UInt32> { @inline(__always) get { unsafe words + 3 + shape.count } }
  private var table: UnsafeMutablePointer<UInt32> { @inline(__always) get { unsafe words + 3 + 2 * shape.count } }

  /// Whether the model has been used since its chunk began; zeroed words have not.
  var isFresh: Bool { @inline(__always) get { unsafe words[1] == 0 } }

  func reset() {
    for index in 0..<shape.count { unsafe counts[index] = 1 }
    unsafe words[1] = UInt32(shape.count)
    unsafe words[2] = 0
    update()
    unsafe words[1] = UInt32(shape.count + 6) >> 1
    unsafe words[0] = words[1]
  }

  /// Makes the model look unused, without touching all of it.
  func forget() { unsafe words[1] = 0 }

  @inline(__always) func cumulative(_ symbol: Int) -> UInt32 { unsafe distribution[symbol] }

  /// The symbol whose share of the distribution holds `target`, and where that share begins.
  @inline(__always) func find(_ target: UInt32) -> (symbol: Int, low: UInt32) {
    var low = 0
    var high = shape.count
    if shape.tableBits > 0 {
      let slot = min(Int(target >> shape.tableShift), 1 << shape.tableBits)
      low = unsafe Int(table[slot])
      high = unsafe Int(table[slot &+ 1]) &+ 1
    }
    while high > low &+ 1 {
      let middle = (low &+ high) >> 1
      if unsafe distribution[middle] > target { high = middle } else { low = middle }
    }
    return unsafe (low, distribution[low])
  }

  @inline(__always) func count(_ symbol: Int) {
    unsafe counts[symbol] &+= 1
    unsafe words[0] &-= 1
    if unsafe words[0] == 0 { update() }
  }

  private func update() {
    let total = unsafe words[2] &+ words[1]
    unsafe words[2] = total
    if total > Self.countMax { halve() }
    if shape.tableBits > 0 { spreadWithTable() } else { spread() }
    unsafe words[1] = min((5 &* words[1]) >> 2, UInt32(shape.count &+ 6) << 3)
    unsafe words[0] = words[1]
  }

  private func halve() {
    var total: UInt32 = 0
    for index in 0..<shape.count {
      let count = unsafe (counts[index] &+ 1) >> 1
      unsafe counts[index] = count
      total &+= count
    }
    unsafe words[2] = total
  }

  private func spread() {
    let scale = unsafe 0x8000_0000 / words[2]
    var sum: UInt32 = 0
    for index in 0..<shape.count {
      unsafe distribution[index] = (scale &* sum) >> (31 - Self.lengthShift)
      unsafe sum &+= counts[index]
    }
  }

  /// `table[s]` is the last symbol whose share begins at or before slot `s` of the distribution.
  private func spreadWithTable() {
    let scale = unsafe 0x8000_0000 / words[2]
    var sum: UInt32 = 0
    var slot = 0
    unsafe table[0] = 0
    for index in 0..<shape.count {
      let start = (scale &* sum) >> (31 - Self.lengthShift)
      unsafe distribution[index] = start
      unsafe sum &+= counts[index]
      let wanted = Int(start >> shape.tableShift)
      while slot < wanted {
        slot &+= 1
        unsafe table[slot] = UInt32(truncatingIfNeeded: index &- 1)
      }
    }
    for rest in slot + 1...(1 << shape.tableBits) + 1 { unsafe table[rest] = UInt32(shape.count - 1) }
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

  var wordCount: Int { 3 + 2 * count + (tableBits > 0 ? (1 << tableBits) + 2 : 0) }
}
