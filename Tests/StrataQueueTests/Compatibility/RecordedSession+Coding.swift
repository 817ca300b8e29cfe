import Foundation

// How a recording is written: JSON that a person can read and compare.

/// Bytes as text where they are such: `=text`, else `#base64`.
private func written(_ bytes: [UInt8]) -> String {
  if let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) {
    return "=" + text
  }
  return "#" + Data(bytes).base64EncodedString()
}

private func read(_ text: String) -> [UInt8]? {
  switch text.first {
  case "=": Array(text.dropFirst().utf8)
  case "#": Data(base64Encoded: String(text.dropFirst())).map { Array($0) }
  default: nil
  }
}

/// Two digits for a byte, two points for one that depends on the moment.
private func written(_ pattern: [UInt8?]) -> String {
  pattern.map { byte in byte.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) } ?? ".." }.joined()
}

private func pattern(_ text: Substring) -> [UInt8?] {
  stride(from: 0, to: text.utf8.count, by: 2).map { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
}

private func unreadable(_ text: String, _ decoder: any Decoder) -> DecodingError {
  .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not of a recording"))
}

extension RecordedSession.Word: Codable {
  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    if let bytes = read(text) {
      self = .fixed(bytes)
    } else {
      // @bigEndian:3.2.1 is the element 1 of the element 2 of the reply to step 3.
      let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
      let numbers = parts.last?.split(separator: ".").compactMap { Int($0) } ?? []
      guard text.first == "@", parts.count == 2, let form = RecordedSession.Form(rawValue: String(parts[0])),
        let step = numbers.first
      else { throw unreadable(text, decoder) }
      self = .told(step: step, path: Array(numbers.dropFirst()), as: form)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .fixed(let bytes): try container.encode(written(bytes))
    case .told(let step, let path, let form):
      try container.encode("@\(form.rawValue):" + ([step] + path).map(String.init).joined(separator: "."))
    }
  }
}

extension RecordedSession.Shape: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .none
    } else if let number = try? container.decode(Int64.self) {
      self = .integer(number)
    } else if let elements = try? container.decode([Self].self) {
      self = .array(elements)
    } else {
      let text = try container.decode(String.self)
      switch text {
      case "?integer": self = .someInteger
      case "?numeral": self = .someNumeral
      case _ where text.hasPrefix("~"): self = .bytesLike(pattern(text.dropFirst()))
      case _ where text.hasPrefix("!"): self = .error(String(text.dropFirst()))
      default:
        guard let bytes = read(text) else { throw unreadable(text, decoder) }
        self = .bytes(bytes)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .none: try container.encodeNil()
    case .integer(let number): try container.encode(number)
    case .bytes(let bytes): try container.encode(written(bytes))
    case .error(let text): try container.encode("!" + text)
    case .array(let elements): try container.encode(elements)
    case .someInteger: try container.encode("?integer")
    case .someNumeral: try container.encode("?numeral")
    case .bytesLike(let pattern): try container.encode("~" + written(pattern))
    }
  }
}
