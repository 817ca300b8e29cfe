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

  fileprivate func bytes(row: Int32, column: Int32) -> [UInt8]? {
    guard unsafe PQgetisnull(result, row, column) == 0 else { return nil }
    let length = Int(unsafe PQgetlength(result, row, column))
    guard let start = unsafe PQgetvalue(result, row, column) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
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

  mutating func optionalBytes() -> [UInt8]? {
    defer { column += 1 }
    return rows.bytes(row: index, column: column)
  }

  mutating func bytes() throws(PostgreSQLError) -> [UInt8] { try required(optionalBytes()) }

  mutating func optionalInteger() throws(PostgreSQLError) -> Int64? {
    guard let bytes = optionalBytes() else { return nil }
    guard [2, 4, 8].contains(bytes.count) else { throw malformed() }
    return bytes.reduce(bytes[0] & 0x80 == 0 ? 0 : -1) { $0 << 8 | Int64($1) }
  }

  mutating func optionalIdentifier<Tag>() throws(PostgreSQLError) -> Identifier<Tag>? {
    guard let bytes = optionalBytes() else { return nil }
    return try required(Identifier(bytes: bytes))
  }

  mutating func optionalTimestamp() throws(PostgreSQLError) -> Timestamp? {
    try optionalInteger().map { Timestamp(microseconds: $0 + BinaryFormat.epochMicroseconds) }
  }

  mutating func optionalText() -> String? { optionalBytes().map { String(decoding: $0, as: UTF8.self) } }

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
