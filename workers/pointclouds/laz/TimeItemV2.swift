/// The GPS time item of LASzip 2.
struct TimeItemV2: RecordItem {
  static let size = 8
  private var sequences: TimeSequences

  init(_ arena: ModelArena) { sequences = TimeSequences(arena, codesUnchanged: true) }

  mutating func begin(_ first: UnsafeRawPointer) { sequences.begin(unsafe first.loadUnaligned(as: Int64.self)) }

  @inline(__always) mutating func code(
    _ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder
  ) {
    let given = unsafe coder.isEncoder ? bytes.loadUnaligned(as: Int64.self) : 0
    unsafe bytes.storeBytes(of: sequences.code(given, with: &coder), as: Int64.self)
  }
}
