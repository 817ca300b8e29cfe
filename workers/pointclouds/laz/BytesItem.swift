/// The extra bytes of a record, each by what it was in the point before. Versions 1 and 2 differ in the coder only.
@safe struct BytesItem {
  private let count: Int
  private let differences: ModelFamily
  private var values: IntegerCoder?
  private let last: UnsafeMutablePointer<UInt8>

  init(_ arena: ModelArena, count: Int, version: Int) {
    self.count = count
    differences = arena.family(version == 2 ? count : 0, of: 256)
    values = version == 1 ? IntegerCoder(arena, bits: 8, contexts: count) : nil
    unsafe last = unsafe arena.values(count, 0)
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    unsafe UnsafeMutableRawPointer(last).copyMemory(from: first, byteCount: count)
  }

  mutating func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder) {
    for index in 0..<count {
      let previous = unsafe last[index]
      let given = unsafe bytes.load(fromByteOffset: index, as: UInt8.self)
      if values != nil {
        let value = values?.code(Int32(given), near: Int32(previous), context: index, with: &coder) ?? 0
        unsafe last[index] = UInt8(truncatingIfNeeded: value)
      } else {
        unsafe last[index] = previous &+ coder.byte(given &- previous, differences[index])
      }
    }
    unsafe bytes.copyMemory(from: last, byteCount: count)
  }
}
