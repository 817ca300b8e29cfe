/// Codes one item of every point of a chunk: a group of fields that are compressed together.
///
/// An item keeps what it needs of the points before; `begin` sets it back from the chunk's first point, which is stored
/// raw.
protocol RecordItem {
  /// Bytes of a record that the item covers.
  static var size: Int { get }
  init(_ arena: ModelArena)
  mutating func begin(_ first: UnsafeRawPointer)
  /// Writes its bytes of the next point, after reading from them what to write if `coder` encodes.
  mutating func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder)
}

/// The item that a point format does not have.
struct NoItem: RecordItem {
  static let size = 0
  init(_ arena: ModelArena) {}
  func begin(_ first: UnsafeRawPointer) {}
  @inline(__always) func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder) {}
}
