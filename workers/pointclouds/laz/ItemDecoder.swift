/// Decodes one item of every point of a chunk: a group of fields that are compressed together.
///
/// An item keeps what it needs of the points before; `begin` sets it back from the chunk's first point, which is stored
/// raw.
protocol ItemDecoder {
  /// Bytes of a record that the item covers.
  static var size: Int { get }
  init(_ arena: ModelArena)
  mutating func begin(_ first: UnsafeRawPointer)
  mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder)
}

/// The item that a point format does not have.
struct NoItem: ItemDecoder {
  static let size = 0
  init(_ arena: ModelArena) {}
  func begin(_ first: UnsafeRawPointer) {}
  @inline(__always) func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {}
}
