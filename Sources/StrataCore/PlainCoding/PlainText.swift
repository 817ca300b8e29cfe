/// Puts JSON together from pieces that are known and values that are not.
struct PlainWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// As it is.
  mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// As a JSON string (RFC 8259, 7).
  mutating func write(string: String) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        write(#"\u00"#)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// Takes apart what a `PlainWriter` has put together. It knows no other way to write the same, so that what it takes for
/// something can be nothing else.
struct PlainReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  /// - Returns: whether it was there; then it is passed.
  mutating func skip(_ piece: String) -> Bool {
    guard bytes[place...].starts(with: piece.utf8) else { return false }
    place += piece.utf8.count
    return true
  }

  /// A JSON string.
  mutating func string() -> String? {
    guard skip("\"") else { return nil }
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = escaped() else { return nil }
        text.append(escaped)
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// What follows a backslash.
  private mutating func escaped() -> UInt8? {
    if skip("\"") { return UInt8(ascii: "\"") }
    if skip("\\") { return UInt8(ascii: "\\") }
    guard skip("u00"), bytes.count >= place + 2, let high = digit(bytes[place]), high < 2,
      let low = digit(bytes[place + 1])
    else { return nil }
    place += 2
    return high << 4 | low
  }

  private func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// A whole number without an exponent, a fraction or a needless zero.
  mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    let digits = bytes[place...].prefix {
      $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    guard let number = Number(String(decoding: digits, as: UTF8.self)), digits.elementsEqual("\(number)".utf8) else {
      return nil
    }
    place += digits.count
    return number
  }
}
