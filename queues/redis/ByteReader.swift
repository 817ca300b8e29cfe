internal import StrataCore

/// Takes fixed fields off the front of packed bytes; numbers are big-endian.
struct ByteReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) -> Number? {
    bytes(Number.bitWidth / 8)?.reduce(0) { $0 << 8 | Number($1) }
  }

  mutating func identifier<Tag>(_ type: Identifier<Tag>.Type) -> Identifier<Tag>? {
    guard rest.count >= 16, let high = number(UInt64.self), let low = number(UInt64.self) else { return nil }
    return Identifier(high: high, low: low)
  }

  mutating func text(_ count: Int) -> String? { bytes(count).map { String(decoding: $0, as: UTF8.self) } }

  /// Microseconds in 8 bytes. Nil also for what no clock of ours ever said.
  mutating func timestamp() -> Timestamp? {
    guard let microseconds = number(UInt64.self), microseconds < QueueLimits.tokenLimit else { return nil }
    return Timestamp(microseconds: Int64(microseconds))
  }

  mutating func token() -> FencingToken? {
    guard let token = number(UInt64.self), token < QueueLimits.tokenLimit else { return nil }
    return FencingToken(rawValue: token)
  }

  /// Everything that is left.
  mutating func remainder() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// Most significant byte first.
  var bigEndianBytes: [UInt8] {
    stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
  }
}
