/// Header fields in order, with names that compare without regard to case.
///
/// All names and values lie in one array of bytes, so that receiving a head costs two allocations whatever its size.
/// Names are kept in lower case.
public struct HTTPHeaders: Sendable {
  private struct Field {
    var nameStart: Int32
    var nameEnd: Int32
    var valueEnd: Int32
  }

  private(set) var bytes: [UInt8] = []
  private var fields: [Field] = []

  public init() {}

  /// How many fields there are; a name that occurs twice counts twice.
  public var count: Int { fields.count }

  /// The first value under `name`.
  ///
  /// - Complexity: O(n) in the number of fields.
  public subscript(_ name: String) -> String? {
    fields.first { hasName($0, name) }.map { text($0.nameEnd, $0.valueEnd) }
  }

  /// Every value under `name`, in order.
  public func values(of name: String) -> [String] {
    fields.filter { hasName($0, name) }.map { text($0.nameEnd, $0.valueEnd) }
  }

  /// How many fields are named `name`.
  public func occurrences(of name: String) -> Int { fields.count { hasName($0, name) } }

  /// Every field in order: a lower-case name and its value.
  public var all: [(name: String, value: String)] {
    fields.map { (text($0.nameStart, $0.nameEnd), text($0.nameEnd, $0.valueEnd)) }
  }

  /// Adds a field at the end. A byte that no header may hold, such as a line break, becomes a space.
  public mutating func append(_ name: String, _ value: String) {
    beginField()
    extendName(name.utf8)
    extendValue(value.utf8)
    for index in Int(fields[fields.count - 1].nameEnd)..<bytes.count where !bytes[index].isAllowedInValue {
      bytes[index] = 0x20
    }
  }

  /// Makes `value` the only one under `name`.
  public mutating func set(_ name: String, _ value: String) {
    let fields = self.fields.filter { !hasName($0, name) }
    self.fields = fields
    append(name, value)
  }

  // MARK: Piece by piece, as a parser finds them

  mutating func beginField() {
    let end = Int32(bytes.count)
    fields.append(Field(nameStart: end, nameEnd: end, valueEnd: end))
  }

  mutating func extendName(_ part: some Sequence<UInt8>) {
    let start = bytes.count
    bytes.append(contentsOf: part)
    for index in start..<bytes.count { bytes[index] = bytes[index].asciiLowercased }
    fields[fields.count - 1].nameEnd = Int32(bytes.count)
    fields[fields.count - 1].valueEnd = Int32(bytes.count)
  }

  mutating func extendValue(_ part: some Sequence<UInt8>) {
    bytes.append(contentsOf: part)
    fields[fields.count - 1].valueEnd = Int32(bytes.count)
  }

  /// Appends `name: value` lines as they go on the wire.
  func write(to output: inout [UInt8]) {
    for field in fields {
      output.append(contentsOf: bytes[Int(field.nameStart)..<Int(field.nameEnd)])
      output.append(0x3A)
      output.append(0x20)
      output.append(contentsOf: bytes[Int(field.nameEnd)..<Int(field.valueEnd)])
      output.append(0x0D)
      output.append(0x0A)
    }
  }

  private func hasName(_ field: Field, _ name: String) -> Bool {
    let name = name.utf8
    guard Int(field.nameEnd - field.nameStart) == name.count else { return false }
    var index = Int(field.nameStart)
    for byte in name {
      guard bytes[index] == byte.asciiLowercased else { return false }
      index += 1
    }
    return true
  }

  private func text(_ start: Int32, _ end: Int32) -> String {
    String(decoding: bytes[Int(start)..<Int(end)], as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var isAllowedInValue: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }

  var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

  /// The value of a hexadecimal digit.
  var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
