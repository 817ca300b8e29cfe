import FoundationEssentials

/// Puts a message together.
struct FieldWriter {
  /// In the place of a length: there is none.
  static let none = UInt32.max

  private(set) var bytes: [UInt8]

  init(_ kind: Unicode.Scalar) { bytes = [UInt8(ascii: kind)] }

  mutating func write(_ number: Int64) { append(UInt64(bitPattern: number)) }

  mutating func write(_ text: String?) { write(field: text?.utf8) }

  mutating func write(_ field: [UInt8]) { write(field: field) }

  mutating func write(json value: (some Encodable)?) throws {
    write(field: try value.map { try Array(JSONEncoder().encode($0)) })
  }

  private mutating func write(field: (some Collection<UInt8>)?) {
    append(field.map { UInt32($0.count) } ?? Self.none)
    if let field { bytes.append(contentsOf: field) }
  }

  private mutating func append(_ number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}

/// Takes apart what a `FieldWriter` has put together.
struct FieldReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func kind() throws(MessageError) -> Unicode.Scalar { Unicode.Scalar(try required(rest.popFirst())) }

  mutating func integer() throws(MessageError) -> Int64 { Int64(bitPattern: try number()) }

  mutating func text() throws(MessageError) -> String? {
    guard let field = try slice() else { return nil }
    return try required(String(validating: field, as: UTF8.self))
  }

  mutating func field() throws(MessageError) -> [UInt8]? { try slice().map(Array.init) }

  mutating func json<Value: Decodable>(_ type: Value.Type) throws -> Value? {
    try slice().map { try JSONDecoder().decode(type, from: Data($0)) }
  }

  func required<Value>(_ value: Value?) throws(MessageError) -> Value {
    guard let value else { throw .unreadable }
    return value
  }

  private mutating func slice() throws(MessageError) -> ArraySlice<UInt8>? {
    let count: UInt32 = try number()
    guard count != FieldWriter.none else { return nil }
    guard count <= rest.count else { throw .unreadable }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }

  private mutating func number<Number: FixedWidthInteger>() throws(MessageError) -> Number {
    let size = Number.bitWidth / 8
    guard rest.count >= size else { throw .unreadable }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size).reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}
