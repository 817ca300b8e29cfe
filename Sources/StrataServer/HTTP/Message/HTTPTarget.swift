/// A path, decoded segment by segment: `/v1/jobs/a%20b` is `["v1", "jobs", "a b"]`.
///
/// No segment is empty, `.` or `..`, or holds a slash or a control character. A slash at the end makes no difference.
public struct HTTPPath: Hashable, Sendable, CustomStringConvertible {
  public let segments: [String]

  public var description: String { "/" + segments.joined(separator: "/") }

  /// - Parameter bytes: a path from its first slash, not decoded.
  package init(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) {
    guard bytes.first == 0x2F else { throw .invalidTarget }
    var segments: [String] = []
    var rest = bytes.dropFirst()
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x2F) ?? rest.endIndex
      segments.append(try Self.segment(rest[..<end]))
      rest = rest[min(end + 1, rest.endIndex)...]
    }
    self.segments = segments
  }

  private static func segment(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) -> String {
    guard let text = PercentCoding.decode(bytes, plusIsSpace: false), !text.isEmpty, text != ".", text != "..",
      !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F })
    else { throw .invalidTarget }
    return text
  }
}

/// The items of a query, decoded: `a=1&b` is `[("a", "1"), ("b", "")]`.
public struct HTTPQuery: Sendable {
  public let items: [(name: String, value: String)]

  /// The first value under `name`.
  public subscript(_ name: String) -> String? { items.first { $0.name == name }?.value }

  static let empty = HTTPQuery(items: [])

  private init(items: [(name: String, value: String)]) { self.items = items }

  /// - Parameter bytes: a query without its question mark, not decoded.
  package init(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) {
    var items: [(name: String, value: String)] = []
    for item in bytes.split(separator: 0x26) {
      let equals = item.firstIndex(of: 0x3D) ?? item.endIndex
      guard let name = PercentCoding.decode(item[..<equals], plusIsSpace: true),
        let value = PercentCoding.decode(item[min(equals + 1, item.endIndex)...], plusIsSpace: true)
      else { throw .invalidTarget }
      items.append((name, value))
    }
    self.items = items
  }
}

enum PercentCoding {
  /// Nil for a broken escape, an escaped NUL, or what is not UTF-8.
  static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> String? {
    guard bytes.contains(where: { $0 == 0x25 || $0 == 0x2B || $0 >= 0x80 }) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    var decoded: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      switch byte {
      case 0x25:
        guard let value = escaped(&rest), value != 0 else { return nil }
        decoded.append(value)
      case 0x2B where plusIsSpace: decoded.append(0x20)
      default: decoded.append(byte)
      }
    }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else { return nil }
    return high << 4 | low
  }
}
