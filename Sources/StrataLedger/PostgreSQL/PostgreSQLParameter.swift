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
  package static func integers(_ values: [Int64?]) -> Self { array(20, values, BinaryFormat.bytes) }
  /// For `text[]`.
  package static func texts(_ values: [String?]) -> Self { array(25, values, BinaryFormat.bytes) }
  /// For `json[]`.
  package static func documents(_ values: [String?]) -> Self { array(114, values, BinaryFormat.bytes) }
  /// For `bytea[]`.
  package static func byteStrings(_ values: [[UInt8]?]) -> Self { array(17, values) { $0 } }
  /// For `uuid[]`.
  package static func identifiers<Tag>(_ values: [Identifier<Tag>?]) -> Self { array(2950, values) { $0.bytes } }
  /// For `timestamptz[]`.
  package static func timestamps(_ values: [Timestamp?]) -> Self { array(1184, values, BinaryFormat.bytes) }

  /// One-dimensional array: dimensions, whether there are nulls, the element's type, length, lower bound, elements.
  private static func array<Element>(_ type: Int32, _ values: [Element?], _ encode: (Element) -> [UInt8]) -> Self {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20 + values.count * 20)
    let hasNull = values.contains { $0 == nil }
    for header in [1, hasNull ? 1 : 0, type, Int32(values.count), 1] { bytes += BinaryFormat.bytes(of: header) }
    for value in values {
      guard let element = value.map(encode) else {
        bytes += BinaryFormat.bytes(of: Int32(-1))
        continue
      }
      bytes += BinaryFormat.bytes(of: Int32(element.count))
      bytes += element
    }
    return Self(bytes: bytes)
  }
}

/// PostgreSQL's binary representations.
enum BinaryFormat {
  /// 2000-01-01T00:00:00Z, from which PostgreSQL counts microseconds.
  static let epochMicroseconds: Int64 = 946_684_800_000_000

  static func bytes(of value: some FixedWidthInteger) -> [UInt8] {
    let width = value.bitWidth / 8
    return (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
  }

  static func bytes(_ value: Int64) -> [UInt8] { bytes(of: value) }

  /// UTF-8, with NUL, which PostgreSQL cannot store, replaced by U+FFFD.
  static func bytes(_ value: String) -> [UInt8] {
    let bytes = Array(value.utf8)
    guard bytes.contains(0) else { return bytes }
    return bytes.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] }
  }

  static func bytes(_ value: Timestamp) -> [UInt8] { bytes(of: value.microseconds - epochMicroseconds) }
}
