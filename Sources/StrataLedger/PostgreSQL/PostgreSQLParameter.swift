package import StrataCore

/// A bound value in PostgreSQL's binary format. Arrays are built directly over bytes: no escaping, no parsing.
package struct PostgreSQLParameter: Sendable {
  /// nil is SQL's NULL.
  let bytes: [UInt8]?

  package static func integer(_ value: Int64?) -> Self { Self(bytes: value.map(BinaryFormat.bytes)) }
  package static func text(_ value: String?) -> Self { Self(bytes: value.map(BinaryFormat.bytes)) }
  package static func boolean(_ value: Bool?) -> Self { Self(bytes: value.map { [$0 ? 1 : 0] }) }
  package static func bytes(_ value: [UInt8]?) -> Self { Self(bytes: value) }
  package static func identifier<Tag>(_ value: Identifier<Tag>?) -> Self { Self(bytes: value?.bytes) }
  package static func timestamp(_ value: Timestamp?) -> Self { Self(bytes: value.map(BinaryFormat.bytes)) }

  /// For `bigint[]`.
  package static func integers(_ values: [Int64?]) -> Self { array(20, values, BinaryFormat.append) }
  /// For `text[]`.
  package static func texts(_ values: [String?]) -> Self { array(25, values, BinaryFormat.append) }
  /// For `json[]`.
  package static func documents(_ values: [String?]) -> Self { array(114, values, BinaryFormat.append) }
  /// For `bytea[]`.
  package static func byteStrings(_ values: [[UInt8]?]) -> Self { array(17, values) { $1 += $0 } }
  /// For `uuid[]`.
  package static func identifiers<Tag>(_ values: [Identifier<Tag>?]) -> Self {
    // What depends on no tag is made without an allocation for each.
    var halves: [(high: UInt64, low: UInt64)?] = []
    halves.reserveCapacity(values.count)
    for value in values { halves.append(value.map { ($0.high, $0.low) }) }
    return array(2950, halves) { id, bytes in
      BinaryFormat.append(id.high, to: &bytes)
      BinaryFormat.append(id.low, to: &bytes)
    }
  }
  /// For `timestamptz[]`.
  package static func timestamps(_ values: [Timestamp?]) -> Self { array(1184, values, BinaryFormat.append) }

  /// One-dimensional array: dimensions, whether there are nulls, the element's type, length, lower bound, elements.
  ///
  /// One of nulls alone is null itself, which costs the server nothing for each row: `unnest` of several arrays fills up the
  /// shorter ones with nulls.
  private static func array<Element>(
    _ type: Int32, _ values: [Element?], _ append: (Element, inout [UInt8]) -> Void
  ) -> Self {
    guard values.isEmpty || values.contains(where: { $0 != nil }) else { return Self(bytes: nil) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20 + values.count * 20)
    let hasNull = values.contains { $0 == nil }
    for header in [1, hasNull ? 1 : 0, type, Int32(values.count), 1] { BinaryFormat.append(header, to: &bytes) }
    for value in values {
      let start = bytes.count
      BinaryFormat.append(Int32(-1), to: &bytes)
      guard let value else { continue }
      append(value, &bytes)
      let length = UInt32(bytes.count - start - 4)
      for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * place)) }
    }
    return Self(bytes: bytes)
  }
}

/// PostgreSQL's binary representations.
enum BinaryFormat {
  /// 2000-01-01T00:00:00Z, from which PostgreSQL counts microseconds.
  static let epochMicroseconds: Int64 = 946_684_800_000_000

  static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// UTF-8, with NUL, which PostgreSQL cannot store, replaced by U+FFFD.
  static func append(_ value: String, to bytes: inout [UInt8]) {
    guard value.utf8.contains(0) else { return bytes.append(contentsOf: value.utf8) }
    for byte in value.utf8 { if byte == 0 { bytes += [0xEF, 0xBF, 0xBD] } else { bytes.append(byte) } }
  }

  static func append(_ value: Timestamp, to bytes: inout [UInt8]) {
    append(value.microseconds - epochMicroseconds, to: &bytes)
  }

  static func bytes(_ value: Int64) -> [UInt8] { made { append(value, to: &$0) } }
  static func bytes(_ value: String) -> [UInt8] { made { append(value, to: &$0) } }
  static func bytes(_ value: Timestamp) -> [UInt8] { made { append(value, to: &$0) } }

  private static func made(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes: [UInt8] = []
    write(&bytes)
    return bytes
  }
}
