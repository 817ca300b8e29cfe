internal import CPostgreSQL
import StrataCore

/// The rows of one answer, in binary format, read column by column from the left.
@safe final class PostgreSQLRows {
  private let result: OpaquePointer

  /// Takes ownership of `result`.
  init(_ result: OpaquePointer) { unsafe self.result = result }
  deinit { unsafe PQclear(result) }

  var count: Int { Int(unsafe PQntuples(result)) }

  /// One value per row.
  ///
  /// - Complexity: O(rows).
  func map<Value>(
    _ read: (inout PostgreSQLRow) throws(PostgreSQLError) -> Value
  ) throws(PostgreSQLError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(count)
    for index in 0..<count {
      var row = PostgreSQLRow(rows: self, index: Int32(index))
      values.append(try read(&row))
    }
    return values
  }

  /// The value of the first row, nil where there is none.
  func first<Value>(
    _ read: (inout PostgreSQLRow) throws(PostgreSQLError) -> Value
  ) throws(PostgreSQLError) -> Value? {
    guard count > 0 else { return nil }
    var row = PostgreSQLRow(rows: self, index: 0)
    return try read(&row)
  }

  /// What `read` makes of a value's bytes, where they are; nil of a null.
  fileprivate func value<Value>(row: Int32, column: Int32, _ read: (UnsafeRawBufferPointer) -> Value) -> Value? {
    guard unsafe PQgetisnull(result, row, column) == 0, let start = unsafe PQgetvalue(result, row, column) else {
      return nil
    }
    let length = Int(unsafe PQgetlength(result, row, column))
    return unsafe read(UnsafeRawBufferPointer(start: start, count: length))
  }
}

/// A row that is read from left to right.
struct PostgreSQLRow {
  fileprivate let rows: PostgreSQLRows
  fileprivate let index: Int32
  private var column: Int32 = 0

  fileprivate init(rows: PostgreSQLRows, index: Int32) {
    self.rows = rows
    self.index = index
  }

  private mutating func next<Value>(_ read: (UnsafeRawBufferPointer) -> Value) -> Value? {
    defer { column += 1 }
    return unsafe rows.value(row: index, column: column, read)
  }

  mutating func optionalBytes() -> [UInt8]? { unsafe next { bytes in unsafe Array(bytes) } }

  mutating func bytes() throws(PostgreSQLError) -> [UInt8] { try required(optionalBytes()) }

  mutating func optionalInteger() throws(PostgreSQLError) -> Int64? {
    let number = unsafe next { bytes -> Int64? in
      switch bytes.count {
      case 2: Int64(Int16(bigEndian: unsafe bytes.loadUnaligned(as: Int16.self)))
      case 4: Int64(Int32(bigEndian: unsafe bytes.loadUnaligned(as: Int32.self)))
      case 8: Int64(bigEndian: unsafe bytes.loadUnaligned(as: Int64.self))
      default: nil
      }
    }
    guard let number else { return nil }
    return try required(number)
  }

  mutating func optionalIdentifier<Tag>() throws(PostgreSQLError) -> Identifier<Tag>? {
    let identifier = unsafe next { bytes -> Identifier<Tag>? in
      guard bytes.count == 16 else { return nil }
      return Identifier(
        high: UInt64(bigEndian: unsafe bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
    guard let identifier else { return nil }
    return try required(identifier)
  }

  mutating func optionalTimestamp() throws(PostgreSQLError) -> Timestamp? {
    try optionalInteger().map { Timestamp(microseconds: $0 + BinaryFormat.epochMicroseconds) }
  }

  mutating func optionalText() -> String? { unsafe next { bytes in unsafe String(decoding: bytes, as: UTF8.self) } }

  mutating func optionalAmount<Unit>() throws(PostgreSQLError) -> MicroAmount<Unit>? {
    try optionalInteger().map { MicroAmount(micros: $0) }
  }

  mutating func integer() throws(PostgreSQLError) -> Int64 { try required(optionalInteger()) }
  mutating func identifier<Tag>() throws(PostgreSQLError) -> Identifier<Tag> { try required(optionalIdentifier()) }
  mutating func timestamp() throws(PostgreSQLError) -> Timestamp { try required(optionalTimestamp()) }
  mutating func text() throws(PostgreSQLError) -> String { try required(optionalText()) }
  mutating func amount<Unit>() throws(PostgreSQLError) -> MicroAmount<Unit> { MicroAmount(micros: try integer()) }

  mutating func boolean() throws(PostgreSQLError) -> Bool {
    let bytes = try bytes()
    guard bytes.count == 1 else { throw malformed() }
    return bytes[0] != 0
  }

  /// A text column that names a case of `Value`, or a string that it accepts.
  mutating func named<Value: RawRepresentable<String>>() throws(PostgreSQLError) -> Value {
    try required(Value(rawValue: text()))
  }

  /// `value`, which the column must hold.
  func required<Value>(_ value: Value?) throws(PostgreSQLError) -> Value {
    guard let value else { throw malformed() }
    return value
  }

  private func malformed() -> PostgreSQLError {
    PostgreSQLError(.malformed, message: "row \(index), column \(column - 1) of an answer cannot be read")
  }
}
